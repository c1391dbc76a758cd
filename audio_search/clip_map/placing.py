"""Where clips lie on the map: UMAP lays out a sample of them, the others go to their neighbours."""

from collections.abc import Callable
from contextlib import suppress

import numpy as np

from audio_search.process import hidden

# Below these a plane of two principal components is no worse: UMAP needs neighbours to speak of.
MIN_CLIPS = 12
# UMAP takes a minute for so many on 2 cores; the others are placed among them (docs/quality.md).
MAX_LAID_OUT = 50_000
# More of them blur small groups: with 15 of 60 toy clips 0.74 of the nearest dots have the same
# label, with 8 it is 0.78, as many as the whole vectors give.
NEIGHBOURS = 8
PLACED_BY = 4  # nearest clips, in the middle of which a new one is placed
BLOCK = 1024
SEED = 0

Report = Callable[[float], None]


def lay_out(vectors: np.ndarray, report: Report) -> np.ndarray:
    """[clips, axes] -> float32 [clips, 2]. `report` is told the share that is done.

    The same vectors give the same points. Takes the memory and the seconds of loading numba, so it
    is for a process of its own.
    """
    vectors = np.asarray(vectors, np.float32)
    rng = np.random.default_rng(SEED)
    count = min(len(vectors), MAX_LAID_OUT)
    sample = np.sort(rng.permutation(len(vectors))[:count])
    of_sample = 0.9 if count < len(vectors) else 1.0
    points = np.empty((len(vectors), 2), np.float32)
    points[sample] = _umap(vectors[sample], lambda share: report(share * of_sample))
    rest = np.setdiff1d(np.arange(len(vectors)), sample)
    points[rest] = place(
        vectors[rest],
        vectors[sample],
        points[sample],
        lambda share: report(of_sample + share * (1 - of_sample)),
    )
    return points


def place(
    vectors: np.ndarray, among: np.ndarray, points: np.ndarray, report: Report = lambda share: None
) -> np.ndarray:
    """Points, float32 [clips, 2], for `vectors` [clips, axes] near to those that their nearest ones
    `among` [others, axes] have in `points` [others, 2].

    A nearer one counts for more: by 1 / its squared distance. An exact copy lies on its original.
    """
    vectors, among = np.asarray(vectors, np.float32), np.asarray(among, np.float32)
    placed = np.zeros((len(vectors), 2), np.float32)
    if not len(among):
        return placed
    squares = np.einsum('ij,ij->i', among, among)
    for start in range(0, len(vectors), BLOCK):
        block = vectors[start : start + BLOCK]
        own = np.einsum('ij,ij->i', block, block)[:, np.newaxis]
        nearness = block @ among.T
        nearness *= 2
        nearness -= squares
        rows = np.arange(len(block))
        found, weights = [], []
        for _ in range(min(PLACED_BY, len(among))):
            best = nearness.argmax(axis=1)
            distances = np.maximum(own[:, 0] - nearness[rows, best], 1e-6)
            found.append(points[best])
            weights.append(1 / distances)
            nearness[rows, best] = -np.inf
        weight = np.stack(weights)[..., np.newaxis]
        placed[start : start + BLOCK] = (np.stack(found) * weight).sum(axis=0) / weight.sum(axis=0)
        report(min(start + BLOCK, len(vectors)) / len(vectors))
    return placed


class _Share:
    """A file for UMAP's progress bar, which writes the percentage that is done."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def write(self, text: str) -> None:
        if (percentage := text.strip().rstrip('%')).isdigit():
            self._report(int(percentage) / 100)

    def flush(self) -> None:
        return


def _umap(vectors: np.ndarray, report: Report) -> np.ndarray:
    # With TensorFlow UMAP would load its neural variant, for 400 MB.
    with hidden('tensorflow'):
        from umap import UMAP, layouts, umap_

    # What numba compiles is kept on disk, where UMAP does not ask for it: a map is then laid out in
    # 3 s where it took 14.
    with suppress(RuntimeError):  # where there is no folder to keep it in
        for compiled in (
            umap_.fast_knn_indices,
            umap_.smooth_knn_dist,
            umap_.compute_membership_strengths,
            layouts._nb_optimize_layout_euclidean_single_epoch,
        ):
            compiled.enable_caching()
    mapper = UMAP(
        n_neighbors=min(NEIGHBOURS, len(vectors) - 1),
        init='pca',  # the default is slow where the neighbours' graph falls apart
        random_state=SEED,
        n_jobs=1,
        tqdm_kwds={'file': _Share(report), 'bar_format': '{percentage:.0f}', 'disable': False},
    )
    return np.asarray(mapper.fit_transform(vectors), np.float32)
