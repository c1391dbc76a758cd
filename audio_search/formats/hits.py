"""A hit: which part of which file matched which part of the query."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audio_search.audio import sources
from audio_search.roots import Roots


@dataclass(frozen=True)
class Hit:
    """Times are in seconds of the whole file, also where the clip is a part of it; None where the
    clip came without them. `file` is the clip's uri without its part, or its id where it has none.
    """

    file: str
    beg_s: float | None
    end_s: float | None
    distance: float
    label: str
    query_file: str
    query_beg_s: float | None
    query_end_s: float | None
    recorded_at: str = ''  # when the part was recorded, ISO 8601; empty where that is not known

    @property
    def span(self) -> tuple[float, float]:
        """Begin and end for a format that has to have both: a point at the beginning where neither
        is known."""
        beg_s = self.beg_s or 0.0
        return beg_s, max(beg_s, self.end_s or 0.0)


def hits_of(queries: Iterable[Mapping[str, Any]]) -> list[Hit]:
    """The hits of `data` of the answer of /search, in its order. A query with an error has none."""
    return [_hit(query, match) for query in queries for match in query.get('matches') or ()]


def _hit(query: Mapping[str, Any], match: Mapping[str, Any]) -> Hit:
    label = (match.get('tags') or {}).get('label')
    return Hit(
        file=file_of(match),
        beg_s=_seconds(match.get('beg_in_ms')),
        end_s=_seconds(match.get('end_in_ms')),
        distance=max(0.0, float(match['scores']['cosine'])),  # no -0.0 by rounding
        label='' if label is None else str(label),
        query_file=file_of(query),
        query_beg_s=_seconds(match.get('query_beg_in_ms')),
        query_end_s=_seconds(match.get('query_end_in_ms')),
        recorded_at=match.get('recorded_at') or '',
    )


def file_of(clip: Mapping[str, Any]) -> str:
    """What the file of an answered clip is called: its uri without its part, or its id; of a query
    without a file its words. (A match has a list of the words that are heard in its clip.)"""
    words = clip.get('words')
    if words and isinstance(words, str):
        return words
    uri = str(clip.get('uri') or clip.get('id') or '')
    if uri.startswith('data:'):  # a sound that came in the request; its text is no name
        return str(clip.get('id') or 'data:')
    try:
        return sources.split_fragment(uri)[0]
    except sources.MediaError:
        return uri


def _seconds(ms: float | None) -> float | None:
    return None if ms is None else ms / 1000


def resolved(files: Iterable[str], roots: Roots) -> dict[str, Path]:
    """Where the files are that may be read below `roots`; those that are gone are left out."""
    found = {}
    for file in dict.fromkeys(files):
        try:
            found[file] = sources.resolve(file, roots).path
        except sources.MediaError:
            continue
    return found


def seen_from(base: str, path: Path) -> str:
    """The path of a file as it is written in a list that lies in the folder `base`: relative to it,
    or absolute where `base` is /."""
    relative = Path(os.path.relpath(path, base)).as_posix()
    return f'/{relative}' if base == '/' else relative


def one_line(text: str) -> str:
    """Text for a format that ends a field with a tab and an entry with the line."""
    return ' '.join(text.split())
