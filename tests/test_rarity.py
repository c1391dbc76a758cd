"""Distances of random pairs."""

import numpy as np
import pytest

from audio_search.rarity import PAIRS, of_direction, of_pairs


def windows(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(-128, 128, (count, 16)).astype(np.int8)


def distance(first: np.ndarray, second: np.ndarray) -> float:
    one, other = first.astype(float), second.astype(float)
    return 1 - float(one @ other) / float(np.linalg.norm(one) * np.linalg.norm(other))


def test_of_few_windows_every_pair_of_different_clips_counts() -> None:
    vectors, clips = windows(7), np.array([1, 1, 2, 3, 3, 3, 4])
    wanted = sorted(
        distance(vectors[i], vectors[j])
        for i in range(7)
        for j in range(i + 1, 7)
        if clips[i] != clips[j]
    )
    found = of_pairs(vectors, clips)
    np.testing.assert_allclose(found.distances, wanted, atol=1e-6)
    assert found.of(wanted[0] - 0.01) == 0
    assert found.of(wanted[4] + 1e-5) == pytest.approx(5 / len(wanted))
    assert found.of(2.1) == 1


def test_of_many_a_fixed_number_is_drawn_which_is_distributed_as_all_are() -> None:
    vectors, clips = windows(400), np.repeat(np.arange(100), 4)
    found = of_pairs(vectors, clips)
    assert len(found.distances) == PAIRS
    units = vectors / np.linalg.norm(vectors.astype(float), axis=1, keepdims=True)
    every = 1 - (units @ units.T)[np.triu_indices(400, 1)]
    for share in (0.05, 0.5, 0.95):
        assert found.of(float(np.quantile(every, share))) == pytest.approx(share, abs=0.02)
    np.testing.assert_array_equal(found.distances, of_pairs(vectors, clips).distances)


def test_of_windows_with_parts_the_nearest_two_parts_count() -> None:
    vectors = windows(2)
    wanted = min(distance(a, b) for a in vectors[0].reshape(4, 4) for b in vectors[1].reshape(4, 4))
    assert of_pairs(vectors, np.array([1, 2]), parts=4).distances == pytest.approx([wanted])


def test_a_direction_is_compared_with_windows() -> None:
    vectors, direction = windows(30), windows(1, seed=1)[0]
    wanted = sorted(distance(direction, one) for one in vectors)
    np.testing.assert_allclose(of_direction(direction, vectors).distances, wanted, atol=1e-6)


def test_the_histogram_counts_every_pair_once() -> None:
    found = of_pairs(windows(50), np.arange(50)).histogram()
    assert found['pairs'] == sum(found['counts']) == 50 * 49 // 2
    assert (found['edges'][0], found['edges'][-1]) == (0, 2)
    assert len(found['edges']) == len(found['counts']) + 1


@pytest.mark.parametrize('count', [0, 1, 3])
def test_of_less_than_two_clips_there_are_no_pairs(count: int) -> None:
    found = of_pairs(windows(count), np.zeros(count, int))
    assert found.of(0.5) is None
    assert found.histogram()['pairs'] == 0
    assert sum(found.histogram()['counts']) == 0
