from pathlib import Path

import numpy as np
import pytest

from audio_search.vggish import postprocessing
from audio_search.vggish.postprocessing import Pca


@pytest.fixture
def pca(official_pca: Path) -> Pca:
    return Pca.load(official_pca)


def test_the_official_parameters_are_read_as_they_are(pca: Pca, official_pca: Path) -> None:
    with np.load(official_pca) as file:
        np.testing.assert_array_equal(pca.eigen_vectors, file['pca_eigen_vectors'])
        np.testing.assert_array_equal(pca.means, file['pca_means'])


def test_the_projection_is_the_published_formula(pca: Pca, official_pca: Path) -> None:
    embeddings = np.random.default_rng(0).standard_normal((3, 128)).astype(np.float32)
    with np.load(official_pca) as file:
        eigen_vectors, means = file['pca_eigen_vectors'], file['pca_means']
    expected = [
        [
            sum(eigen_vectors[i, j] * (float(row[j]) - means[j]) for j in range(128))
            for i in range(128)
        ]
        for row in embeddings
    ]
    np.testing.assert_allclose(pca.project(embeddings), expected, rtol=0, atol=1e-12)


def test_the_mean_embedding_projects_to_the_middle(pca: Pca) -> None:
    projected = pca.project(pca.means[np.newaxis])
    np.testing.assert_allclose(projected, 0, atol=1e-12)
    # (0 + 2) * 255 / 4 = 127.5, cut to 127
    assert set(postprocessing.quantize(projected).ravel()) == {127}


def test_quantised_values_of_the_official_parameters_worked_out_by_hand(
    pca: Pca, official_pca: Path
) -> None:
    """An embedding one unit from the mean along axis j projects to column j."""
    with np.load(official_pca) as file:
        eigen_vectors, means = file['pca_eigen_vectors'], file['pca_means']
    step = means.copy()
    step[7] += 1.0
    expected = [
        int((min(max(value, -2.0), 2.0) + 2.0) * 255.0 / 4.0) for value in eigen_vectors[:, 7]
    ]
    levels = postprocessing.quantize(pca.project(step[np.newaxis]))[0]
    assert levels.dtype == np.uint8
    assert levels.tolist() == expected


@pytest.mark.parametrize(
    ('value', 'level'),
    [
        (-1e9, 0),
        (-2.0, 0),
        (-2 + 4 / 255 - 1e-9, 0),
        (-2 + 4 / 255 + 1e-9, 1),
        (0.0, 127),
        (1.0, 191),  # 191.25
        (1.999, 254),  # 254.9
        (2.0, 255),
        (1e9, 255),
    ],
)
def test_values_are_clipped_stretched_and_cut(value: float, level: int) -> None:
    assert postprocessing.quantize(np.array([value])).tolist() == [level]


def test_centred_levels_are_int8_and_lose_nothing() -> None:
    every_level = np.arange(256, dtype=np.uint8)
    centred = postprocessing.centre(every_level)
    assert centred.dtype == np.int8
    np.testing.assert_array_equal(centred.astype(int) + 128, every_level)


def test_concatenation_keeps_the_order_of_time() -> None:
    projected = np.repeat([[-2.0], [0.0], [1.0], [2.0]], 128, axis=1)
    pooled = postprocessing.concatenate(projected)
    assert pooled.shape == (512,)
    assert pooled.dtype == np.int8
    assert pooled.reshape(4, 128)[:, 0].tolist() == [-128, -1, 63, 127]


def test_the_average_is_taken_before_the_clipping_and_the_8_bits() -> None:
    projected = np.repeat([[3.0], [-1.0], [0.5], [-0.5]], 128, axis=1)
    pooled = postprocessing.average(projected, np.ones(4))
    assert pooled.shape == (128,)
    assert pooled.dtype == np.int8
    # mean 0.5; (0.5 + 2) * 255 / 4 - 128 = 31.375; clipped first it would be 0.25, 15.4
    assert set(pooled.tolist()) == {31}


def test_the_average_is_rounded_to_the_nearest_level() -> None:
    # (0.51 + 2) * 255 / 4 - 128 = 32.01; 31.6 with 0.5035
    assert postprocessing.average(np.full((2, 128), 0.5035), np.ones(2))[0] == 32
    assert postprocessing.average(np.full((2, 128), -9.0), np.ones(2))[0] == -128
    assert postprocessing.average(np.full((2, 128), 9.0), np.ones(2))[0] == 127


def test_a_mean_weighs_by_the_square_root_of_loudness() -> None:
    projected = np.repeat([[1.0], [0.0], [-2.0]], 128, axis=1)
    muted = np.array([False, False, True])
    pooled = postprocessing.pool(projected, muted, np.array([0.09, 0.01, 0.5]), 'mean')
    # (3 * 1.0 + 1 * 0.0) / 4 = 0.75; (0.75 + 2) * 255 / 4 - 128 = 47.3
    assert set(pooled.tolist()) == {47}


def test_a_mean_of_vectors_without_loudness_weighs_them_alike() -> None:
    projected = np.repeat([[1.0], [0.0]], 128, axis=1)
    pooled = postprocessing.pool(projected, np.zeros(2, bool), np.zeros(2), 'mean')
    np.testing.assert_array_equal(pooled, postprocessing.average(projected, np.ones(2)))


def test_muted_vectors_are_zeros_in_a_row() -> None:
    projected = np.repeat([[1.0], [0.0], [-2.0]], 128, axis=1)
    muted = np.array([False, True, False])
    pooled = postprocessing.pool(projected, muted, np.ones(3), 'concat').reshape(3, 128)
    whole = postprocessing.concatenate(projected).reshape(3, 128)
    np.testing.assert_array_equal(pooled[[0, 2]], whole[[0, 2]])
    assert not pooled[1].any()


@pytest.mark.parametrize(('pooling', 'size'), [('concat', 384), ('mean', 128)])
def test_a_window_with_nothing_but_muted_vectors_is_zero(pooling: str, size: int) -> None:
    pooled = postprocessing.pool(np.ones((3, 128)), np.ones(3, bool), np.ones(3), pooling)
    assert (pooled.shape, pooled.dtype) == ((size,), np.int8)
    assert not pooled.any()
