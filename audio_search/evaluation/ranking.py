"""How far clips are from one another, and in which order they answer a query."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from audio_search.store.vectors.approximate import CANDIDATES_PER_CLIP, MAX_CANDIDATES
from audio_search.store.vectors.graph import Graph, clips_and_ordinals, keys_of

BLOCK_WINDOWS = 1024  # of queries compared at once, so that memory stays bounded
NEIGHBOURS = 10  # whose nearness makes a hub; as in executors/clip_hubness.py
WANTED = 10  # clips that an approximate search is asked for: what P@10 looks at


class Windows(NamedTuple):
    """The vectors of several clips in a row: [windows, dimensions], those of clip i from
    `starts[i]` to `starts[i + 1]`; every clip has at least one."""

    vectors: np.ndarray
    starts: np.ndarray

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def clips(self) -> np.ndarray:
        """The clip of each window."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    def split(self) -> Iterator[tuple[int, int, np.ndarray]]:
        """First and last clip and their windows, about BLOCK_WINDOWS at once."""
        first = 0
        while first < len(self):
            limit = self.starts[first] + BLOCK_WINDOWS
            last = max(first + 1, int(np.searchsorted(self.starts, limit, 'right')) - 1)
            yield first, last, self.vectors[self.starts[first] : self.starts[last]]
            first = last


def stack(parts: Sequence[np.ndarray]) -> Windows:
    """The vectors of each clip, [windows, dimensions], put in a row."""
    starts = np.concatenate([[0], np.cumsum([len(part) for part in parts])])
    return Windows(np.concatenate(parts), starts)


def distances(queries: Windows, library: Windows) -> np.ndarray:
    """The distance of each query from each clip: float64 [queries, clips].

    It is the least cosine distance of any of their windows, as in the service's ranker. A vector of
    zeros is of something nobody can hear and is near to nothing: infinity where there is no other.
    """
    found = np.empty((len(queries), len(library)))
    for first, last, cosines in _cosines(queries, library):
        by_clip = np.maximum.reduceat(cosines, library.starts[:-1], axis=1)
        starts = queries.starts[first:last] - queries.starts[first]
        found[first:last] = 1 - np.maximum.reduceat(by_clip, starts, axis=0)
    return found


def damped(queries: Windows, library: Windows) -> np.ndarray:
    """As `distances`, without hubs: 1 - CSLS / 2, which is the distance where nothing is near.

    CSLS is 2 cos(q, x) - r(q) - r(x) of the nearest windows of both, with r the mean cosine to the
    nearest windows of NEIGHBOURS other clips, see executors/clip_hubness.py. Query i is made of
    clip i, which is no other clip.
    """
    of_queries, of_library = _nearness(queries, library), _nearness(library, library)
    found = np.empty((len(queries), len(library)))
    for first, last, cosines in _cosines(queries, library):
        by_clip = np.maximum.reduceat(cosines, library.starts[:-1], axis=1)
        is_best = cosines == by_clip[:, library.clips]
        of_best = np.minimum.reduceat(
            np.where(is_best, of_library, np.inf), library.starts[:-1], axis=1
        )
        rows = slice(queries.starts[first], queries.starts[last])
        of_pair = of_best + of_queries[rows, np.newaxis]
        starts = queries.starts[first:last] - queries.starts[first]
        best = np.maximum.reduceat(by_clip, starts, axis=0)
        owners = queries.clips[rows] - first
        of_pair = np.where(by_clip == best[owners], of_pair, np.inf)
        found[first:last] = 1 - best + np.minimum.reduceat(of_pair, starts, axis=0) / 2
    return found


def _cosines(queries: Windows, library: Windows) -> Iterator[tuple[int, int, np.ndarray]]:
    """First and last query, and the cosines of their windows with all: float64 [windows, windows],
    -inf for a vector of zeros."""
    wide = library.vectors.astype(np.float64)  # holds int8 products exactly, as the index does
    square_norms = np.einsum('ij,ij->i', wide, wide)
    for first, last, vectors in queries.split():
        block = vectors.astype(np.float64)
        norms = np.sqrt(np.einsum('ij,ij->i', block, block)[:, np.newaxis] * square_norms)
        far = np.full(norms.shape, -np.inf)
        yield first, last, np.divide(block @ wide.T, norms, out=far, where=norms > 0)


def _nearness(queries: Windows, library: Windows) -> np.ndarray:
    """Of each window the mean of its cosines with the nearest windows of the NEIGHBOURS nearest
    clips but its own: float64 [windows], 0 where there is none."""
    found = np.zeros(len(queries.vectors))
    for first, last, cosines in _cosines(queries, library):
        by_clip = np.maximum.reduceat(cosines, library.starts[:-1], axis=1)
        rows = slice(queries.starts[first], queries.starts[last])
        by_clip[np.arange(len(by_clip)), queries.clips[rows]] = -np.inf
        nearest = -np.sort(-by_clip, axis=1)[:, :NEIGHBOURS]
        is_there = np.isfinite(nearest)
        total = np.where(is_there, nearest, 0).sum(axis=1)
        found[rows] = total / np.maximum(is_there.sum(axis=1), 1)
    return found


def suggested(queries: Windows, library: Windows, allowed: np.ndarray) -> np.ndarray:
    """Which clips the approximate search looks at for each query: bool [queries, clips].

    Asked as in the service: for more and more windows of the graph, until WANTED of the clips that
    are `allowed`, bool [queries, clips], are among them. int8 vectors only.
    """
    graph = Graph(library.vectors.shape[1])
    ordinals = np.arange(len(library.vectors)) - library.starts[library.clips]
    graph.add(keys_of(library.clips, ordinals), library.vectors, len(library), n_threads=1)
    looked_at = np.zeros((len(queries), len(library)), bool)
    for query in range(len(queries)):
        vectors = queries.vectors[queries.starts[query] : queries.starts[query + 1]]
        wanted = min(WANTED, int(allowed[query].sum()))
        count = WANTED * CANDIDATES_PER_CLIP
        while count <= MAX_CANDIDATES:
            nearest = graph.nearest(vectors, min(count, len(library.vectors)))
            assert nearest is not None  # nobody else uses this graph
            clips, _ = clips_and_ordinals(nearest[0])
            looked_at[query, clips] = True
            if (looked_at[query] & allowed[query]).sum() >= wanted:
                break
            count *= 2
    return looked_at


def allowed(groups: Sequence[str | None]) -> np.ndarray:
    """Which clip may answer which: bool [clips, clips]. None answers itself or one of its group."""
    numbers = {group: number for number, group in enumerate(sorted(set(filter(None, groups))))}
    clips = np.array([numbers.get(group or '', -1) for group in groups])
    same = (clips[:, np.newaxis] == clips) & (clips >= 0)
    return ~same & ~np.eye(len(clips), dtype=bool)
