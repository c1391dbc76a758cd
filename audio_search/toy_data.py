"""The toy clips that come with the project, to try the service out."""

from pathlib import Path

from audio_search.audio.sources import relative_uri
from audio_search.roots import Roots

FOLDER = 'toy-data'


def uris(roots: Roots) -> list[str]:
    """The uris under which the toy clips below `roots`, the folders audio may be read from, are
    stored; sorted. Of several folders with a clip of one name, the first counts."""
    paths = (path for root in roots for path in (root / FOLDER).glob('*_*.mp3'))
    found = {relative_uri(path.resolve(), roots) for path in paths}
    return sorted(uri for uri in found if not uri.startswith('/'))


def tags(uri: str) -> dict[str, str]:
    """The tags of toy-data/<id>_<label>.mp3."""
    return {'label': Path(uri).stem.partition('_')[2]}
