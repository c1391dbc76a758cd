"""Exact nearest neighbours by cosine: every row is looked at, by NumKong's int8 kernels."""

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
# All rows are scored in float32, a span at a time, and only the best of each span is kept; then the
# few spans that may hold one of the nearest are looked at exactly.
SPAN_ROWS = 128
SPANS_AT_ONCE = 64  # looked at: many may be as near as each other, such as those of silence
LOWEST = np.finfo(np.float32).min  # of a span without any row to search it is -inf
MARGIN = 1e-6  # above the error of a cosine in float32, which is below 3e-7
# A block with fewer selected rows than this share is scanned as a copy of those rows.
SPARSE = 0.25
# NumKong alone waits for the memory: its order of rows defeats the hardware's prefetching. Pieces
# that numpy read just before, at the memory's full speed, are still in a cache: 1.2 times faster.
PIECE_ROWS = 4096

Selected = np.ndarray | None  # the numbers of the clips to search, ascending; None for all


class Scanner:
    """Splits the blocks among as many threads as there are cores, each bound to a core of its own.

    Threads that are woken together often start on the same core and stay there for a time slice of
    3 ms, which is half a search of 100,000 rows. Bound ones took 0.7 times as long, and were no
    slower where other work filled the cores.
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
        """The `limit` nearest clips (or with `distinct=False` chunks) of each query.

        `queries` is int8 [queries, dimensions]. `excluded` has for each query the number of a clip
        to leave out. A clip is found by its nearest chunk. A zero vector has the distance 1 from
        everything.
        """
        tops = [TopK(limit, distinct, number) for number in excluded or [None] * len(queries)]
        for start in range(0, len(queries), QUERY_BATCH):
            batch = _Queries(queries[start : start + QUERY_BATCH])
            # One iterator for all: a thread that is free takes the next block.
            turns = iter(list(enumerate(blocks)))
            futures = [
                self._pool.submit(batch.peaks, turns, selected) for _ in range(self.n_threads)
            ]
            peaks = [peaks for future in futures for peaks in future.result()]
            peaks.sort(key=lambda one: one.number)
            if peaks:
                batch.rank(tops[start : start + QUERY_BATCH], peaks)
        return [top.nearest() for top in tops]


class _Span(NamedTuple):
    """Rows of a block, as in Block."""

    vectors: np.ndarray
    square_norms: np.ndarray
    clips: np.ndarray
    ordinals: np.ndarray


@dataclass(frozen=True)
class SpanMaxima:
    """The best row of each span of a block, for each query: its cosine times the norm of the query,
    float32 [queries, spans], and its clip, int32 [queries, spans].

    The spans are of `rows` of the block (None: of all), and only those in `mask` count (None: all).
    """

    number: int
    block: Block
    rows: np.ndarray | None
    mask: np.ndarray | None
    scores: np.ndarray
    clips: np.ndarray

    def span(self, number: int) -> _Span:
        """The rows of a span that are searched."""
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
    """Queries that are compared with each row at once."""

    def __init__(self, queries: np.ndarray) -> None:
        self.count, self.dimensions = queries.shape
        self._packed = numkong.dots_pack(np.ascontiguousarray(queries))
        wide = queries.astype(np.int64)
        self._square_norms: list[int] = (wide * wide).sum(axis=1).tolist()
        # The products with a zero vector are 0, whatever they are divided by.
        self._norms = np.sqrt(np.maximum(self._square_norms, 1))

    def peaks(self, blocks: Iterator[tuple[int, Block]], selected: Selected) -> list[SpanMaxima]:
        """Of those blocks that this thread gets."""
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
            scores[:, count:] = -np.inf
            used = spans[:, : -(-count // SPAN_ROWS)]
            best = used.argmax(axis=2)
            best += SPAN_ROWS * np.arange(used.shape[1])
            found.append(SpanMaxima(number, block, rows, mask, scores[each, best], clips[best]))
        return found

    def rank(self, tops: Sequence[TopK], peaks: Sequence[SpanMaxima]) -> None:
        """Give each query's best the rows of the spans where they may be, in their order."""
        scores = np.concatenate([one.scores for one in peaks], axis=1)
        best_clips = np.concatenate([one.clips for one in peaks], axis=1)
        firsts = np.cumsum([0] + [one.scores.shape[1] for one in peaks])
        candidates = np.empty(scores.shape, bool)
        for query, best in enumerate(tops):
            threshold = _threshold(scores[query], best_clips[query], best)
            best.threshold = threshold / self._norms[query] - MARGIN
            least = max(threshold - 2 * MARGIN * self._norms[query], LOWEST)
            candidates[query] = scores[query] >= least
        places = np.flatnonzero(candidates.any(axis=0))
        for start in range(0, len(places), SPANS_AT_ONCE):
            group = places[start : start + SPANS_AT_ONCE]
            owners = firsts.searchsorted(group, 'right') - 1
            spans = [
                peaks[owner].span(place - firsts[owner])
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


def _threshold(scores: np.ndarray, clips: np.ndarray, best: TopK) -> float:
    """What the nearest rows reach at least, since the best of as many spans do, each of another
    clip where that is wanted; -inf where there are not that many spans."""
    if best.excluded is not None:
        scores = np.where(clips == best.excluded, -np.inf, scores)
    for most in (4 * best.limit, len(scores)):
        if len(scores) > most:
            top = np.argpartition(scores, -most)[-most:]
        else:
            top = np.arange(len(scores))
        order = top[np.argsort(-scores[top])]
        if best.distinct:
            _, first = np.unique(clips[order], return_index=True)
            order = order[np.sort(first)]
        if len(order) >= best.limit:
            return float(scores[order[best.limit - 1]])
    return -np.inf


def _selection(block: Block, selected: Selected) -> tuple[np.ndarray | None, np.ndarray | None]:
    """The rows to search where they are few, else which of all rows, bool [count]; None, None for
    all of them."""
    mask = None if block.alive is None else block.alive[: block.count]
    if selected is not None:
        chosen = _rows_of_clips(block.clips[: block.count], selected)
        mask = chosen if mask is None else mask & chosen
    if mask is not None and np.count_nonzero(mask) < SPARSE * block.count:
        return np.flatnonzero(mask), None
    return None, mask


def _rows_of_clips(clips: np.ndarray, selected: np.ndarray) -> np.ndarray:
    """Which rows are of the selected clips. Both ascend, and the rows of a clip are adjacent: where
    each begins and ends is marked, and the rows between are filled in."""
    low, high = np.searchsorted(selected, [clips[0], clips[-1] + 1])
    begins = np.searchsorted(clips, selected[low:high], 'left')
    ends = np.searchsorted(clips, selected[low:high], 'right')
    there = ends > begins
    edges = np.zeros(len(clips) + 1, np.int8)
    edges[begins[there]] += 1
    edges[ends[there]] -= 1
    return np.cumsum(edges[:-1], dtype=np.int8).astype(bool)


def _cores() -> list[int]:
    """The cores this process may use; macOS only knows how many there are."""
    if hasattr(os, 'sched_getaffinity'):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def _bind(core: int) -> None:
    """Keep this thread on a core, where the system can do that and lets us."""
    if hasattr(os, 'sched_setaffinity'):
        with suppress(OSError):
            os.sched_setaffinity(0, {core})
