"""Exact nearest neighbours by cosine, with NumKong's int8 kernels.

A vector of several examples, x, is the mean of its examples in each of the P places, and a rest
that is orthogonal to that. Of q and x the products of the means are a P-th of the work of q.x, and
that of the rests is at most the product of their norms (Cauchy and Schwarz). So a row whose bound

    (P mean(q).mean(x) + |rest(q)| |rest(x)|) / (|q| |x|)

is below what a query has found already is not one of its nearest, and its vector is not even read.
The means are rounded to int8, and the bound is higher by as much as that may change it.
"""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import cycle

import numkong
import numpy as np

from audio_search.store.vectors.blocks import BLOCK_ROWS, Block, parts_of
from audio_search.store.vectors.nearest import Nearest, TopTable, exact_cosines
from audio_search.vggish.parameters import EMBEDDING_SIZE

QUERY_BATCH = 32  # queries that share one pass over the rows; their scores stay in the cache
MARGIN = 2e-6  # more than the error of a cosine in float32, and of the sum of three
# A block is scanned as a copy of its selected rows if these are fewer than this share; and so are
# the rows that the bound leaves.
SPARSE = 0.25
# NumKong reads rows in an order that defeats hardware prefetching, so it waits for memory. numpy
# reads a piece at full memory speed just before, and NumKong finds it in a cache: 1.2 times faster.
PIECE_ROWS = 4096
# Twice the norm of what rounding a mean to integers changes, which is at most 1/2 in each place.
ROUNDING = EMBEDDING_SIZE**0.5

Selected = np.ndarray | None  # the numbers of the clips to search, ascending; None for all


class Scanner:
    """Splits the blocks among one thread per core, each bound to its core.

    Threads that are woken together often start on the same core and stay there for a time slice of
    3 ms, which is half a search of 100,000 rows. Binding them took 0.7 times as long, and was no
    slower while other work filled the cores.
    """

    def __init__(self, n_threads: int | None = None) -> None:
        cores = _cores()
        self.n_threads = n_threads or len(cores)
        turns = cycle(cores)
        self._pool = ThreadPoolExecutor(self.n_threads, 'scan', lambda: _bind(next(turns)))

    def close(self) -> None:
        self._pool.shutdown()

    def search(
        self,
        blocks: Sequence[Block],
        queries: np.ndarray,
        limit: int | Sequence[int],
        *,
        distinct: bool = True,
        selected: Selected = None,
        excluded: Sequence[int | None] | None = None,
    ) -> list[Nearest]:
        """The `limit` nearest clips of each query, each by its nearest chunk; with `distinct=False`
        the `limit` nearest chunks.

        `queries` is int8 [queries, dimensions]. `limit` may be another for each query. `excluded`
        has for each query the number of a clip to leave out, or None. A zero vector, stored or
        asked for, is near to nothing.
        """
        limits = [limit] * len(queries) if isinstance(limit, int) else limit
        excluded = excluded or [None] * len(queries)
        found: list[Nearest] = []
        for start in range(0, len(queries), QUERY_BATCH):
            places = slice(start, start + QUERY_BATCH)
            table = TopTable(limits[places], distinct, excluded[places])
            scan = _Pass(queries[places], table, selected)
            # One iterator for all threads: each takes the next block when it is free.
            turns = iter(list(blocks))
            futures = [self._pool.submit(scan.run, turns) for _ in range(self.n_threads)]
            for future in futures:
                future.result()
            found += table.nearest()
        return found


class _Pass:
    """Queries that are compared with each row together."""

    def __init__(self, queries: np.ndarray, table: TopTable, selected: Selected) -> None:
        self.count, self.dimensions = queries.shape
        self._table = table
        self._selected = selected
        self._packed = numkong.dots_pack(np.ascontiguousarray(queries))
        wide = queries.astype(np.int64)
        self._square_norms = (wide * wide).sum(axis=1)
        self._is_zero = self._square_norms == 0
        norms = np.sqrt(np.maximum(self._square_norms, 1))
        # In scores, which are cosines times the norm of the query.
        self._norms = norms[:, np.newaxis]
        self._margins = MARGIN * self._norms
        parts = parts_of(self.dimensions)
        if parts > 1:
            sums = wide.reshape(-1, parts, EMBEDDING_SIZE).sum(axis=1)
            means = np.rint(sums / parts).astype(np.int8)
            self._packed_means = numkong.dots_pack(np.ascontiguousarray(means))
            sum_norms = np.linalg.norm(sums, axis=1)
            lost = np.linalg.norm(sums - parts * means.astype(np.int64), axis=1)
            rests = np.sqrt(np.maximum(self._square_norms - sum_norms**2 / parts, 0))
            self._parts = np.float32(parts)
            self._rests = rests.astype(np.float32)[:, np.newaxis]
            rounded = ROUNDING * (sum_norms + lost) / 2 / parts
            self._rounded = rounded.astype(np.float32)[:, np.newaxis]
            self._lost = (lost / parts**0.5)[:, np.newaxis]

    def run(self, blocks: Iterator[Block]) -> None:
        """Those of the blocks that this thread takes from `blocks`."""
        room = _Room(self.count, self.dimensions)
        for block in blocks:
            rows, mask = _selection(block, self._selected)
            is_full = not self._has_room(self._table.cut[0]).any()
            if rows is None and block.means is not None and is_full:
                rows = self._within_bound(block, mask, room)
                if len(rows) >= SPARSE * block.count:
                    rows = None
            self._score(block, rows, mask, room)

    def _has_room(self, thresholds: np.ndarray) -> np.ndarray:
        """Which queries take any row that comes."""
        return np.isneginf(thresholds) & ~self._is_zero

    def _within_bound(self, block: Block, mask: np.ndarray | None, room: '_Room') -> np.ndarray:
        """The rows that may be among the nearest of a query, ascending."""
        assert block.means is not None
        assert block.rests is not None
        thresholds, _ = self._table.cut
        lowest = (thresholds[:, np.newaxis] * self._norms - self._margins - self._lost).astype(
            np.float32
        )
        # In few steps, all of a block at once: each gives the interpreter's lock away, and two
        # threads that wait for it ever again take longer than the cache saves with smaller pieces.
        count = block.count
        self._multiply(block.means, self._packed_means, 0, count, room)
        bounds, rests = room.scores[:, :, :count]
        bounds[:] = room.products[:count].T
        bounds += self._rounded
        bounds *= self._parts * block.inverse_norms[:count]
        np.multiply(self._rests, block.rests[:count], out=rests)
        bounds += rests
        within = (bounds >= lowest).any(axis=0)
        if mask is not None:
            within &= mask
        return np.flatnonzero(within)

    def _score(
        self, block: Block, rows: np.ndarray | None, mask: np.ndarray | None, room: '_Room'
    ) -> None:
        """Add to the table what it may keep of some rows of a block (None: of all in `mask`)."""
        count = block.count if rows is None else len(rows)
        if not count:
            return
        chosen = slice(count) if rows is None else rows
        vectors = block.vectors
        if rows is not None:
            vectors = room.vectors
            np.take(block.vectors, rows, axis=0, out=vectors[:count], mode='clip')
        inverse, clips = block.inverse_norms[chosen], block.clips[chosen]
        for start in range(0, count, PIECE_ROWS):
            self._multiply(vectors, self._packed, start, min(start + PIECE_ROWS, count), room)
        table = room.scores[0, :, :count]
        table[:] = room.products[:count].T
        table *= inverse
        if rows is None and mask is not None:
            table[:, ~mask] = -np.inf
        if not inverse.all():  # a zero vector would score above those that point away
            table[:, inverse == 0] = -np.inf
        thresholds, _ = self._table.cut
        lowest = thresholds[:, np.newaxis] * self._norms - self._margins
        for query in np.flatnonzero(self._has_room(thresholds)).tolist():
            seed = self._table.seed(query, table[query], clips)
            lowest[query] = max(seed - 2 * self._margins[query, 0], np.finfo(np.float32).min)
        lowest[self._is_zero] = np.inf
        query_of, row_of = np.nonzero(table >= lowest.astype(np.float32))
        if len(query_of):
            cosines = exact_cosines(
                room.products[row_of, query_of],
                block.square_norms[chosen][row_of],
                self._square_norms[query_of],
            )
            ordinals = block.ordinals[chosen][row_of]
            self._table.add(query_of, cosines, clips[row_of], ordinals)

    def _multiply(
        self,
        vectors: np.ndarray,
        packed: numkong.PackedMatrix,
        start: int,
        end: int,
        room: '_Room',
    ) -> None:
        """The int32 products of the vectors from `start` to `end` with the queries."""
        vectors[start:end].max()
        numkong.dots_packed(vectors, packed, out=room.out, start_row=start, end_row=end)


class _Room:
    """What a thread works in, for one block after the other."""

    def __init__(self, query_count: int, dimensions: int) -> None:
        self.out = numkong.empty((BLOCK_ROWS, query_count), dtype='int32')
        self.products = np.asarray(self.out)
        self.scores = np.empty((2, query_count, BLOCK_ROWS), np.float32)
        self.vectors = np.empty((BLOCK_ROWS, dimensions), np.int8)


def _selection(block: Block, selected: Selected) -> tuple[np.ndarray | None, np.ndarray | None]:
    """(rows, mask) to search: the numbers of the rows if they are few, else a mask over all rows,
    bool [count]. The other is None; both are None for all rows."""
    mask = None if block.alive is None else block.alive[: block.count]
    if selected is not None:
        chosen = _rows_of_clips(block.clips[: block.count], selected)
        mask = chosen if mask is None else mask & chosen
    if mask is not None and np.count_nonzero(mask) < SPARSE * block.count:
        return np.flatnonzero(mask), None
    return None, mask


def selected_rows(block: Block, selected: Selected) -> np.ndarray:
    """The numbers of the rows to search, ascending."""
    rows, mask = _selection(block, selected)
    if rows is not None:
        return rows
    return np.arange(block.count) if mask is None else np.flatnonzero(mask)


def _rows_of_clips(clips: np.ndarray, selected: np.ndarray) -> np.ndarray:
    """Which rows are of the selected clips, bool [rows]. Both arrays ascend, so the rows of a clip
    are adjacent: mark where each clip starts and ends, and fill in between by a running sum."""
    low, high = np.searchsorted(selected, [clips[0], clips[-1] + 1])
    starts = np.searchsorted(clips, selected[low:high], 'left')
    ends = np.searchsorted(clips, selected[low:high], 'right')
    there = ends > starts
    edges = np.zeros(len(clips) + 1, np.int8)
    edges[starts[there]] += 1
    edges[ends[there]] -= 1
    return np.cumsum(edges[:-1], dtype=np.int8).astype(bool)


def _cores() -> list[int]:
    """The cores this process may use; macOS only knows how many there are."""
    if hasattr(os, 'sched_getaffinity'):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def _bind(core: int) -> None:
    """Keep this thread on a core, if the system can do that and allows it."""
    if hasattr(os, 'sched_setaffinity'):
        with suppress(OSError):
            os.sched_setaffinity(0, {core})
