"""Exact nearest neighbours by cosine: every row is looked at, by NumKong's int8 kernels."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numkong
import numpy as np

from executors.index.vectors import BLOCK_ROWS, Block

QUERY_BATCH = 32  # queries that share one pass over the rows; their scores stay in the cache
# Rows are preselected by float32 cosines, whose error is below 3e-7, and judged by exact ones.
MARGIN = 1e-6
# A block with fewer selected rows than this share is scanned as a copy of those rows.
SPARSE = 0.25


@dataclass(frozen=True)
class Nearest:
    """The nearest rows of one query, nearest first; ties by clip number, then chunk."""

    clips: np.ndarray
    ordinals: np.ndarray
    distances: np.ndarray


class Scanner:
    """Splits the blocks among as many threads as there are cores."""

    def __init__(self, n_threads: int | None = None) -> None:
        self.n_threads = n_threads or _core_count()
        self._pool = ThreadPoolExecutor(self.n_threads, 'scan')

    def close(self) -> None:
        self._pool.shutdown()

    def search(
        self,
        blocks: Sequence[Block],
        queries: np.ndarray,
        limit: int,
        *,
        distinct: bool = True,
        selected: np.ndarray | None = None,
        excluded: Sequence[int | None] | None = None,
    ) -> list[Nearest]:
        """The `limit` nearest clips (or with `distinct=False` chunks) of each query.

        `queries` is int8 [queries, dimensions]. `selected` has the numbers of the clips to search,
        ascending; None means all. `excluded` has for each query the number of a clip to leave out.
        A clip is found by its nearest chunk. A zero vector has the distance 1 from everything.
        """
        excluded = excluded or [None] * len(queries)
        found: list[Nearest] = []
        for start in range(0, len(queries), QUERY_BATCH):
            batch = slice(start, start + QUERY_BATCH)
            part = _Batch(queries[batch], limit, distinct, excluded[batch])
            # One iterator for all: a thread that is free takes the next block, and what each of
            # them sees ascends.
            turns = iter(blocks)
            futures = [self._pool.submit(part.scan, turns, selected) for _ in range(self.n_threads)]
            found += part.merge([future.result() for future in futures])
        return found


class _Batch:
    def __init__(
        self, queries: np.ndarray, limit: int, distinct: bool, excluded: Sequence[int | None]
    ) -> None:
        self.count, self.dimensions = queries.shape
        self.packed = numkong.dots_pack(np.ascontiguousarray(queries))
        wide = queries.astype(np.int64)
        self.square_norms = (wide * wide).sum(axis=1)
        self.norms = np.sqrt(self.square_norms).astype(np.float32)
        self.limit = limit
        self.distinct = distinct
        self.excluded = excluded

    def scan(self, blocks: Iterator[Block], selected: np.ndarray | None) -> list['_Best']:
        best = [_Best(self.limit, self.distinct, number) for number in self.excluded]
        thresholds = np.full(self.count, -np.inf, np.float32)
        out = numkong.empty((BLOCK_ROWS, self.count), dtype='int32')
        dots = np.asarray(out)
        cosines = np.empty((self.count, BLOCK_ROWS), np.float32)
        copied = np.empty((BLOCK_ROWS, self.dimensions), np.int8)
        for block in blocks:
            vectors, inverse, count, rows = block.vectors, block.inverse_norms, block.count, None
            mask = _selection(block, selected)
            if mask is not None and np.count_nonzero(mask) < SPARSE * count:
                rows, mask = np.flatnonzero(mask), None
                count = len(rows)
                vectors = copied
                np.take(block.vectors, rows, axis=0, out=copied[:count], mode='clip')
                inverse = inverse[rows]
            if not count:
                continue
            numkong.dots_packed(vectors, self.packed, out=out, start_row=0, end_row=count)
            # Times the norm of the query, which is the same for all rows.
            scores = cosines[:, :count]
            scores[:] = dots[:count].T
            scores *= inverse[:count]
            for query in np.flatnonzero(scores.max(axis=1) >= thresholds).tolist():
                hits = np.flatnonzero(scores[query] >= thresholds[query])
                if mask is not None:
                    hits = hits[mask[hits]]
                found = hits if rows is None else rows[hits]
                exact = self._exact(dots[hits, query], block.square_norms[found], query)
                best[query].offer(exact, block.clips[found], block.ordinals[found])
                if best[query].full:
                    thresholds[query] = (best[query].floor - MARGIN) * self.norms[query]
        return best

    def _exact(self, dots: np.ndarray, square_norms: np.ndarray, query: int) -> np.ndarray:
        """Cosines in float64, of integers that it holds exactly; 0 where a vector is zero."""
        squares = square_norms * self.square_norms[query]
        return np.divide(dots, np.sqrt(squares), out=np.zeros(len(dots)), where=squares > 0)

    def merge(self, threads: list[list['_Best']]) -> list[Nearest]:
        merged = []
        for parts in zip(*threads, strict=True):
            whole = parts[0]
            for part in parts[1:]:
                whole.include(part)
            merged.append(Nearest(whole.clips, whole.ordinals, 1 - whole.cosines))
        return merged


class _Best:
    """The best `limit` rows so far, each of another clip when `distinct`."""

    def __init__(self, limit: int, distinct: bool, excluded: int | None) -> None:
        self.limit = limit
        self.distinct = distinct
        self.excluded = excluded
        self.cosines = np.empty(0)
        self.clips = np.empty(0, np.int32)
        self.ordinals = np.empty(0, np.int32)

    @property
    def full(self) -> bool:
        return len(self.cosines) == self.limit

    @property
    def floor(self) -> float:
        """Rows that come later have to be above this."""
        return float(self.cosines[-1]) if self.full else -np.inf

    def offer(self, cosines: np.ndarray, clips: np.ndarray, ordinals: np.ndarray) -> None:
        """Consider rows behind all those offered so far, in ascending order."""
        kept = cosines > self.floor
        if self.excluded is not None:
            kept &= clips != self.excluded
        self._keep_best(cosines[kept], clips[kept], ordinals[kept])

    def include(self, other: '_Best') -> None:
        """Consider rows from anywhere."""
        self._keep_best(other.cosines, other.clips, other.ordinals)

    def _keep_best(self, cosines: np.ndarray, clips: np.ndarray, ordinals: np.ndarray) -> None:
        if self.distinct and len(clips) > self.limit:
            cosines, clips, ordinals = _best_of_each_clip(cosines, clips, ordinals)
        if len(cosines) > self.limit:
            least = np.partition(cosines, -self.limit)[-self.limit]
            kept = np.flatnonzero(cosines >= least)
            cosines, clips, ordinals = cosines[kept], clips[kept], ordinals[kept]
        cosines = np.concatenate([self.cosines, cosines])
        clips = np.concatenate([self.clips, clips])
        ordinals = np.concatenate([self.ordinals, ordinals])
        order = np.lexsort((ordinals, clips, -cosines))
        if self.distinct:
            _, first = np.unique(clips[order], return_index=True)
            order = order[np.sort(first)]
        order = order[: self.limit]
        self.cosines, self.clips, self.ordinals = cosines[order], clips[order], ordinals[order]


def _best_of_each_clip(
    cosines: np.ndarray, clips: np.ndarray, ordinals: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The first best row of each clip; the rows of a clip are adjacent."""
    starts = np.flatnonzero(np.diff(clips, prepend=clips[0] - 1))
    best = np.maximum.reduceat(cosines, starts)
    lengths = np.diff(starts, append=len(clips))
    at_best = np.flatnonzero(cosines == np.repeat(best, lengths))
    _, first = np.unique(clips[at_best], return_index=True)
    rows = at_best[first]
    return cosines[rows], clips[rows], ordinals[rows]


def _selection(block: Block, selected: np.ndarray | None) -> np.ndarray | None:
    """Which of the block's rows to search, bool [count], or None for all of them."""
    alive = None if block.alive is None else block.alive[: block.count]
    if selected is None:
        return alive
    clips = block.clips[: block.count]
    low, high = np.searchsorted(selected, [clips[0], clips[-1] + 1])
    mask = np.isin(clips, selected[low:high])
    return mask if alive is None else mask & alive


def _core_count() -> int:
    """The cores this process may use; macOS only knows how many there are."""
    if hasattr(os, 'sched_getaffinity'):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
