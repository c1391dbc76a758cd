"""Metrics against worked examples, and against what they are by their definition."""

import numpy as np
import pytest
from scipy import stats

from audio_search.evaluation import metrics, ranking
from audio_search.evaluation.metrics import Truth

INFINITE = np.inf


def truth_of(labels: str, groups: str | None = None) -> Truth:
    """A clip for each letter: its label, and its group (`.` is none)."""
    names = [None if group == '.' else group for group in groups or '.' * len(labels)]
    return metrics.truth(list(labels), names, ranking.allowed(names))


def one_query(labels: str, *distances: float) -> dict[str, float]:
    """Of the first clip, from which the others are so far."""
    truth = truth_of(labels)
    far = np.full((len(labels), len(labels)), 9.0)
    far[0, 1:] = distances
    return {name: values[0] for name, values in metrics.by_query(far, truth).items()}


def test_a_worked_example() -> None:
    # By distance b, a, a, b, a come, of which the three a are right.
    found = one_query('abaaba', 0.1, 0.2, 0.3, 0.4, 0.5)
    assert found['p_at_1'] == 0
    assert found['p_at_5'] == pytest.approx(3 / 5)
    assert found['p_at_10'] == pytest.approx(3 / 10)
    assert found['r_precision'] == pytest.approx(2 / 3)
    assert found['recall_at_5'] == 1
    assert found['mrr'] == pytest.approx(1 / 2)
    assert found['map'] == pytest.approx((1 / 2 + 2 / 3 + 3 / 5) / 3)


def test_clips_at_an_infinite_distance_are_not_found() -> None:
    found = one_query('aaab', 0.1, INFINITE, 0.2)
    assert found['p_at_1'] == 1
    assert found['recall_at_20'] == pytest.approx(1 / 2)
    assert found['map'] == pytest.approx(1 / 2)
    nothing = one_query('aab', INFINITE, INFINITE)
    assert set(nothing.values()) == {0.0}


def test_against_the_definitions_on_random_distances() -> None:
    generator = np.random.default_rng(1)
    truth = truth_of('aaabbbccd' * 3)
    distances = generator.random((27, 27))
    found = metrics.by_query(distances, truth)
    for query in range(27):
        others = sorted((d, i) for i, d in enumerate(distances[query]) if i != query)
        hits = [truth.labels[i] == truth.labels[query] for _, i in others]
        right = sum(hits)
        at = {k: sum(hits[:k]) for k in range(1, 27)}
        precisions = [at[k] / k for k in range(1, 27) if hits[k - 1]]
        assert found['p_at_5'][query] == pytest.approx(at[5] / 5)
        assert found['r_precision'][query] == pytest.approx(at[right] / right)
        assert found['recall_at_10'][query] == pytest.approx(at[10] / right)
        assert found['mrr'][query] == pytest.approx(1 / (hits.index(True) + 1))
        assert found['map'][query] == pytest.approx(sum(precisions) / right)


def test_clips_of_a_group_never_answer_each_other() -> None:
    truth = truth_of('aabab', 'xxx..')
    distances = np.arange(25.0).reshape(5, 5)
    assert metrics.order(distances, truth)[0, :2].tolist() == [3, 4]
    # Every clip has one of its label outside its group.
    assert truth.judged.all()
    assert truth_of('aabb', 'xxx.').judged.tolist() == [False, False, True, True]


def test_clips_of_a_group_are_resampled_together() -> None:
    values = np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0])
    apart = metrics.interval(values, np.arange(6))
    together = metrics.interval(values, np.array([0, 0, 0, 1, 1, 1]))
    assert together.tolist() == [0, 1]
    assert 0 < apart[0] < 0.5 < apart[1] < 1


def test_the_interval_is_that_of_a_mean() -> None:
    values = np.random.default_rng(2).normal(5, 2, 400)
    low, high = metrics.interval(values, np.arange(400))
    expected = stats.norm.interval(0.95, values.mean(), values.std() / np.sqrt(400))
    np.testing.assert_allclose((low, high), expected, atol=0.03)
    assert metrics.interval(np.ones((3, 5)), np.arange(5)).tolist() == [[1, 1]] * 3


def test_the_threshold_has_the_best_f1_of_all() -> None:
    generator = np.random.default_rng(3)
    truth = truth_of('aabbccdd')
    distances = generator.random((8, 8))
    distances = (distances + distances.T) / 2 - 0.3 * truth.same
    found = metrics.threshold(distances, truth)
    assert found is not None
    pairs = [(distances[i, j], truth.same[i, j]) for i in range(8) for j in range(i)]

    def f1(threshold: float) -> float:
        chosen = [same for distance, same in pairs if distance <= threshold]
        return 2 * sum(chosen) / (len(chosen) + sum(same for _, same in pairs))

    assert found['f1'] == pytest.approx(max(f1(distance) for distance, _ in pairs))
    assert found['f1'] == pytest.approx(f1(found['distance']))
    below = [distance <= found['distance'] for distance, _ in pairs]
    assert found['pairs_below'] == pytest.approx(np.mean(below))


def test_no_threshold_where_no_two_clips_of_a_label_are_found() -> None:
    distances = np.where(truth_of('aab').same, INFINITE, 0.5)
    assert metrics.threshold(distances, truth_of('aab')) is None


def test_confusion_counts_the_first_matches() -> None:
    truth = truth_of('aabb')
    distances = np.array(
        [[0, 1, 2, 3], [3, 0, 1, 2], [1, 1, 0, 0.5], [INFINITE, INFINITE, INFINITE, 0]]
    )
    assert metrics.confusion(distances, truth) == {
        'labels': ['a', 'b', '(nothing)'],
        'counts': [[1, 1, 0], [0, 1, 1], [0, 0, 0]],
    }


def test_the_histogram_has_every_pair_once() -> None:
    truth = truth_of('aabb')
    distances = np.array([[0, 0.1, 1, 1], [0.1, 0, 1, 1], [1, 1, 0, 0.4], [1, 1, 0.4, 0]])
    found = metrics.histogram(distances, truth)
    assert sum(found['same']) == pytest.approx(1)
    assert found['different'][-1] == 1
    assert len(found['edges']) == len(found['same']) + 1


def test_the_worst_queries_come_first_and_perfect_ones_not_at_all() -> None:
    truth = truth_of('aabb')
    distances = np.array([[0, 0.3, 0.1, 0.2], [0.1, 0, 0.2, 0.3], [0.1, 0.3, 0, 0.2], [3, 2, 1, 0]])
    found = list(metrics.worst(metrics.by_query(distances, truth)['map'], truth, 5))
    assert found == [(0, pytest.approx(1 / 3)), (2, pytest.approx(1 / 2))]
