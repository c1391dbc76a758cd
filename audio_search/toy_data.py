"""The toy clips that come with the project, to try the service out."""

from collections.abc import Iterable
from pathlib import Path

FOLDER = 'toy-data'


def uris(roots: Iterable[Path]) -> list[str]:
    """The uris of the toy clips below `roots`, the folders audio may be read from; sorted."""
    found = {f'{FOLDER}/{path.name}' for root in roots for path in (root / FOLDER).glob('*_*.mp3')}
    return sorted(found)


def tags(uri: str) -> dict[str, str]:
    """The tags of toy-data/<id>_<label>.mp3."""
    return {'label': Path(uri).stem.partition('_')[2]}
