"""The names of sounds that there are vectors for: AudioSet's, fitted to one set of weights."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from audio_search.errors import Kind
from audio_search.files import sha256
from audio_search.vggish.parameters import EMBEDDING_SIZE

FILE = 'vggish_compact_words.npz'
SIZE = 150_905
SHA256 = 'df5c2b2a22ee62ad54e2a98295e2993778b7c010bd7a0b28ba0b839886057369'


class WordsError(ValueError):
    """Words that nothing can be searched by; the message says why, and what to do."""

    kind = Kind.UNUSABLE


class NoVocabulary(WordsError):
    """There are no words at all: the file is gone, or belongs to other weights."""

    kind = Kind.MISSING


@dataclass(frozen=True)
class Vocabulary:
    """Names of sounds, and for each a direction among the vectors of examples.

    `directions` is float32 [names, 128], each row of length 1: the cosine of a row with the vector
    of an example, centred and in 8 bits, is the higher the more of that sound is in it. `support`
    is int [names]: in how many recordings of those it was fitted to the sound was heard. Of a name
    with 0 no figure says how well it finds. `weights`, float32 [names, 128], and `bias` [names]
    give the logits of the names in an example; `prior` [names] is how probable they are in any.
    """

    names: tuple[str, ...]
    directions: np.ndarray
    support: np.ndarray
    weights: np.ndarray
    bias: np.ndarray
    prior: np.ndarray

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray]) -> 'Vocabulary':
        """From the arrays of models/README.md. Raises KeyError, and ValueError for other shapes."""
        names = tuple(str(name) for name in arrays['words'])
        directions = arrays['queries'].astype(np.float32) * arrays['queries_scale'][:, None]
        if directions.shape != (len(names), EMBEDDING_SIZE):
            raise ValueError(f'queries has the shape {list(directions.shape)}')
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        return cls(
            names,
            directions,
            support=arrays['support'].astype(int),
            weights=arrays['weights'].astype(np.float32) * arrays['weights_scale'][:, None],
            bias=arrays['bias'].astype(np.float32),
            prior=arrays['prior'].astype(np.float64),
        )


def load(models: Path, model_sha256: str) -> Vocabulary:
    """The vocabulary in the folder `models`, for vectors of the weights with that SHA-256.

    Raises NoVocabulary where it is missing, damaged, or belongs to other weights: with those its
    directions mean nothing.
    """
    path = models / FILE
    advice = 'restore it from the repository, or search with a sound'
    try:
        is_whole = path.stat().st_size == SIZE and sha256(path) == SHA256
        if not is_whole:
            raise NoVocabulary(f'{path} is damaged or another file; {advice}')
        with np.load(path, allow_pickle=False) as arrays:
            fitted_to = json.loads(str(arrays['provenance']))['model_sha256']
            if fitted_to != model_sha256:
                raise NoVocabulary(
                    'words belong to the compact weights '
                    f'({fitted_to[:8]}), and the vectors of this index are of others '
                    f'({model_sha256[:8]}); search with a sound, or index anew with '
                    'AUDIO_SEARCH_WEIGHTS=compact'
                )
            return Vocabulary.of(arrays)
    except FileNotFoundError:
        raise NoVocabulary(f'the words {path} are missing; {advice}') from None
    except (OSError, BadZipFile, KeyError) as error:
        reason = getattr(error, 'strerror', None) or error
        raise NoVocabulary(f'{path} cannot be read ({reason}); {advice}') from None
