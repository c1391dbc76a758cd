"""The embeddings in memory: int8 rows in blocks that never move."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from audio_search.vggish.parameters import EMBEDDING_SIZE

# 4 MB of 512-d rows: large enough for huge pages (2 MB), small enough to be copied in a merge.
BLOCK_ROWS = 8192


@dataclass(frozen=True)
class Block:
    """The rows [0, count) of arrays with capacity BLOCK_ROWS.

    `vectors` is int8 [BLOCK_ROWS, dimensions]. For each row: its square norm, 1 / norm (0 for a
    zero vector), the number of its clip (ascending), and its number among the chunks of the clip.
    `alive`, bool [BLOCK_ROWS], is False where a clip was removed; None means that none was.
    Where a vector is several examples side by side, `means` has their rounded mean, int8
    [BLOCK_ROWS, EMBEDDING_SIZE], and `rests`, float32 [BLOCK_ROWS], how far they are from it: the
    norm of what the mean leaves of the vector, by the norm of the vector. See scan.

    Nothing that a block shows ever changes, so searches need no lock: later rows are written behind
    `count`, and a removal makes a new `alive`.
    """

    vectors: np.ndarray
    square_norms: np.ndarray
    inverse_norms: np.ndarray
    clips: np.ndarray
    ordinals: np.ndarray
    means: np.ndarray | None
    rests: np.ndarray | None
    count: int = 0
    alive: np.ndarray | None = None

    @classmethod
    def empty(cls, dimensions: int) -> 'Block':
        has_means = parts_of(dimensions) > 1
        return cls(
            vectors=np.empty((BLOCK_ROWS, dimensions), np.int8),
            square_norms=np.empty(BLOCK_ROWS, np.int32),
            inverse_norms=np.empty(BLOCK_ROWS, np.float32),
            clips=np.empty(BLOCK_ROWS, np.int32),
            ordinals=np.empty(BLOCK_ROWS, np.int32),
            means=np.empty((BLOCK_ROWS, EMBEDDING_SIZE), np.int8) if has_means else None,
            rests=np.empty(BLOCK_ROWS, np.float32) if has_means else None,
        )

    @property
    def live_count(self) -> int:
        return self.count if self.alive is None else int(self.alive[: self.count].sum())

    def live_rows(self) -> np.ndarray:
        if self.alive is None:
            return np.arange(self.count)
        return np.flatnonzero(self.alive[: self.count])

    def rows_of(self, clip: int) -> slice:
        """The rows of the clip with that number."""
        clips = self.clips[: self.count]
        return slice(*np.searchsorted(clips, [clip, clip + 1]))


@dataclass(frozen=True)
class Snapshot:
    """The embeddings at one version of the database."""

    version: int
    blocks: tuple[Block, ...]

    @property
    def chunk_count(self) -> int:
        return sum(block.live_count for block in self.blocks)


def parts_of(dimensions: int) -> int:
    """How many examples a vector of that size has side by side; 1 where it cannot be divided."""
    parts, left = divmod(dimensions, EMBEDDING_SIZE)
    return 1 if left else parts


def changed(
    blocks: tuple[Block, ...],
    removed: Iterable[int],
    added: Iterable[tuple[int, np.ndarray]],
) -> tuple[Block, ...]:
    """The blocks without the clips `removed`, and with `added`: (number, int8 [chunks,
    dimensions]), of ascending numbers above all those there.

    Appends into the spare rows of the last block, so a snapshot may have only one successor.
    """
    removed, added = list(removed), list(added)
    if not removed and not added:
        return blocks
    new = list(blocks)
    for clip in removed:
        _remove(new, clip)
    if removed:
        _merge_sparse(new)
    if added:
        clips = np.repeat([number for number, _ in added], [len(rows) for _, rows in added])
        ordinals = np.concatenate([np.arange(len(rows)) for _, rows in added])
        _append(new, np.concatenate([rows for _, rows in added]), clips, ordinals)
    return tuple(new)


def _indices(blocks: Sequence[Block], clip: int) -> range:
    """The numbers of the blocks that have rows of a clip."""
    first = bisect_left(blocks, clip, key=lambda block: int(block.clips[block.count - 1]))
    last = first
    while last < len(blocks) and blocks[last].clips[0] <= clip:
        last += 1
    return range(first, last)


def _remove(blocks: list[Block], clip: int) -> None:
    for index in _indices(blocks, clip):
        block = blocks[index]
        alive = np.ones(BLOCK_ROWS, bool) if block.alive is None else block.alive.copy()
        alive[block.rows_of(clip)] = False
        blocks[index] = replace(block, alive=alive)


def _append(
    blocks: list[Block], vectors: np.ndarray, clips: np.ndarray, ordinals: np.ndarray
) -> None:
    taken = 0
    while taken < len(vectors):
        if not blocks or blocks[-1].count == BLOCK_ROWS:
            blocks.append(Block.empty(vectors.shape[1]))
        block = blocks[-1]
        end = min(block.count + len(vectors) - taken, BLOCK_ROWS)
        rows = slice(block.count, end)
        part = slice(taken, taken + end - block.count)
        block.vectors[rows] = vectors[part]
        # float32 is exact here: sums of up to 1024 squares of 8-bit integers stay below 2^24.
        values = vectors[part].astype(np.float32)
        squares = np.einsum('ij,ij->i', values, values)
        block.square_norms[rows] = squares
        with np.errstate(divide='ignore'):
            inverse = np.where(squares > 0, 1 / np.sqrt(squares), 0)
        block.inverse_norms[rows] = inverse
        if block.means is not None and block.rests is not None:
            parts = parts_of(vectors.shape[1])
            sums = values.reshape(len(values), parts, EMBEDDING_SIZE).sum(axis=1)
            block.means[rows] = np.rint(sums / parts)
            rest = squares - np.einsum('ij,ij->i', sums, sums, dtype=np.float64) / parts
            block.rests[rows] = np.sqrt(np.maximum(rest, 0)) * inverse
        block.clips[rows] = clips[part]
        block.ordinals[rows] = ordinals[part]
        blocks[-1] = replace(block, count=end)
        taken = part.stop


def _merge_sparse(blocks: list[Block]) -> None:
    """Merge neighbours that fit into one block, which frees the memory of removed rows.

    A merge copies at most one block, and only after half a block of rows was removed.
    """
    index = 0
    while index < len(blocks):
        if blocks[index].live_count == 0:
            del blocks[index]
            index = max(0, index - 1)
        elif index + 1 < len(blocks) and (
            blocks[index].live_count + blocks[index + 1].live_count <= BLOCK_ROWS
        ):
            blocks[index : index + 2] = [_merged(blocks[index], blocks[index + 1])]
        else:
            index += 1


def _merged(first: Block, second: Block) -> Block:
    merged = Block.empty(first.vectors.shape[1])
    count = 0
    for block in (first, second):
        rows = block.live_rows()
        target = slice(count, count + len(rows))
        for field in fields(Block):
            if isinstance(values := getattr(merged, field.name), np.ndarray):
                values[target] = getattr(block, field.name)[rows]
        count = target.stop
    return replace(merged, count=count)


def ordinals_of(blocks: Sequence[Block], clip: int) -> np.ndarray:
    """The numbers of a clip's chunks; none for a clip that is not there."""
    parts = [blocks[i].ordinals[blocks[i].rows_of(clip)] for i in _indices(blocks, clip)]
    return np.concatenate([np.empty(0, np.int32), *parts])


def look_up(
    blocks: Sequence[Block], clips: np.ndarray, ordinals: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Look up chunks by clip and ordinal, two arrays of equal length: the places in these arrays of
    the chunks that are stored, their vectors, int8 [found, dimensions], and square norms."""
    found, vectors, square_norms = [], [], []
    lasts = np.array([block.clips[block.count - 1] for block in blocks])
    firsts = np.searchsorted(lasts, clips).tolist()
    for i, (index, clip, ordinal) in enumerate(
        zip(firsts, clips.tolist(), ordinals.tolist(), strict=True)
    ):
        for block in blocks[index:]:
            row = int(block.clips[: block.count].searchsorted(clip))
            if row == block.count or block.clips[row] != clip:
                break
            row += ordinal - int(block.ordinals[row])
            if row >= block.count:
                continue  # the clip goes on in the next block
            if block.alive is None or block.alive[row]:
                found.append(i)
                vectors.append(block.vectors[row])
                square_norms.append(block.square_norms[row])
            break
    if not found:
        dimensions = blocks[0].vectors.shape[1] if blocks else 0
        return np.empty(0, int), np.empty((0, dimensions), np.int8), np.empty(0, np.int32)
    return np.array(found), np.stack(vectors), np.array(square_norms)
