"""Distances of clips, as the index and the ranker compute them."""

import numpy as np
import pytest

from audio_search.evaluation import ranking


def vectors(generator: np.random.Generator, windows: int) -> np.ndarray:
    return generator.integers(-128, 128, (windows, 16), dtype=np.int8)


def test_the_distance_of_clips_is_the_least_of_their_windows() -> None:
    generator = np.random.default_rng(1)
    queries = [vectors(generator, count) for count in (1, 3, 2)]
    library = [vectors(generator, count) for count in (2, 1, 4, 3)]
    found = ranking.distances(ranking.stack(queries), ranking.stack(library))
    for q, query in enumerate(queries):
        for c, clip in enumerate(library):
            wide, others = query.astype(float), clip.astype(float)
            norms = np.outer(np.linalg.norm(wide, axis=1), np.linalg.norm(others, axis=1))
            np.testing.assert_allclose(found[q, c], (1 - wide @ others.T / norms).min())


def test_many_queries_are_compared_block_by_block() -> None:
    generator = np.random.default_rng(2)
    library = ranking.stack([vectors(generator, 3) for _ in range(5)])
    parts = [vectors(generator, count) for count in (ranking.BLOCK_WINDOWS + 5, 700, 700, 1)]
    together = ranking.distances(ranking.stack(parts), library)
    for number, part in enumerate(parts):
        alone = ranking.distances(ranking.stack([part]), library)[0]
        np.testing.assert_array_equal(together[number], alone)


def test_equal_windows_have_no_distance_and_zeros_match_nothing() -> None:
    same = np.array([[3, -7, 11]], np.int8)
    silent = np.zeros((2, 3), np.int8)
    half_silent = np.concatenate([silent, same])
    windows = ranking.stack([same, silent, half_silent])
    np.testing.assert_array_equal(
        ranking.distances(windows, windows),
        [[0, np.inf, 0], [np.inf, np.inf, np.inf], [0, np.inf, 0]],
    )


def test_without_hubs_a_pair_counts_for_what_it_is_above_the_neighbours_of_both() -> None:
    """By the definition, for each pair of clips the nearest windows."""
    rng = np.random.default_rng(4)
    parts = [rng.integers(-128, 128, (n, 8)).astype(np.int8) for n in (3, 1, 2, 4, 2, 3) * 3]
    library = ranking.stack(parts)
    units = [p / np.maximum(np.linalg.norm(p.astype(float), axis=1), 1)[:, None] for p in parts]

    def nearness(vector: np.ndarray, own: int) -> float:
        best = [(other @ vector).max() for n, other in enumerate(units) if n != own]
        return float(np.mean(sorted(best)[-ranking.NEIGHBOURS :]))

    found = ranking.damped(library, library)
    for i, one in enumerate(units):
        for j, other in enumerate(units):
            if i == j:
                continue
            cosines = one @ other.T
            first, second = np.unravel_index(cosines.argmax(), cosines.shape)
            wanted = 2 * cosines.max() - nearness(one[first], i) - nearness(other[second], j)
            assert found[i, j] == pytest.approx(1 - wanted / 2, abs=1e-6)


def test_zeros_match_nothing_without_hubs_either() -> None:
    silent = ranking.stack(
        [np.zeros((1, 4), np.int8), np.ones((1, 4), np.int8), np.ones((2, 4), np.int8)]
    )
    found = ranking.damped(silent, silent)
    assert np.isinf(found[0]).all()
    assert np.isinf(found[:, 0]).all()
    assert np.isfinite(found[1:, 1:]).all()


def test_the_approximate_search_suggests_what_is_near_and_not_all() -> None:
    generator = np.random.default_rng(3)
    library = ranking.stack([vectors(generator, 2) for _ in range(400)])
    queries = ranking.Windows(library.vectors[:40], library.starts[:21])
    allowed = ~np.eye(400, dtype=bool)[:20]
    looked_at = ranking.suggested(queries, library, allowed)
    distances = np.where(allowed, ranking.distances(queries, library), np.inf)
    nearest = distances.argsort(axis=1)[:, : ranking.WANTED]
    assert np.take_along_axis(looked_at, nearest, axis=1).mean() > 0.95
    assert 0 < looked_at.mean() < 0.6
    assert ((looked_at & allowed).sum(axis=1) >= ranking.WANTED).all()


def test_groups_and_the_clip_itself_may_not_answer() -> None:
    np.testing.assert_array_equal(
        ranking.allowed(['a', None, 'a', None]),
        [[0, 1, 0, 1], [1, 0, 1, 1], [0, 1, 0, 1], [1, 1, 1, 0]],
    )
