"""The formats by their names, and a file of each."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from audio_search.audio.decoding import AudioError
from audio_search.audio.headers import read_header
from audio_search.formats.audacity import archive, label_tracks
from audio_search.formats.hits import Hit, hits_of, resolved, seen_from
from audio_search.formats.playlist import playlist
from audio_search.formats.raven import selection_table
from audio_search.formats.table import csv_text
from audio_search.roots import Roots

Format = Literal['csv', 'audacity', 'raven', 'm3u']
ZIP = 'application/zip'


@dataclass(frozen=True)
class Rendered:
    """A file with hits: what is in it, what HTTP calls that, and how to name it."""

    content: bytes
    media_type: str
    name: str


@dataclass(frozen=True)
class Kind:
    """A format: what a person calls it, and the media types that a client may ask for it by, the
    first of which it is answered with."""

    title: str
    media_types: tuple[str, ...]
    suffix: str


FORMATS: Mapping[Format, Kind] = {
    'csv': Kind('CSV', ('text/csv',), '.csv'),
    'm3u': Kind(
        'Playlist',
        ('application/vnd.apple.mpegurl', 'application/x-mpegurl', 'audio/mpegurl',
         'audio/x-mpegurl'),
        '.m3u8',
    ),
    'raven': Kind('Raven', ('text/tab-separated-values',), '.selections.txt'),
    'audacity': Kind('Audacity', ('text/plain', ZIP), '.txt'),
}  # fmt: skip


def render(
    name: Format, queries: Iterable[Mapping[str, Any]], roots: Roots, base: str = ''
) -> Rendered:
    """The hits of `queries`, which is `data` of the answer of /search, as a file named hits.

    Paths of files are as in their uris, relative to one of `roots`. With `base` they are relative
    to that folder, or absolute where it is /. The label tracks of several recordings are a zip.
    Files are opened for their lengths for Raven alone.
    """
    hits = hits_of(queries)
    paths = resolved((hit.file for hit in hits), roots) if base or name == 'raven' else {}
    names = {file: seen_from(base, path) for file, path in paths.items()} if base else {}
    hits = [replace(hit, file=names.get(hit.file, hit.file)) for hit in hits]
    if name == 'raven':
        lengths = {names.get(file, file): path for file, path in paths.items()}
        return _file(name, selection_table(hits, durations(lengths)))
    if name == 'audacity':
        tracks = label_tracks(hits)
        if len(tracks) > 1:
            return Rendered(archive(tracks), ZIP, 'hits.zip')
        return _file(name, ''.join(tracks.values()))
    writers: dict[str, Callable[[Sequence[Hit]], str]] = {'csv': csv_text, 'm3u': playlist}
    return _file(name, writers[name](hits))


def _file(name: Format, text: str) -> Rendered:
    kind = FORMATS[name]
    media_type = f'{kind.media_types[0]}; charset=utf-8'
    return Rendered(text.encode('utf-8', 'replace'), media_type, f'hits{kind.suffix}')


def durations(paths: Mapping[str, Path]) -> dict[str, float]:
    """The length of each file, in seconds; those that say none are left out."""
    found = {}
    for file, path in paths.items():
        try:
            found[file] = read_header(path).duration_s
        except AudioError:  # replaced since by something that is no sound
            continue
    return found
