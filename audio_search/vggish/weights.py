"""Which weights there are, and which of them to use. Needs no TensorFlow."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from audio_search.files import sha256

OFFICIAL_URL = 'https://storage.googleapis.com/audioset/'


class WeightsError(ValueError):
    """Weights that cannot be used; the message says which file, why, and what to do."""


@dataclass(frozen=True)
class File:
    """A published file, with what identifies it."""

    url: str
    size: int
    sha256: str


CHECKPOINT = 'vggish_model.ckpt'
PCA = 'vggish_pca_params.npz'
COMPACT = 'vggish_compact.npz'

OFFICIAL: Mapping[str, File] = MappingProxyType(
    {
        CHECKPOINT: File(
            url=OFFICIAL_URL + CHECKPOINT,
            size=291_108_469,
            sha256='0962b1914e3e053922d957c45bc84a78c985765641dc6bceeeb3a7d8dfecfdf6',
        ),
        PCA: File(
            url=OFFICIAL_URL + PCA,
            size=73_020,
            sha256='4d878af3e306defbfb37095365aa7e5a6cecb86bad13e859e626151c4e6a8b9d',
        ),
    }
)
COMPACT_SIZE = 7_833_349
COMPACT_SHA256 = '8565eac6467148e5be8be6b33f128ac7c65878d809757475e1d13b1d57259f88'


@dataclass(frozen=True)
class Weights:
    """Files of weights, found and verified.

    `name` is official, compact, or the stem of a user's own file. `pca_path` is None if `path`
    holds the PCA as well. `sha256` is that of `path`.
    """

    name: str
    path: Path
    pca_path: Path | None
    sha256: str


def find(models: Path, choice: str = 'auto') -> Weights:
    """The weights to use: `auto` (official if both files are in `models`, else compact),
    `official`, `compact`, or the path of an .npz in the compact form or of a V1 checkpoint.

    Raises WeightsError for files that are missing or are not those that were published. The content
    of a user's own file is checked when it is read (`checkpoint.read`).
    """
    if choice == 'auto':
        present = all((models / name).exists() for name in OFFICIAL)
        choice = 'official' if present else 'compact'
    if choice == 'official':
        digests = {name: _verify(models / name, file) for name, file in OFFICIAL.items()}
        return Weights(choice, models / CHECKPOINT, models / PCA, digests[CHECKPOINT])
    if choice == 'compact':
        path = models / COMPACT
        return Weights(choice, path, None, _verify_compact(path))
    return _own(Path(choice), choice)


def _verify(path: Path, file: File) -> str:
    advice = 'run `python scripts/download_model.py`, or use the weights `compact`'
    if not path.is_file():
        raise WeightsError(f'The official VGGish file {path} is missing; {advice}')
    size = path.stat().st_size
    if size != file.size:
        raise WeightsError(
            f'{path} is not the official VGGish file: it has {size:,} bytes instead of '
            f'{file.size:,}; delete it and {advice}'
        )
    digest = sha256(path)
    if digest != file.sha256:
        raise WeightsError(
            f'{path} is not the official VGGish file: its SHA-256 begins {digest[:8]} instead of '
            f'{file.sha256[:8]}; delete it and {advice}'
        )
    return digest


def _verify_compact(path: Path) -> str:
    if not path.is_file():
        raise WeightsError(
            f'The compact weights {path} are missing; restore the file from the repository, or '
            'set AUDIO_SEARCH_MODELS to the folder that holds it'
        )
    digest = sha256(path) if path.stat().st_size == COMPACT_SIZE else None
    if digest != COMPACT_SHA256:
        raise WeightsError(
            f'{path} is damaged or another file; restore it from the repository, or give the path '
            'of weights of your own in AUDIO_SEARCH_WEIGHTS'
        )
    return digest


def _own(path: Path, choice: str) -> Weights:
    if not path.is_file():
        raise WeightsError(
            f'The weights {choice!r} are neither auto, official, compact nor an existing file; '
            'set AUDIO_SEARCH_WEIGHTS to one of these'
        )
    if path.suffix == '.npz':
        return Weights(path.stem, path, None, sha256(path))
    pca_path = path.with_name(PCA)
    if not pca_path.is_file():
        raise WeightsError(
            f'The checkpoint {path} has no PCA parameters beside it; put {PCA} into {path.parent}'
        )
    return Weights(path.stem, path, pca_path, sha256(path))
