"""All clips as points in a plane: the first two principal components of their mean embeddings."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from audio_search.store.vectors.blocks import Block, Snapshot


@dataclass(frozen=True)
class Plane:
    """The numbers of the clips, ascending, and their points, float32 [clips, 2]."""

    numbers: np.ndarray
    points: np.ndarray

    def point(self, number: int) -> tuple[float, float]:
        x, y = self.points[np.searchsorted(self.numbers, number)].tolist()
        return x, y


class LatestPlane:
    """The plane of the latest embeddings, computed on demand and kept. Any thread may ask."""

    def __init__(self, dimensions: int) -> None:
        self._dimensions = dimensions
        self._lock = threading.Lock()
        self._made: tuple[int, Plane] | None = None

    def of(self, snapshot: Snapshot) -> Plane:
        """The plane of these embeddings, computed anew only if they changed since the last call."""
        with self._lock:
            if self._made is None or self._made[0] != snapshot.generation:
                self._made = snapshot.generation, project(snapshot.blocks, self._dimensions)
            return self._made[1]


def project(blocks: Sequence[Block], dimensions: int) -> Plane:
    """The points of all clips that are alive.

    The sign of a principal component is arbitrary. It is chosen so that the component's largest
    entry is positive, so the same clips always give the same points. The rows are read twice, a
    block at a time, because the means of all clips together might not fit in memory.
    """
    count = 0
    total = np.zeros(dimensions)
    products = np.zeros((dimensions, dimensions))
    for _, means in _clip_means(blocks):
        count += len(means)
        total += means.sum(axis=0, dtype=np.float64)
        products += means.T @ means
    if not count:
        return Plane(np.empty(0, np.int32), np.empty((0, 2), np.float32))
    mean = total / count
    covariance = products / count - np.outer(mean, mean)
    _, vectors = np.linalg.eigh(covariance)  # by ascending variance
    axes = vectors[:, :-3:-1]
    largest = axes[np.abs(axes).argmax(axis=0), [0, 1]]
    axes = (axes * np.where(largest < 0, -1, 1)).astype(np.float32)
    parts = [(numbers, (means - mean) @ axes) for numbers, means in _clip_means(blocks)]
    return Plane(
        np.concatenate([numbers for numbers, _ in parts]),
        np.concatenate([points for _, points in parts]).astype(np.float32),
    )


def _clip_means(blocks: Sequence[Block]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Clip numbers and their mean embeddings divided by 128, float32 [clips, dimensions], some at a
    time, each clip once."""
    waiting: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None
    for block in blocks:
        rows = block.live_rows()
        if not len(rows):
            continue
        clips = block.clips[rows]
        starts = np.flatnonzero(np.diff(clips, prepend=clips[0] - 1))
        sums = np.add.reduceat(block.vectors[rows].astype(np.float32) / 128, starts, axis=0)
        counts = np.diff(starts, append=len(clips))
        if waiting is not None:
            numbers, earlier_sums, earlier_counts = waiting
            # The last clip of a block may continue in the next.
            last = len(numbers) - (numbers[-1] == clips[0])
            if last < len(numbers):
                sums[0] += earlier_sums[last]
                counts[0] += earlier_counts[last]
            yield numbers[:last], earlier_sums[:last] / earlier_counts[:last, np.newaxis]
        waiting = clips[starts], sums, counts
    if waiting is not None:
        numbers, sums, counts = waiting
        yield numbers, sums / counts[:, np.newaxis]
