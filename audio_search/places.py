"""Several places of one clip in the answer of a search, and few of what is alike.

A place is a window of a stored clip, with the window of the query that it is nearest to.
"""

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from audio_search.audio.sources import FRAGMENT
from audio_search.store.filters import LIST, MAX_INTEGER, NULL, OBJECT, kind_of
from audio_search.store.interface import ClipStore
from audio_search.store.records import Clip, ClipRef, Neighbour, neighbour_of
from audio_search.store.vectors.nearest import exact_cosines

FOLDER = 'folder'
RECORDING = 'recording'
CLIP = 'clip'
COUNTED_CLIPS = 1000  # the nearest ones, of which `more_from_same` tells
MAX_CLIPS = 10_000  # looked at for folders and recordings, by which no store can select

Group = tuple[str, Any]  # the kind of its value, and the value


@dataclass(frozen=True)
class Place:
    """A window of a stored clip, and the number of the query's window that it is nearest to."""

    neighbour: Neighbour
    query: int


@dataclass(frozen=True)
class Spread:
    """How the matches of a search are spread over clips.

    At most `per_clip` places of one clip, which begin at least `min_gap_s` apart, of the `limit`
    nearest clips. With `group_by`, at most `per_clip` of all clips that have one value of that tag,
    or are in one folder, or were cut from one recording, of the `limit` nearest such groups; a clip
    without the tag is a group of its own.
    """

    limit: int
    per_clip: int
    min_gap_s: float
    group_by: str | None

    @classmethod
    def parse(cls, parameters: Mapping[str, Any], limit: int, window_s: float) -> 'Spread | None':
        """None for a search that asks for one place of each clip. Raises ValueError.

        Without `min_gap_s` places do not overlap.
        """
        per_clip, group_by = parameters.get('per_clip'), parameters.get('group_by')
        min_gap_s = parameters.get('min_gap_s')
        if per_clip is not None and (not _is_number(per_clip) or per_clip < 1 or per_clip % 1):
            raise ValueError(f'per_clip is {per_clip!r}; set it to a whole number from 1 on')
        if min_gap_s is not None and (not _is_number(min_gap_s) or min_gap_s < 0):
            raise ValueError(f'min_gap_s is {min_gap_s!r}; set it to seconds, from 0 on')
        if group_by is not None and not (isinstance(group_by, str) and group_by):
            raise ValueError(
                f'group_by is {group_by!r}; set it to the name of a tag, to folder, or to recording'
            )
        if group_by is None and per_clip in (None, 1):
            return None
        gap_s = window_s if min_gap_s is None else float(min_gap_s)
        return cls(limit, int(per_clip or 1), gap_s, group_by)


def group_of(clip_id: str, uri: str | None, tags: Mapping[str, Any], group_by: str | None) -> Group:
    """What a clip shares with those in its group: the clip itself, the value of a tag, a folder, or
    the file that they were cut from: their uri without the part (#t=600,660)."""
    if group_by in (FOLDER, RECORDING) and uri:
        path = FRAGMENT.sub('', uri)
        return (group_by, path if group_by == RECORDING else str(PurePosixPath(path).parent))
    value = None if group_by in (None, FOLDER, RECORDING) else tags.get(group_by or '')
    kind = kind_of(value)
    if kind == NULL:
        return (CLIP, clip_id)
    return (kind, json.dumps(value, sort_keys=True) if kind in (LIST, OBJECT) else value)


def find(
    store: ClipStore,
    queries: np.ndarray,
    spread: Spread,
    *,
    filter: Any | None = None,
    excluded: ClipRef | None = None,
    by_example: bool = False,
) -> list[tuple[Place, int | None]]:
    """The places nearest to `queries`, int8 [windows, dimensions] of one sound.

    Groups are in the order of their nearest place, and the places of each are together, nearest
    first. With each comes, where groups were asked for, how many more of the COUNTED_CLIPS nearest
    clips are in its group and not in the answer. `by_example` is that of ClipStore.search. Raises
    FilterError and StorageError.
    """

    def nearest(count: int, also: dict[str, Any] | None = None) -> list[Place]:
        both = {'$and': [filter or {}, also]} if also else filter
        out = None if excluded is None else [excluded] * len(queries)
        found = store.search(queries, count, filter=both, excluded=out, by_example=by_example)
        return nearest_clips(found)[:count]

    if spread.group_by is None:
        groups, counted = [[place] for place in nearest(spread.limit)], None
    else:
        groups, counted = _in_groups(nearest, spread, spread.group_by)
    parts = store.configuration.examples_per_chunk if by_example else 1
    found: list[tuple[Place, int | None]] = []
    for clips in groups:
        places = [one for best in clips for one in _places(store, queries, best, spread, parts)]
        places = sorted(places, key=_distance)[: spread.per_clip]
        left = None
        if counted is not None:
            shown = {place.neighbour.clip_id for place in places}
            left = len(counted.get(_group(clips[0], spread.group_by), set()) - shown)
        found += [(place, left) for place in places]
    return found


def nearest_clips(found: Sequence[Sequence[Neighbour]]) -> list[Place]:
    """Each clip by its best place, nearest first; ties go to the earlier window of the query.

    `found` has for each window of the query the nearest clips. Of n clips for each, the first n of
    all are sure to be the nearest.
    """
    places = [Place(one, query) for query, near in enumerate(found) for one in near]
    best: dict[str, Place] = {}
    for place in sorted(places, key=_distance):
        best.setdefault(place.neighbour.clip_id, place)
    return list(best.values())


def places_in(
    clip: Clip, queries: np.ndarray, count: int, min_gap_s: float, parts: int = 1
) -> list[Place]:
    """The at most `count` places of a clip that are nearest to `queries`, int8 [windows,
    dimensions], nearest first, which begin at least `min_gap_s` apart; `parts` as nearest_of has
    it. Silent windows are none; windows without times are as far apart as their numbers are in
    seconds."""
    best, nearest = nearest_of(clip.embeddings, queries, parts)
    known = clip.locations[:, 3] >= 0
    begins_s = np.where(known, clip.locations[:, 3] / 1000, np.arange(len(best)))
    chosen: list[int] = []
    for row in np.lexsort((np.arange(len(best)), nearest, best)).tolist():
        if len(chosen) == count or not math.isfinite(best[row]):
            break
        if all(abs(begins_s[row] - begins_s[other]) >= min_gap_s for other in chosen):
            chosen.append(row)
    return [Place(neighbour_of(clip, row, float(best[row])), int(nearest[row])) for row in chosen]


def nearest_of(
    embeddings: np.ndarray, queries: np.ndarray, parts: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """For each window, int8 [windows, dimensions], the cosine distance of the nearest of `queries`,
    int8 [queries, dimensions], and the number of that one, the first of those as near. The distance
    is infinite where one of both is silent. Of vectors that are `parts` in a row, it is that of the
    nearest parts."""
    # float32 holds the products of 8-bit vectors exactly, up to 1,024 dimensions.
    windows = embeddings.reshape(len(embeddings) * parts, -1).astype(np.float32)
    wanted = queries.reshape(len(queries) * parts, -1).astype(np.float32)
    squares = np.square(windows).sum(1)
    distances, numbers = np.full(len(embeddings), np.inf), np.zeros(len(embeddings), np.int64)
    for number, one in enumerate(wanted):
        found = 1 - exact_cosines(windows @ one, squares, int(one @ one))
        near = found.reshape(len(embeddings), parts).min(1)
        is_nearer = near < distances
        distances[is_nearer] = near[is_nearer]
        numbers[is_nearer] = number // parts
    return distances, numbers


class _Groups:
    """The nearest clips of each group, as they are found: at most `per_clip` of each, in at most
    `limit` groups."""

    def __init__(self, spread: Spread) -> None:
        self._spread = spread
        self._seen: set[str] = set()
        self.clips: dict[Group, list[Place]] = {}

    def add(self, places: Iterable[Place]) -> bool:
        """Whether one of them was wanted."""
        before = len(self._seen)
        for place in places:
            group, id_ = _group(place, self._spread.group_by), place.neighbour.clip_id
            if group not in self.clips and len(self.clips) == self._spread.limit:
                continue
            clips = self.clips.setdefault(group, [])
            if len(clips) < self._spread.per_clip and id_ not in self._seen:
                clips.append(place)
                self._seen.add(id_)
        return len(self._seen) > before

    def is_full(self, group: Group) -> bool:
        return group[0] == CLIP or len(self.clips[group]) == self._spread.per_clip

    def filter(self, group_by: str) -> dict[str, Any] | None:
        """What selects the clips that are wanted still; None where no filter can say that."""
        tagged = [group for group in self.clips if group[0] != CLIP]
        if group_by in (FOLDER, RECORDING) or not all(map(_is_comparable, tagged)):
            return None
        full = [value for kind, value in tagged if self.is_full((kind, value))]
        if len(self.clips) < self._spread.limit:
            return {'$not': {group_by: {'$in': full}}}
        return {group_by: {'$in': [value for _, value in tagged if value not in full]}}

    @property
    def is_complete(self) -> bool:
        return len(self.clips) == self._spread.limit and all(map(self.is_full, self.clips))


def _in_groups(
    nearest: Callable[..., list[Place]], spread: Spread, group_by: str
) -> tuple[list[list[Place]], dict[Group, set[str]]]:
    """The nearest clips of each group, and the ids of the COUNTED_CLIPS nearest by their groups."""
    count = max(COUNTED_CLIPS, spread.limit * spread.per_clip)
    places = nearest(count)
    counted: dict[Group, set[str]] = {}
    for place in places[:COUNTED_CLIPS]:
        counted.setdefault(_group(place, group_by), set()).add(place.neighbour.clip_id)
    groups = _Groups(spread)
    groups.add(places)
    while len(places) == count and not groups.is_complete:
        also = groups.filter(group_by)
        if also is None:
            if count >= MAX_CLIPS:
                break
            count = MAX_CLIPS
        places = nearest(count, also)
        if not groups.add(places):
            break
    ordered = sorted(groups.clips.values(), key=lambda clips: _distance(clips[0]))
    return ordered, counted


def _places(
    store: ClipStore, queries: np.ndarray, best: Place, spread: Spread, parts: int
) -> list[Place]:
    """The places of a clip, of which the search found the best."""
    clip = store.clip(best.neighbour.clip_id) if spread.per_clip > 1 else None
    if clip is None:  # or it was deleted since
        return [best]
    return places_in(clip, queries, spread.per_clip, spread.min_gap_s, parts)


def _group(place: Place, group_by: str | None) -> Group:
    one = place.neighbour
    return group_of(one.clip_id, one.uri, one.tags, group_by)


def _distance(place: Place) -> float:
    return place.neighbour.distance


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_comparable(group: Group) -> bool:
    """Whether a filter can compare with the value."""
    kind, value = group
    return kind not in (LIST, OBJECT) and not (isinstance(value, int) and abs(value) > MAX_INTEGER)
