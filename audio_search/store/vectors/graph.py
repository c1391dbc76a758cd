"""A USearch HNSW graph over chunks, for finding candidates fast."""

import threading
from pathlib import Path
from typing import NamedTuple

import numpy as np
import usearch.index

# Chosen for a recall@5 above 0.98 over a million chunks: see `make bench-index`.
CONNECTIVITY = 32
EXPANSION_ADD = 128
EXPANSION_SEARCH = 160
LOCK_TIMEOUT_S = 0.005  # a search that waits longer is faster without the graph

ORDINAL_BITS = np.uint64(24)
ORDINAL_MASK = np.uint64((1 << 24) - 1)


def keys_of(clips: np.ndarray | int, ordinals: np.ndarray) -> np.ndarray:
    """uint64 keys of chunks: the clip's number, and in the low ORDINAL_BITS the chunk's in it."""
    return np.asarray(clips, np.uint64) << ORDINAL_BITS | ordinals.astype(np.uint64)


def clips_and_ordinals(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The reverse of `keys_of`, int64."""
    return (keys >> ORDINAL_BITS).astype(np.int64), (keys & ORDINAL_MASK).astype(np.int64)


class GraphFile(NamedTuple):
    """A graph on disk: its name has the SHA-256 of its contents, `token`, and it has every clip
    with a number up to `covered` that was stored when it was written."""

    token: str
    covered: int


class Graph:
    """Chunks by their keys. It has every clip with a number up to `covered`. Any thread may use it,
    but for `load`."""

    def __init__(self, dimensions: int) -> None:
        self.covered = 0
        self._dimensions = dimensions
        self._lock = threading.Lock()  # USearch lets additions and searches share buffers
        self._index = self._empty()

    def load(self, file: Path, covered: int) -> bool:
        """Read a saved graph; False where the file is missing or is not such a graph."""
        try:
            index = usearch.index.Index.restore(file)
        except (OSError, RuntimeError, ValueError):
            return False
        if index is None or index.ndim != self._dimensions:
            return False
        # These are not saved. They are properties with setters, which mypy does not see.
        index.expansion_add = EXPANSION_ADD  # type: ignore[misc]
        index.expansion_search = EXPANSION_SEARCH  # type: ignore[misc]
        self._index, self.covered = index, covered
        return True

    def save(self, file: Path) -> None:
        with self._lock:
            self._index.save(file)

    def __len__(self) -> int:
        return len(self._index)

    def keys(self) -> np.ndarray:
        return np.asarray(self._index.keys[: len(self)], np.uint64)

    def add(self, keys: np.ndarray, vectors: np.ndarray, covered: int, n_threads: int) -> None:
        with self._lock:
            if len(keys):
                self._index.add(keys, vectors, threads=n_threads)
            self.covered = covered

    def remove(self, keys: np.ndarray) -> None:
        with self._lock:
            self._index.remove(keys)

    def clear(self) -> None:
        with self._lock:
            self._index = self._empty()

    def nearest(self, queries: np.ndarray, count: int) -> tuple[np.ndarray, int] | None:
        """The keys of about `count` chunks near each query, int8 [queries, dimensions], for all
        queries together, and `covered` at that moment; None while others are being added."""
        if not self._lock.acquire(timeout=LOCK_TIMEOUT_S):
            return None
        try:
            matches = self._index.search(queries, count, threads=1)
            covered = self.covered
        finally:
            self._lock.release()
        if isinstance(matches, usearch.index.Matches):
            return np.unique(matches.keys), covered
        parts = [keys[:n] for keys, n in zip(matches.keys, matches.counts, strict=True)]
        return np.unique(np.concatenate(parts)), covered

    def _empty(self) -> usearch.index.Index:
        return usearch.index.Index(
            ndim=self._dimensions,
            metric='cos',
            dtype='i8',
            connectivity=CONNECTIVITY,
            expansion_add=EXPANSION_ADD,
            expansion_search=EXPANSION_SEARCH,
        )
