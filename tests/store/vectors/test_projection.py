import numpy as np

from audio_search.store.vectors.blocks import BLOCK_ROWS, changed
from audio_search.store.vectors.projection import project

DIMENSIONS = 16


def clips(seed: int, sizes: list[int]) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    spread = np.linspace(5, 60, DIMENSIONS)
    return [
        np.clip(rng.normal(rng.normal(0, spread), 3, (size, DIMENSIONS)), -128, 127).astype(np.int8)
        for size in sizes
    ]


def test_points_are_the_principal_components_of_the_clips_means():
    """Against a singular value decomposition, over clips that reach across blocks, less some."""
    sizes = [3, 1, BLOCK_ROWS + 5, 4, 2 * BLOCK_ROWS, 2, *[4] * 3000, 700]
    stored = clips(0, sizes)
    removed = [2, 5, *range(30, 900)]
    plane = project(changed(changed((), [], enumerate(stored)), removed, []), DIMENSIONS)

    kept = [n for n in range(len(stored)) if n not in removed]
    means = np.stack([stored[n].mean(axis=0) / 128 for n in kept])
    centred = means - means.mean(axis=0)
    axes = np.linalg.svd(centred, full_matrices=False)[2][:2]
    expected = centred @ axes.T
    assert plane.numbers.tolist() == kept
    signs = np.sign((expected * plane.points).sum(axis=0))
    np.testing.assert_allclose(plane.points, expected * signs, atol=1e-4)
    assert plane.point(kept[-1]) == tuple(plane.points[-1].tolist())


def test_signs_do_not_depend_on_the_order():
    stored = clips(1, [4] * 50)
    one = project(changed((), [], enumerate(stored)), DIMENSIONS)
    other = project(changed((), [], enumerate(stored[::-1])), DIMENSIONS)
    np.testing.assert_allclose(one.points, other.points[::-1], atol=1e-5)


def test_few_clips():
    assert project((), DIMENSIONS).points.shape == (0, 2)
    alone = project(changed((), [], enumerate(clips(2, [4]))), DIMENSIONS)
    np.testing.assert_allclose(alone.points, [[0, 0]], atol=1e-6)
