"""Approximate search (`ann: true`): candidates from a graph, scored by the embeddings in memory.

The graph only suggests. Clips that it does not have yet are searched exactly, removed ones are left
out, and distances are computed from the embeddings. So it may lag behind or be rebuilt at any time.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from audio_search.files import sha256, sync
from audio_search.store.errors import StorageError
from audio_search.store.vectors.blocks import BLOCK_ROWS, Block, Snapshot, look_up
from audio_search.store.vectors.graph import Graph, GraphFile, clips_and_ordinals, keys_of
from audio_search.store.vectors.nearest import Nearest, TopK, exact_cosines
from audio_search.store.vectors.scan import Scanner

CANDIDATES_PER_CLIP = 8  # because several chunks of a clip may be near
MAX_CANDIDATES = 2000  # with more the exact search is as fast
BATCH_ROWS = 1024  # added under one lock; searches meanwhile are exact


class Approximate:
    """A graph that a thread of its own keeps up with an index. Any thread may search it.

    `saved` is the graph file that the index recorded last, and `keep` records a new one. Because
    the index itself names its graph by content, a graph never meets an index it was not made from.
    """

    def __init__(
        self,
        path: Path,
        dimensions: int,
        scanner: Scanner,
        snapshot: Snapshot,
        saved: GraphFile | None,
        keep: Callable[[GraphFile], None],
    ) -> None:
        self._path = path
        self._scanner = scanner
        self._keep = keep
        self._graph = Graph(dimensions)
        self._dirty = True
        if saved and self._load(saved):
            gone = _gone(self._graph, snapshot.blocks)
            self._graph.remove(gone)
            self._dirty = bool(len(gone))
        self._changed = threading.Condition()
        self._target: Snapshot | None = snapshot
        self._removed: list[np.ndarray | None] = []
        self._up_to_date = threading.Event()
        self._closing = False
        self._worker = threading.Thread(target=self._work, name='ann', daemon=True)
        self._worker.start()

    def follow(self, snapshot: Snapshot, removed: np.ndarray | None) -> None:
        """Catch up with a new snapshot, in which the chunks with the keys `removed` (None: all that
        were there) are gone. Returns at once."""
        with self._changed:
            self._up_to_date.clear()
            self._target = snapshot
            self._removed.append(removed)
            self._changed.notify()

    def wait(self) -> None:
        """Return when the graph has caught up."""
        self._up_to_date.wait()

    def close(self) -> None:
        """Stop, and save the graph for the next start."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._worker.join()
        if self._dirty:
            self._save()

    def search(
        self,
        snapshot: Snapshot,
        queries: np.ndarray,
        limit: int,
        *,
        distinct: bool = True,
        excluded: Sequence[int | None] | None = None,
    ) -> list[Nearest]:
        """As Scanner.search, with nearly always the same answer."""
        excluded = excluded or [None] * len(queries)
        count = limit * CANDIDATES_PER_CLIP
        while count <= MAX_CANDIDATES and len(self._graph):
            candidates = self._graph.nearest(queries, count)
            if candidates is None:
                break
            keys, covered = candidates
            tops = [TopK(limit, distinct, number) for number in excluded]
            _add_candidates(tops, snapshot.blocks, queries, keys, covered)
            if newer := _newer(snapshot.blocks, covered):
                tails = self._scanner.search(
                    newer, queries, limit, distinct=distinct, excluded=excluded
                )
                for top, tail in zip(tops, tails, strict=True):
                    top.add(tail.cosines, tail.clips, tail.ordinals)
            if all(top.compact().full for top in tops):
                return [top.nearest() for top in tops]
            count *= 2
        return self._scanner.search(
            snapshot.blocks, queries, limit, distinct=distinct, excluded=excluded
        )

    def _work(self) -> None:
        while True:
            with self._changed:
                if self._target is None:
                    self._up_to_date.set()
                self._changed.wait_for(lambda: self._closing or self._target is not None)
                if self._closing:
                    return
                snapshot, self._target = self._target, None
                removed, self._removed = self._removed, []
            assert snapshot
            for keys in removed:
                if keys is None:
                    self._graph.clear()
                else:
                    self._graph.remove(keys)
            for keys, vectors, covered in _additions(snapshot.blocks, self._graph.covered):
                if self._closing:
                    return
                # USearch's idle threads spin, so several pay only with enough rows for all.
                n_threads = self._scanner.n_threads if len(keys) == BATCH_ROWS else 1
                self._graph.add(keys, vectors, covered, n_threads)
                self._dirty = True
            self._dirty = self._dirty or bool(removed)

    def _save(self) -> None:
        """Save the graph if the disk allows; otherwise the next start builds it again."""
        earlier = set(self._path.parent.glob(self._file('*').name))
        partial = self._file('partial')
        try:
            self._graph.save(partial)
            sync(partial)
            saved = GraphFile(sha256(partial), self._graph.covered)
            partial.rename(self._file(saved.token))
            self._keep(saved)
        except (OSError, RuntimeError, StorageError):
            partial.unlink(missing_ok=True)
        else:
            for other in earlier - {self._file(saved.token)}:
                other.unlink(missing_ok=True)

    def _load(self, saved: GraphFile) -> bool:
        """Load a saved graph, if it is as it was written: over a damaged one USearch ends the whole
        process."""
        path = self._file(saved.token)
        try:
            is_whole = sha256(path) == saved.token
        except OSError:
            return False
        return is_whole and self._graph.load(path, saved.covered)

    def _file(self, token: str) -> Path:
        return self._path.with_name(f'{self._path.name}.{token}.ann')


def _add_candidates(
    tops: Sequence[TopK],
    blocks: Sequence[Block],
    queries: np.ndarray,
    keys: np.ndarray,
    covered: int,
) -> None:
    clips, ordinals = clips_and_ordinals(keys)
    clips, ordinals = clips[clips <= covered], ordinals[clips <= covered]
    found, vectors, square_norms = look_up(blocks, clips, ordinals)
    wide = queries.astype(np.float64)
    products = vectors.astype(np.float64) @ wide.T
    for query, top in enumerate(tops):
        square_norm = int(wide[query] @ wide[query])
        cosines = exact_cosines(products[:, query], square_norms, square_norm)
        top.add(cosines, clips[found], ordinals[found])


def _additions(
    blocks: Sequence[Block], covered: int
) -> Iterator[tuple[np.ndarray, np.ndarray, int]]:
    """Keys and vectors of the clips above `covered`, a few at a time, each with the number up to
    which every clip is in the graph after it."""
    for block in _newer(blocks, covered):
        rows = block.live_rows()
        rows = rows[block.square_norms[rows] > 0]  # no search finds a zero vector
        for start in range(0, len(rows), BATCH_ROWS):
            batch = rows[start : start + BATCH_ROWS]
            clips = block.clips[batch]
            # The last of these clips may have more rows in the next batch.
            done = int(clips[-1]) - 1
            yield keys_of(clips, block.ordinals[batch]), block.vectors[batch], done
    if blocks and (last := int(blocks[-1].clips[blocks[-1].count - 1])) > covered:
        yield np.empty(0, np.uint64), blocks[-1].vectors[:0], last


def _newer(blocks: Sequence[Block], covered: int) -> list[Block]:
    """The blocks with clips above `covered`, and only these clips alive in them."""
    newer = []
    for block in blocks:
        if block.clips[block.count - 1] > covered:
            alive = np.zeros(BLOCK_ROWS, bool)
            alive[: block.count] = block.clips[: block.count] > covered
            if block.alive is not None:
                alive &= block.alive
            newer.append(replace(block, alive=alive))
    return newer


def _gone(graph: Graph, blocks: Sequence[Block]) -> np.ndarray:
    """The keys in a loaded graph that do not belong: of clips that were removed since, and of the
    last clip if it was saved in the middle."""
    keys = graph.keys()
    clips, _ = clips_and_ordinals(keys)
    there = [np.unique(block.clips[block.live_rows()]) for block in blocks]
    alive = np.isin(clips, np.concatenate([np.empty(0, np.int32), *there]))
    return keys[~alive | (clips > graph.covered)]
