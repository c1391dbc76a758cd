import numpy as np
import pytest

from audio_search.clip_map.space import BLOCK, MAX_AXES, Space, clip_vector


def test_a_clip_is_the_mean_direction_of_its_windows_that_sound() -> None:
    loud, quiet = np.array([120, 0, 0], np.int8), np.array([0, 2, 0], np.int8)
    expected = [2**-0.5, 2**-0.5, 0]
    for windows in ([loud, quiet], [loud, quiet, 0 * loud]):
        np.testing.assert_allclose(clip_vector(np.stack(windows)), expected, atol=1e-3)


@pytest.mark.parametrize('chunks', [0, 3])
def test_silence_is_zero(chunks: int) -> None:
    assert not clip_vector(np.zeros((chunks, 8), np.int8)).any()


def test_windows_that_cancel_out_are_zero() -> None:
    assert not clip_vector(np.array([[5, 0], [-5, 0]], np.int8)).any()


def test_axes_are_the_principal_components() -> None:
    """Against a singular value decomposition, over more vectors than a block has."""
    rng = np.random.default_rng(0)
    vectors = rng.normal(0, np.linspace(9, 1, 80), (BLOCK + 500, 80)).astype(np.float32)
    space = Space.of(vectors)
    centred = vectors - vectors.mean(axis=0)
    expected = centred @ np.linalg.svd(centred, full_matrices=False)[2][:MAX_AXES].T
    found = space.reduce(vectors).astype(np.float32)
    signs = np.sign((expected * found).sum(axis=0))
    np.testing.assert_allclose(found[:, :10], (expected * signs)[:, :10], atol=0.05)
    assert found.shape == (len(vectors), MAX_AXES)


def test_signs_do_not_depend_on_the_order() -> None:
    vectors = np.random.default_rng(1).normal(size=(50, 8)).astype(np.float32)
    one, other = Space.of(vectors), Space.of(vectors[::-1])
    np.testing.assert_allclose(one.axes, other.axes, atol=1e-4)


@pytest.mark.parametrize('count', [0, 1])
def test_few_clips(count: int) -> None:
    vectors = np.ones((count, 8), np.float16)
    assert not Space.of(vectors).reduce(vectors).any()
    assert Space.of(vectors).reduce(vectors).shape == (count, 8)
