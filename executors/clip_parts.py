"""Stored clips that are searched with, and parts of them."""

import numpy as np

from audio_search.audio import sources
from audio_search.store import Clip, ClipStore
from audio_search.store.records import LOCATION_COLUMNS, UNKNOWN
from executors.clip_changes import MissingClip
from executors.clip_records import EVERY

MAX_QUERY_HOURS = 1.0
TIMES = [LOCATION_COLUMNS.index(name) for name in ('beg_in_ms', 'end_in_ms')]


def stored_part(store: ClipStore, name: str) -> tuple[Clip, slice]:
    """The stored clip with that id, and all of its chunks; or, of a part of one, as in ID#t=4,8 (in
    seconds of its file), those that overlap with it.

    Raises MissingClip, ValueError for a part without chunks or for too long a query, and
    StorageError.
    """
    if (entry := store.find(name)) is not None:
        _check_length(entry.uri or entry.id, entry.chunk_count, store.configuration.stride_s)
    if (clip := store.clip(name)) is not None:
        return clip, EVERY
    id_, beg_s, end_s = sources.split_fragment(name)
    clip = store.clip(id_) if id_ != name else None
    if clip is None:
        raise MissingClip(id_)
    begins, ends = clip.locations[:, TIMES].T
    overlap = (begins != UNKNOWN) & (ends > 1000 * beg_s)
    if end_s is not None:
        overlap &= begins < 1000 * end_s
    rows = np.flatnonzero(overlap)
    if not len(rows):
        raise ValueError(
            f'{sources.shorten(name)} names no part of the clip, whose windows end at '
            f'{ends.max() / 1000:g} s; write #t=BEGIN,END in seconds of its file'
        )
    _check_length(name, len(rows), store.configuration.stride_s)
    return clip, slice(int(rows[0]), int(rows[-1]) + 1)


def _check_length(name: str, chunk_count: int, stride_s: float) -> None:
    """Raise ValueError for a stored recording of hours: each window of a query is a search."""
    hours = chunk_count * stride_s / 3600
    if hours > MAX_QUERY_HOURS:
        raise ValueError(
            f'{name} lasts {hours:.1f} hours, and a query one at most; search with a part of it, '
            'as in rec.wav#t=600,604'
        )
