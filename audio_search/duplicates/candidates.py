"""Pairs of clips whose windows are near to one another, in their order."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from audio_search.store.sqlite.reading import Reading

# Rows of a block: two blocks of 512-d float32 are 32 MB, and what their clips have to do with one
# another 16 MB, for clips of four windows.
BLOCK_ROWS = 8192


class Pair(NamedTuple):
    """Two clips by their numbers, and the mean cosine distance of their windows."""

    first: int
    second: int
    distance: float


class _Block(NamedTuple):
    numbers: np.ndarray  # int64 [clips]
    chunk_count: int  # of each of them


def candidate_pairs(index: Reading, max_distance: float, per_clip: int) -> list[Pair]:
    """The pairs with a mean distance up to `max_distance`, nearest first; of each clip those with
    the `per_clip` nearest others.

    Window n of one clip is compared with window n of the other: a cut of less than half a stride
    leaves it the nearest one in time. Such a cut changes the number of windows by one at most, so
    no other clips are compared. Windows that are silent (zero) in both say nothing. Exact; memory
    holds two blocks of vectors, and `per_clip` pairs of each clip.

    Raises IndexFileError.
    """
    blocks = list(_blocks(index.outlines()))
    found = np.empty((0, 3))
    for place, block in enumerate(blocks):
        for other in blocks[place:]:
            if other.chunk_count > block.chunk_count + 1:
                break
            distances = _distances(index, block, other)
            if other is block:
                distances[np.tril_indices(len(distances))] = np.inf
            rows, columns = np.nonzero(distances <= max_distance)
            first, second = block.numbers[rows], other.numbers[columns]
            new = np.stack([first, second, distances[rows, columns]], axis=1)
            found = _nearest(np.concatenate([found, new, new[:, [1, 0, 2]]]), per_clip)
    pairs = np.concatenate([np.sort(found[:, :2], axis=1), found[:, 2:]], axis=1)
    pairs = np.unique(pairs, axis=0)
    order = np.lexsort((pairs[:, 1], pairs[:, 0], pairs[:, 2]))
    return [Pair(int(a), int(b), float(d)) for a, b, d in pairs[order].tolist()]


def _blocks(outlines: np.ndarray) -> Iterator[_Block]:
    """Clips with equally many windows, BLOCK_ROWS windows at most unless one clip has more."""
    for chunk_count in np.unique(outlines[:, 1]).tolist():
        numbers = outlines[outlines[:, 1] == chunk_count, 0]
        size = max(1, BLOCK_ROWS // max(1, chunk_count))
        for start in range(0, len(numbers), size):
            yield _Block(numbers[start : start + size], chunk_count)


def _distances(index: Reading, block: _Block, other: _Block) -> np.ndarray:
    """The mean distance of each clip of a block from each of the other, float32 [clips, clips];
    infinite where both are silent throughout."""
    shape = len(block.numbers), len(other.numbers)
    cosines, silent = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    step = max(1, BLOCK_ROWS // max(shape))  # windows at once, of clips that have very many
    for start in range(0, block.chunk_count, step):
        end = min(start + step, block.chunk_count)
        ours, ours_silent = _units(index, block, start, end)
        theirs, theirs_silent = (
            (ours, ours_silent) if other is block else _units(index, other, start, end)
        )
        cosines += ours @ theirs.T
        silent += ours_silent @ theirs_silent.T
    counted = block.chunk_count - silent
    with np.errstate(divide='ignore', invalid='ignore'):
        return np.where(counted > 0, 1 - cosines / counted, np.inf)


def _units(index: Reading, block: _Block, start: int, end: int) -> tuple[np.ndarray, np.ndarray]:
    """Windows [start, end) of each clip, side by side, each of length 1: float32
    [clips, windows × dimensions]; and which of them are zero, float32 [clips, windows]."""
    windows = np.stack([index.embeddings(number)[start:end] for number in block.numbers.tolist()])
    values = windows.astype(np.float32)
    norms = np.linalg.norm(values, axis=2, keepdims=True)
    values /= np.where(norms > 0, norms, 1)
    return values.reshape(len(values), -1), (norms[..., 0] == 0).astype(np.float32)


def _nearest(pairs: np.ndarray, per_clip: int) -> np.ndarray:
    """Of rows (clip, other, distance), the nearest `per_clip` of each clip."""
    ordered = pairs[np.lexsort((pairs[:, 1], pairs[:, 2], pairs[:, 0]))]
    _, starts, counts = np.unique(ordered[:, 0], return_index=True, return_counts=True)
    ranks = np.arange(len(ordered)) - np.repeat(starts, counts)
    return ordered[ranks < per_clip]
