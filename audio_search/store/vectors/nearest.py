"""Running top-k of scored rows."""

from dataclasses import dataclass

import numpy as np

# Cosines, clip numbers and chunk ordinals: arrays with one entry per row.
Rows = tuple[np.ndarray, np.ndarray, np.ndarray]
NO_ROWS: Rows = (np.empty(0), np.empty(0, np.int32), np.empty(0, np.int32))
PENDING_ROWS = 32  # sorted together, because a sort takes some 50 us however few they are


@dataclass(frozen=True)
class Nearest:
    """The nearest rows of one query, nearest first; ties by clip number, then chunk.

    Three arrays of equal length: clip numbers, the numbers of the chunks in their clips, cosines.
    """

    clips: np.ndarray
    ordinals: np.ndarray
    cosines: np.ndarray

    @property
    def distances(self) -> np.ndarray:
        return 1 - self.cosines


def exact_cosines(products: np.ndarray, square_norms: np.ndarray, square_norm: int) -> np.ndarray:
    """Cosines of integer vectors from their inner products and square norms; -inf where a vector is
    zero, so that no TopK takes it. float64 holds these integers exactly, so equal vectors have a
    cosine of exactly 1."""
    squares = square_norms.astype(np.int64) * square_norm
    return np.divide(
        products, np.sqrt(squares), out=np.full(squares.shape, -np.inf), where=squares > 0
    )


class TopK:
    """The best `limit` rows that were added, each of another clip when `distinct`.

    Rows with a cosine up to `threshold` are dropped at once: `limit` rows are known that are at
    least as good and come earlier.
    """

    def __init__(self, limit: int, distinct: bool, excluded: int | None = None) -> None:
        self.limit = limit
        self.distinct = distinct
        self.excluded = excluded
        self.threshold = -np.inf
        self._found: list[Rows] = [NO_ROWS]
        self._pending = 0

    def add(self, cosines: np.ndarray, clips: np.ndarray, ordinals: np.ndarray) -> None:
        """Add rows, those earlier in the index first: a tie with `threshold` is dropped."""
        kept = cosines > self.threshold
        if self.excluded is not None:
            kept &= clips != self.excluded
        if kept.any():
            self._found.append((cosines[kept], clips[kept], ordinals[kept]))
            self._pending += len(self._found[-1][0])
        if self._pending > PENDING_ROWS + self.limit:
            self.compact()

    def compact(self) -> 'TopK':
        """Drop all but the best `limit`."""
        if not self._pending:
            return self
        cosines, clips, ordinals = self.rows()
        order = np.lexsort((ordinals, clips, -cosines))
        if self.distinct:
            _, first = np.unique(clips[order], return_index=True)
            order = order[np.sort(first)]
        order = order[: self.limit]
        if len(order) == self.limit:
            self.threshold = max(self.threshold, float(cosines[order[-1]]))
        self._found = [(cosines[order], clips[order], ordinals[order])]
        self._pending = 0
        return self

    @property
    def full(self) -> bool:
        """Whether there are `limit` rows. To be asked after `compact`."""
        return len(self._found[0][0]) == self.limit

    def rows(self) -> Rows:
        cosines, clips, ordinals = zip(*self._found, strict=True)
        return np.concatenate(cosines), np.concatenate(clips), np.concatenate(ordinals)

    def nearest(self) -> Nearest:
        cosines, clips, ordinals = self.compact().rows()
        return Nearest(clips, ordinals, cosines)
