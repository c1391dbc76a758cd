"""Where in stored recordings a sound occurs."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from audio_search.audio.sources import shorten
from audio_search.documents import AudioClip, Rows
from audio_search.errors import Kind
from audio_search.events import (
    CutKind,
    Examples,
    Profile,
    QueryError,
    cut_for,
    find,
    is_usual,
    of_windows,
    profile,
    rarities,
)
from audio_search.store import Clip, ClipRef, ClipStore, Configuration
from audio_search.store.records import LOCATION_COLUMNS, UNKNOWN
from executors.clip_records import embeddings_of, recording_of
from executors.match_args import parse_limit

FALSE_ALARMS_PER_HOUR = 1.0
MIN_GAP_S = 1.0
USUAL = (
    'half of the recording or more sounds like the query, so that few events or none '
    'stand out of it; choose a part of the query that is unlike the rest, or give a max_distance'
)
MAX_EVENTS = 10_000
MAX_RECORDINGS = 10_000
TIMES = [LOCATION_COLUMNS.index(name) for name in ('beg_in_ms', 'end_in_ms')]


class NoRecording(ValueError):
    """No recording is stored that could be searched, or none whose windows have their times."""

    kind = Kind.MISSING


def fill_events(store: ClipStore, query: AudioClip, parameters: Mapping[str, Any]) -> None:
    """Give a query the `events` in the recordings of `parameters['within']`, nearest first.

    `within` is the id or uri of a stored clip (`within_uri`: its uri, where it is spelled
    otherwise), or a filter for several. They are searched as one recording as long as all of them:
    cut and rarity are of all their places. Further parameters: `max_distance`, or else
    `false_alarms_per_hour`; `min_gap_s`; `limit`.

    Raises NoRecording, QueryError, FilterError, and what the store does.
    """
    made = store.configuration
    sound, query_s = _query(query, made)
    recordings: list[tuple[ClipRef, Profile]] = []
    described: dict[str, dict[str, Any]] = {}
    for clip in _recordings(store, parameters):
        times = clip.locations[:, TIMES]
        is_known = (times != UNKNOWN).all(axis=1)
        if not is_known.any():
            continue
        examples = _examples(clip.embeddings[is_known], times[is_known], made)
        near = profile(sound, examples, query_s, made.window_s)
        recordings.append((ClipRef(clip.id, clip.uri), near))
        described[clip.id] = recording_of(clip)
    if not recordings:
        raise NoRecording(
            'what within names has no window whose times are known, so nothing can be placed in '
            'it; index its file'
        )
    everywhere = np.concatenate([near.distance for _, near in recordings])
    kind = _kind(query, recordings[0][1])
    hours = sum(near.hours for _, near in recordings)
    cut = parameters.get('max_distance')
    if cut is None:
        wanted = parameters.get('false_alarms_per_hour') or FALSE_ALARMS_PER_HOUR
        cut = cut_for(everywhere, hours, wanted, kind)
    gap_s = parameters.get('min_gap_s')
    found = [
        (event, clip)
        for clip, near in recordings
        for event in find(near, cut, MIN_GAP_S if gap_s is None else gap_s)
    ]
    found.sort(key=lambda pair: pair[0].distance)
    limit = parameters.get('limit')
    found = found[: MAX_EVENTS if limit is None else parse_limit(limit)]
    rarity = rarities(np.array([event.distance for event, _ in found]), everywhere)
    query.events = Rows(
        {
            'id': clip.id,
            'uri': clip.uri,
            **{name: round(value, 4) for name, value in asdict(event).items()},
            'rarity': int(one_in),
        }
        for (event, clip), one_in in zip(found, rarity, strict=True)
    )
    found_in = dict.fromkeys(event['id'] for event in query.events) or list(described)[:1]
    query.recordings = Rows(described[id_] for id_ in found_in)
    query.compared = compared(made, 'example')
    query.max_distance = round(float(cut), 4)
    if is_usual(everywhere, kind):
        query.note = USUAL


def _kind(query: AudioClip, near: Profile) -> CutKind:
    if query.examples is not None:
        return 'fitted'
    return near.kind if query.words is None else 'words'


def compared(made: Configuration, wanted: str) -> str:
    """What can be compared of what was wanted, example or window: of means only windows."""
    return 'window' if made.pooling == 'mean' else wanted


def _query(query: AudioClip, made: Configuration) -> tuple[Examples, float]:
    """What of a query is compared, and how many seconds it lasts."""
    times = [(chunk.beg_in_ms, chunk.end_in_ms) for chunk in query.chunks]
    if len(times) == 1 and None in times[0]:
        times = [(0, round(1000 * made.window_s))]
    if any(None in pair for pair in times):
        raise QueryError(
            'the windows of the query came without their times; send beg_in_ms and end_in_ms, or '
            'the sound itself'
        )
    known = np.array(times, np.int64)
    query_s = float(known[:, 1].max() - known[:, 0].min()) / 1000
    return _examples(embeddings_of(query, made.dimensions), known, made), query_s


def _examples(embeddings: np.ndarray, times_in_ms: np.ndarray, made: Configuration) -> Examples:
    begin_s, end_s = (times_in_ms / 1000).T
    return of_windows(embeddings, begin_s, end_s, made.pooling, made.window_s)


def _recordings(store: ClipStore, parameters: Mapping[str, Any]) -> Iterator[Clip]:
    """The stored clips that are searched, one at a time."""
    within = parameters['within']
    is_name = isinstance(within, str)
    ids = _named(store, within, parameters) if is_name else _fitting(store, within)
    for id_ in ids:
        if clip := store.clip(id_):  # else it was deleted meanwhile
            yield clip


def _named(store: ClipStore, name: str, parameters: Mapping[str, Any]) -> list[str]:
    entry = store.find(name, parameters.get('within_uri') or name)
    if entry is None:
        raise NoRecording(
            f'{shorten(name)} is not indexed, so nothing can be found inside it; index it first, '
            'or see /clips for what there is'
        )
    return [entry.id]


def _fitting(store: ClipStore, filter: Mapping[str, Any]) -> list[str]:
    entries, total = store.page(0, MAX_RECORDINGS, filter=dict(filter) or None)
    if not total:
        raise NoRecording(
            'the filter in within fits no clip, so nothing can be found; see /clips for the tags '
            'there are'
        )
    if total > MAX_RECORDINGS:
        raise NoRecording(
            f'the filter in within fits {total:,} clips, and at most {MAX_RECORDINGS:,} can be '
            'searched inside at once; narrow it'
        )
    return [entry.id for entry in entries]
