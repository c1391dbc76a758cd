"""What a distance means among the clips of an index: how many random pairs of sounds are nearer.

Plain numpy on vectors; knows neither stores nor documents.
"""

from dataclasses import dataclass

import numpy as np

PAIRS = 10_000
SEED = 0  # so that the same index has the same answer
ROUNDING = 1e-6  # of cosines in float32: a pair is not nearer than itself
EDGES = np.linspace(0, 2, 41)  # of the histogram


@dataclass(frozen=True)
class Rarity:
    """Distances 1 - cos of random pairs, float64 [pairs], ascending."""

    distances: np.ndarray

    def of(self, distance: float) -> float | None:
        """The share of the pairs that are nearer, in [0, 1]; None where there are no pairs."""
        if not len(self.distances):
            return None
        nearer = np.searchsorted(self.distances, distance - ROUNDING)
        return float(nearer) / len(self.distances)

    def histogram(self) -> dict[str, list[float] | list[int] | int]:
        """{pairs, edges, counts}: how many pairs have a distance from each edge up to the next."""
        counts, _ = np.histogram(self.distances, EDGES)
        edges = [round(float(edge), 4) for edge in EDGES]
        return {'pairs': len(self.distances), 'edges': edges, 'counts': counts.tolist()}


def of_pairs(windows: np.ndarray, clips: np.ndarray, parts: int = 1) -> Rarity:
    """Of pairs of windows of different clips: PAIRS of them at random, or all where these are not
    more. `windows` is int8 [n, dimensions], none of them silent, and `clips` [n] the number of the
    clip of each.

    Of windows with several `parts` side by side the distance is that of the nearest two.
    """
    count = len(windows)
    if count * (count - 1) // 2 <= PAIRS:
        first, second = np.triu_indices(count, 1)
    else:
        first, second = np.random.default_rng(SEED).integers(count, size=(2, 2 * PAIRS))
    differ = np.flatnonzero(clips[first] != clips[second])[:PAIRS]
    one, other = (_units(windows[each[differ]], parts) for each in (first, second))
    return _nearest(np.einsum('nid,njd->nij', one, other))


def of_direction(direction: np.ndarray, windows: np.ndarray, parts: int = 1) -> Rarity:
    """Of a query that is no sound, int8 [dimensions], with each of `windows` in place of pairs:
    words, and what is fitted to several examples, are farther from every sound than sounds are
    from one another."""
    return _nearest(_units(windows, parts) @ _units(direction[np.newaxis], parts)[0].T)


def _units(windows: np.ndarray, parts: int) -> np.ndarray:
    """float32 [n, parts, dimensions / parts], each of length 1; NaN where it is silent."""
    wide = windows.reshape(len(windows), parts, windows.shape[1] // parts).astype(np.float32)
    with np.errstate(invalid='ignore'):
        return np.asarray(wide / np.linalg.norm(wide, axis=2, keepdims=True))


def _nearest(cosines: np.ndarray) -> Rarity:
    """Of [pairs, parts, parts]; what is silent is near to nothing."""
    best = np.nan_to_num(cosines, nan=-1).max(axis=(1, 2), initial=-1)
    return Rarity(np.sort(1 - best.astype(np.float64)))
