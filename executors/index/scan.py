"""Exact nearest neighbours by cosine: every row is looked at, by NumKong's int8 kernels."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numkong
import numpy as np

from executors.index.nearest import Best, Nearest, exact_cosines, merged
from executors.index.vectors import BLOCK_ROWS, Block

QUERY_BATCH = 32  # queries that share one pass over the rows; their scores stay in the cache
# Rows are preselected by float32 cosines, whose error is below 3e-7, and judged by exact ones.
MARGIN = 1e-6
# A block with fewer selected rows than this share is scanned as a copy of those rows.
SPARSE = 0.25
FIRST_ROWS = 512  # more would take longer to sort than they save
# NumKong alone waits for the memory: its order of rows defeats the hardware's prefetching. Pieces
# that numpy read just before, at the memory's full speed, are still in a cache: 1.2 times faster.
PIECE_ROWS = 4096

Selected = np.ndarray | None  # the numbers of the clips to search, ascending; None for all


class Scanner:
    """Splits the blocks among as many threads as there are cores."""

    def __init__(self, n_threads: int | None = None) -> None:
        self.n_threads = n_threads or core_count()
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
        selected: Selected = None,
        excluded: Sequence[int | None] | None = None,
    ) -> list[Nearest]:
        """The `limit` nearest clips (or with `distinct=False` chunks) of each query.

        `queries` is int8 [queries, dimensions]. `excluded` has for each query the number of a clip
        to leave out.
        A clip is found by its nearest chunk. A zero vector has the distance 1 from everything.
        """
        excluded = excluded or [None] * len(queries)
        found: list[Nearest] = []
        for start in range(0, len(queries), QUERY_BATCH):
            batch = slice(start, start + QUERY_BATCH)
            part = _Batch(queries[batch], limit, distinct, excluded[batch])
            found += part.search(self._pool, self.n_threads, blocks, selected)
        return found


class _Batch:
    """Queries that are compared with each row at once."""

    def __init__(
        self, queries: np.ndarray, limit: int, distinct: bool, excluded: Sequence[int | None]
    ) -> None:
        self.count, self.dimensions = queries.shape
        self.packed = numkong.dots_pack(np.ascontiguousarray(queries))
        wide = queries.astype(np.int64)
        self.square_norms: list[int] = (wide * wide).sum(axis=1).tolist()
        self.norms = np.sqrt(self.square_norms).astype(np.float32)
        self.limit = limit
        self.distinct = distinct
        self.excluded = excluded

    def search(
        self, pool: ThreadPoolExecutor, n_threads: int, blocks: Sequence[Block], selected: Selected
    ) -> list[Nearest]:
        floors = self._first_floors(blocks, selected)
        # One iterator for all: a thread that is free takes the next block, and what each of them
        # sees ascends.
        turns = iter(blocks)
        futures = [pool.submit(self.scan, turns, selected, floors) for _ in range(n_threads)]
        parts = zip(*(future.result() for future in futures), strict=True)
        return [merged(bests) for bests in parts]

    def _first_floors(self, blocks: Sequence[Block], selected: Selected) -> list[float]:
        """Just below what the best of a few rows reach, so that no thread has to begin by
        considering all of its own."""
        first = [replace(block, count=min(block.count, FIRST_ROWS)) for block in blocks[:1]]
        bests = self.scan(iter(first), selected, [-np.inf] * self.count)
        return [float(np.nextafter(best.settle().floor, -np.inf)) for best in bests]

    def scan(
        self, blocks: Iterator[Block], selected: Selected, floors: Sequence[float]
    ) -> list[Best]:
        """The best rows of some blocks that are above the floors, for each query."""
        best = [
            Best(self.limit, self.distinct, number, floor)
            for number, floor in zip(self.excluded, floors, strict=True)
        ]
        thresholds = np.array(
            [self._threshold(query, floor) for query, floor in enumerate(floors)], np.float32
        )
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
            self._dots(vectors, count, out)
            # Times the norm of the query, which is the same for all rows.
            scores = cosines[:, :count]
            scores[:] = dots[:count].T
            scores *= inverse[:count]
            for query in np.flatnonzero(scores.max(axis=1) >= thresholds).tolist():
                hits = np.flatnonzero(scores[query] >= thresholds[query])
                if mask is not None:
                    hits = hits[mask[hits]]
                found = hits if rows is None else rows[hits]
                exact = exact_cosines(
                    dots[hits, query], block.square_norms[found], self.square_norms[query]
                )
                best[query].offer(exact, block.clips[found], block.ordinals[found])
                thresholds[query] = self._threshold(query, best[query].floor)
        return best

    def _dots(self, vectors: np.ndarray, count: int, out: numkong.Tensor) -> None:
        """The int32 products of the first `count` vectors with the queries, into `out`."""
        for start in range(0, count, PIECE_ROWS):
            end = min(start + PIECE_ROWS, count)
            vectors[start:end].max()
            numkong.dots_packed(vectors, self.packed, out=out, start_row=start, end_row=end)

    def _threshold(self, query: int, floor: float) -> float:
        if floor == -np.inf:
            return floor
        return (floor - MARGIN) * float(self.norms[query])


def _selection(block: Block, selected: Selected) -> np.ndarray | None:
    """Which of the block's rows to search, bool [count], or None for all of them."""
    alive = None if block.alive is None else block.alive[: block.count]
    if selected is None:
        return alive
    clips = block.clips[: block.count]
    low, high = np.searchsorted(selected, [clips[0], clips[-1] + 1])
    # The rows of a clip are adjacent: mark where each begins and ends, and fill in between.
    begins = np.searchsorted(clips, selected[low:high], 'left')
    ends = np.searchsorted(clips, selected[low:high], 'right')
    edges = np.zeros(block.count + 1, np.int8)
    there = ends > begins
    edges[begins[there]] += 1
    edges[ends[there]] -= 1
    mask = np.cumsum(edges[:-1], dtype=np.int8).astype(bool)
    return mask if alive is None else mask & alive


def core_count() -> int:
    """The cores this process may use; macOS only knows how many there are."""
    if hasattr(os, 'sched_getaffinity'):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
