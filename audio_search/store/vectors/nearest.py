"""Running top-k of scored rows."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

# Cosines, clip numbers and chunk ordinals: arrays with one entry per row.
Rows = tuple[np.ndarray, np.ndarray, np.ndarray]
NO_ROWS: Rows = (np.empty(0), np.empty(0, np.int32), np.empty(0, np.int32))
PENDING_ROWS = 32  # sorted together, because a sort takes some 50 us however few they are


@dataclass(frozen=True)
class Nearest:
    """The nearest rows of one query, nearest first; ties by clip number, then chunk.

    Three arrays of equal length: clip numbers, the numbers of the chunks in their clips, cosines.
    """

    clips: np.ndarray
    ordinals: np.ndarray
    cosines: np.ndarray

    @property
    def distances(self) -> np.ndarray:
        return 1 - self.cosines


def exact_cosines(
    products: np.ndarray, square_norms: np.ndarray, square_norm: int | np.ndarray
) -> np.ndarray:
    """Cosines of integer vectors from their inner products and square norms; -inf where a vector is
    zero, so that no TopK takes it. float64 holds these integers exactly, so equal vectors have a
    cosine of exactly 1."""
    squares = square_norms.astype(np.int64) * square_norm
    return np.divide(
        products, np.sqrt(squares), out=np.full(squares.shape, -np.inf), where=squares > 0
    )


class TopK:
    """The best `limit` rows that were added, each of another clip when `distinct`.

    Rows with a cosine up to `threshold` are dropped at once: `limit` rows are known that are at
    least as good and come earlier.
    """

    def __init__(self, limit: int, distinct: bool, excluded: int | None = None) -> None:
        self.limit = limit
        self.distinct = distinct
        self.excluded = excluded
        self.threshold = -np.inf
        self._found: list[Rows] = [NO_ROWS]
        self._pending = 0

    def add(self, cosines: np.ndarray, clips: np.ndarray, ordinals: np.ndarray) -> None:
        """Add rows, those earlier in the index first: a tie with `threshold` is dropped."""
        kept = cosines > self.threshold
        if self.excluded is not None:
            kept &= clips != self.excluded
        if kept.any():
            self._found.append((cosines[kept], clips[kept], ordinals[kept]))
            self._pending += len(self._found[-1][0])
        if self._pending > PENDING_ROWS + self.limit:
            self.compact()

    def compact(self) -> 'TopK':
        """Drop all but the best `limit`."""
        if not self._pending:
            return self
        cosines, clips, ordinals = self.rows()
        order = np.lexsort((ordinals, clips, -cosines))
        if self.distinct:
            _, first = np.unique(clips[order], return_index=True)
            order = order[np.sort(first)]
        order = order[: self.limit]
        if len(order) == self.limit:
            self.threshold = max(self.threshold, float(cosines[order[-1]]))
        self._found = [(cosines[order], clips[order], ordinals[order])]
        self._pending = 0
        return self

    @property
    def full(self) -> bool:
        """Whether there are `limit` rows. To be asked after `compact`."""
        return len(self._found[0][0]) == self.limit

    def rows(self) -> Rows:
        cosines, clips, ordinals = zip(*self._found, strict=True)
        return np.concatenate(cosines), np.concatenate(clips), np.concatenate(ordinals)

    def nearest(self) -> Nearest:
        cosines, clips, ordinals = self.compact().rows()
        return Nearest(clips, ordinals, cosines)


class TopTable:
    """The running top-k of several queries, which threads add rows to in any order.

    Each query has a limit of its own and may have a clip that is left out of its rows; with
    `distinct` it keeps the best row of each clip only. Sorted together, the queries take about as
    long as one: most of it is what numpy needs for a call.
    """

    def __init__(
        self, limits: Sequence[int], distinct: bool, excluded: Sequence[int | None]
    ) -> None:
        self._limits = np.array(limits)
        self._distinct = distinct
        # Clips are numbered from 1 on, so -1 leaves out none.
        self._excluded = np.array([-1 if one is None else one for one in excluded], np.int64)
        self._lock = threading.Lock()
        self._rows: list[tuple[np.ndarray, ...]] = [
            (np.empty(0, np.intp), np.empty(0), np.empty(0, np.int32), np.empty(0, np.int32))
        ]
        # The cosine and the clip of the last row of each query that has as many as its limit: a
        # later one needs a higher cosine, or the same and a clip that comes before. -inf where
        # there is room. Replaced as one, so that it can be read without the lock.
        self.cut = (np.full(len(limits), -np.inf), np.full(len(limits), -1, np.int64))

    def seed(self, query: int, scores: np.ndarray, clips: np.ndarray) -> float:
        """A score that each of the nearest rows of a query reaches, because enough of these rows
        (of enough clips, if distinct) reach it; -inf where they are fewer."""
        limit = int(self._limits[query])
        scores = np.where(clips == self._excluded[query], -np.inf, scores)
        for count in (4 * limit, len(scores)):
            if len(scores) > count:
                best = np.argpartition(scores, -count)[-count:]
            else:
                best = np.arange(len(scores))
            order = best[np.argsort(-scores[best])]
            if self._distinct:
                _, first = np.unique(clips[order], return_index=True)
                order = order[np.sort(first)]
            if len(order) >= limit:
                return float(scores[order[limit - 1]])
        return -np.inf

    def add(
        self, queries: np.ndarray, cosines: np.ndarray, clips: np.ndarray, ordinals: np.ndarray
    ) -> None:
        """Add rows: for each the place of its query, and what is kept of it."""
        thresholds, last_clips = self.cut
        kept = cosines >= thresholds[queries]
        ties = cosines == thresholds[queries]
        kept &= ~ties | (clips <= last_clips[queries])
        kept &= (clips != self._excluded[queries]) & np.isfinite(cosines)
        if kept.any():
            with self._lock:
                self._rows.append((queries[kept], cosines[kept], clips[kept], ordinals[kept]))
                self._compact()

    def nearest(self) -> list[Nearest]:
        queries, cosines, clips, ordinals = self._rows[0]
        edges = np.searchsorted(queries, np.arange(len(self._limits) + 1))
        return [
            Nearest(clips[start:end], ordinals[start:end], cosines[start:end])
            for start, end in pairwise(edges.tolist())
        ]

    def _compact(self) -> None:
        """Keep the best rows of each query, in their order, one query after the other."""
        rows = tuple(map(np.concatenate, zip(*self._rows, strict=True)))
        queries, cosines, clips, ordinals = rows
        order = np.lexsort((ordinals, clips, -cosines, queries))
        if self._distinct:
            pairs = (queries[order].astype(np.int64) << 32) | clips[order]
            _, first = np.unique(pairs, return_index=True)
            order = order[np.sort(first)]
        starts = np.searchsorted(queries[order], np.arange(len(self._limits)))
        ranks = np.arange(len(order)) - starts[queries[order]]
        order = order[ranks < self._limits[queries[order]]]
        queries, cosines, clips, ordinals = kept = tuple(one[order] for one in rows)
        self._rows = [kept]
        is_last = np.flatnonzero(
            np.arange(len(order)) - np.searchsorted(queries, queries) == self._limits[queries] - 1
        )
        thresholds, last_clips = (one.copy() for one in self.cut)
        thresholds[queries[is_last]] = cosines[is_last]
        last_clips[queries[is_last]] = clips[is_last]
        self.cut = thresholds, last_clips
