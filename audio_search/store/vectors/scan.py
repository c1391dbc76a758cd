"""Exact nearest neighbours by cosine: every row is scored, with NumKong's int8 kernels."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import cycle
from typing import NamedTuple

import numkong
import numpy as np

from audio_search.store.vectors.blocks import BLOCK_ROWS, Block
from audio_search.store.vectors.nearest import Nearest, TopK, exact_cosines

QUERY_BATCH = 32  # queries that share one pass over the rows; their scores stay in the cache
# All rows are scored in float32, and only the best score of each span of rows is kept. Then the few
# spans that may have one of the nearest rows are scored exactly.
SPAN_ROWS = 128
# Spans scored exactly per round: it bounds the memory where very many are equally near, as those of
# silence are.
SPANS_AT_ONCE = 64
MIN_SCORE = np.finfo(np.float32).min  # above that of a span without rows to search, which is -inf
MARGIN = 1e-6  # more than the error of a cosine in float32, which is below 3e-7
# A block is scanned as a copy of its selected rows if these are fewer than this share.
SPARSE = 0.25
# NumKong reads rows in an order that defeats hardware prefetching, so it waits for memory. numpy
# reads a piece at full memory speed just before, and NumKong finds it in a cache: 1.2 times faster.
PIECE_ROWS = 4096

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
        limit: int,
        *,
        distinct: bool = True,
        selected: Selected = None,
        excluded: Sequence[int | None] | None = None,
    ) -> list[Nearest]:
        """The `limit` nearest clips of each query, each by its nearest chunk; with `distinct=False`
        the `limit` nearest chunks.

        `queries` is int8 [queries, dimensions]. `excluded` has for each query the number of a clip
        to leave out, or None. A zero vector, stored or asked for, is near to nothing.
        """
        tops = [TopK(limit, distinct, number) for number in excluded or [None] * len(queries)]
        for start in range(0, len(queries), QUERY_BATCH):
            batch = _Queries(queries[start : start + QUERY_BATCH])
            # One iterator for all threads: each takes the next block when it is free.
            turns = iter(list(enumerate(blocks)))
            futures = [
                self._pool.submit(batch.maxima, turns, selected) for _ in range(self.n_threads)
            ]
            maxima = [one for future in futures for one in future.result()]
            maxima.sort(key=lambda one: one.number)
            if maxima:
                batch.rank(tops[start : start + QUERY_BATCH], maxima)
        return [top.nearest() for top in tops]


class _Span(NamedTuple):
    """Some rows of a block, in arrays as those of Block."""

    vectors: np.ndarray
    square_norms: np.ndarray
    clips: np.ndarray
    ordinals: np.ndarray


@dataclass(frozen=True)
class SpanMaxima:
    """The best row of each span of a block, for each query.

    `scores` are cosines times the norm of the query, float32 [queries, spans], `clips` the numbers
    of the clips, int32 [queries, spans]. The spans are cut from `rows` of the block (None: from all
    rows), and only the rows in `mask`, bool [count], are searched (None: all).
    """

    number: int
    block: Block
    rows: np.ndarray | None
    mask: np.ndarray | None
    scores: np.ndarray
    clips: np.ndarray

    def span(self, number: int) -> _Span:
        """The rows of a span that are to be searched."""
        block = self.block
        places = slice(number * SPAN_ROWS, min((number + 1) * SPAN_ROWS, block.count))
        rows: slice | np.ndarray = places
        if self.rows is not None:
            rows = self.rows[places]
        elif self.mask is not None:
            rows = places.start + np.flatnonzero(self.mask[places])
        return _Span(
            block.vectors[rows], block.square_norms[rows], block.clips[rows], block.ordinals[rows]
        )


class _Queries:
    """Queries that are compared with each row together."""

    def __init__(self, queries: np.ndarray) -> None:
        self.count, self.dimensions = queries.shape
        self._packed = numkong.dots_pack(np.ascontiguousarray(queries))
        wide = queries.astype(np.int64)
        self._square_norms: list[int] = (wide * wide).sum(axis=1).tolist()
        # A zero vector finds nothing, whatever its products are divided by.
        self._norms = np.sqrt(np.maximum(self._square_norms, 1))

    def maxima(self, blocks: Iterator[tuple[int, Block]], selected: Selected) -> list[SpanMaxima]:
        """Those of the blocks that this thread takes from `blocks`."""
        out = numkong.empty((BLOCK_ROWS, self.count), dtype='int32')
        products = np.asarray(out)
        scores = np.empty((self.count, BLOCK_ROWS), np.float32)
        spans = scores.reshape(self.count, -1, SPAN_ROWS)
        copied = np.empty((BLOCK_ROWS, self.dimensions), np.int8)
        each = np.arange(self.count)[:, np.newaxis]
        found = []
        for number, block in blocks:
            rows, mask = _selection(block, selected)
            vectors, inverse, clips, count = (
                block.vectors,
                block.inverse_norms,
                block.clips,
                block.count,
            )
            if rows is not None:
                count = len(rows)
                np.take(block.vectors, rows, axis=0, out=copied[:count], mode='clip')
                vectors, inverse, clips = copied, inverse[rows], clips[rows]
            if not count:
                continue
            self._multiply(vectors, count, out)
            part = scores[:, :count]
            part[:] = products[:count].T
            part *= inverse[:count]
            if mask is not None:
                part[:, ~mask] = -np.inf
            if not inverse[:count].all():  # a zero vector would score above those that point away
                part[:, inverse[:count] == 0] = -np.inf
            scores[:, count:] = -np.inf
            used = spans[:, : -(-count // SPAN_ROWS)]
            best = used.argmax(axis=2)
            best += SPAN_ROWS * np.arange(used.shape[1])
            found.append(SpanMaxima(number, block, rows, mask, scores[each, best], clips[best]))
        return found

    def rank(self, tops: Sequence[TopK], maxima: Sequence[SpanMaxima]) -> None:
        """Add to each query's top-k the rows of the spans that may have some, in their order."""
        scores = np.concatenate([one.scores for one in maxima], axis=1)
        best_clips = np.concatenate([one.clips for one in maxima], axis=1)
        firsts = np.cumsum([0] + [one.scores.shape[1] for one in maxima])
        candidates = np.empty(scores.shape, bool)
        for query, top in enumerate(tops):
            if not self._square_norms[query]:
                candidates[query] = False
                continue
            threshold = _threshold(scores[query], best_clips[query], top)
            top.threshold = threshold / self._norms[query] - MARGIN
            min_score = max(threshold - 2 * MARGIN * self._norms[query], MIN_SCORE)
            candidates[query] = scores[query] >= min_score
        places = np.flatnonzero(candidates.any(axis=0))
        for start in range(0, len(places), SPANS_AT_ONCE):
            group = places[start : start + SPANS_AT_ONCE]
            owners = firsts.searchsorted(group, 'right') - 1
            spans = [
                maxima[owner].span(place - firsts[owner])
                for place, owner in zip(group.tolist(), owners.tolist(), strict=True)
            ]
            vectors, square_norms, clips, ordinals = map(np.concatenate, zip(*spans, strict=True))
            products = np.asarray(numkong.dots_packed(vectors, self._packed))
            for query in np.flatnonzero(candidates[:, group].any(axis=1)).tolist():
                own = np.repeat(candidates[query, group], [len(span.clips) for span in spans])
                cosines = exact_cosines(
                    products[own, query], square_norms[own], self._square_norms[query]
                )
                tops[query].add(cosines, clips[own], ordinals[own])

    def _multiply(self, vectors: np.ndarray, count: int, out: numkong.Tensor) -> None:
        """The int32 products of the first `count` vectors with the queries, into `out`."""
        for start in range(0, count, PIECE_ROWS):
            end = min(start + PIECE_ROWS, count)
            vectors[start:end].max()
            numkong.dots_packed(vectors, self._packed, out=out, start_row=start, end_row=end)


def _threshold(scores: np.ndarray, clips: np.ndarray, top: TopK) -> float:
    """A score that each of the `limit` nearest rows reaches, because the best rows of that many
    spans reach it (of that many clips, if distinct); -inf where there are fewer spans."""
    if top.excluded is not None:
        scores = np.where(clips == top.excluded, -np.inf, scores)
    for count in (4 * top.limit, len(scores)):
        if len(scores) > count:
            best = np.argpartition(scores, -count)[-count:]
        else:
            best = np.arange(len(scores))
        order = best[np.argsort(-scores[best])]
        if top.distinct:
            _, first = np.unique(clips[order], return_index=True)
            order = order[np.sort(first)]
        if len(order) >= top.limit:
            return float(scores[order[top.limit - 1]])
    return -np.inf


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
