"""How good rankings are.

Average precision, the curve of precision and recall, and the confusion between labels are
scikit-learn's. P@k, R-precision, recall@k and the reciprocal rank are means over the matrix of
sorted relevance; the libraries that have them (ranx, pytrec-eval) cannot be installed from wheels
on every platform that this project runs on.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats
from sklearn import config_context
from sklearn import metrics as sk

PRECISION_AT = (1, 5, 10)
RECALL_AT = (5, 10, 20)
NAMES = (
    *(f'p_at_{k}' for k in PRECISION_AT),
    'r_precision',
    'map',
    *(f'recall_at_{k}' for k in RECALL_AT),
    'mrr',
)
RESAMPLES = 2000
CONFIDENCE = 0.95
SEED = 20170305  # of resampling: the same figures each time
MAX_PAIRS = 2_000_000  # that the threshold is chosen on; of more, as many at random
HISTOGRAM_BINS = 40
NOTHING = '(nothing)'  # found, by a query that nobody can hear


class Truth(NamedTuple):
    """What is right. `same` and `allowed` are bool [queries, clips]: the same label, and may answer
    at all. `units` has for each query the number of what is drawn together in resampling."""

    labels: np.ndarray  # str [clips], of queries and clips
    same: np.ndarray
    allowed: np.ndarray
    units: np.ndarray

    @property
    def relevant(self) -> np.ndarray:
        return self.same & self.allowed

    @property
    def judged(self) -> np.ndarray:
        """Which queries have a right answer at all; the others say nothing about a ranking."""
        return np.asarray(self.relevant.any(axis=1))

    def without(self, others: np.ndarray) -> 'Truth':
        """Without the clip `others[i]`, of another label, as an answer to query i."""
        fewer = self.allowed.copy()
        fewer[np.arange(len(others)), others] = False
        return self._replace(allowed=fewer)


def truth(labels: Sequence[str], groups: Sequence[str | None], allowed: np.ndarray) -> Truth:
    """Clips of one group are resampled together, since they are not independent."""
    names = np.array(labels)
    keys = [group if group is not None else (number,) for number, group in enumerate(groups)]
    numbers: dict[object, int] = {}
    units = np.array([numbers.setdefault(key, len(numbers)) for key in keys])
    return Truth(names, names[:, np.newaxis] == names, allowed, units)


def order(distances: np.ndarray, truth: Truth) -> np.ndarray:
    """The clips that may answer, nearest first, ties in the clips' order: int [queries, clips].
    Those that may not, or are infinitely far, come last."""
    return np.argsort(np.where(truth.allowed, distances, np.inf), axis=1, kind='stable')


def by_query(distances: np.ndarray, truth: Truth) -> dict[str, np.ndarray]:
    """Each of NAMES for each judged query: float64 [judged].

    Divided by k (P@k), or by how many right answers there are (recall@k, R-precision and average
    precision). Clips at an infinite distance are not found. In recall@k not even a perfect ranking
    reaches 1 where there are more right answers than k.
    """
    judged = truth.judged
    found = truth.allowed & np.isfinite(distances)
    sorted_hits = np.take_along_axis(truth.relevant & found, order(distances, truth), axis=1)
    hits, counts = sorted_hits[judged], truth.relevant[judged].sum(axis=1)
    values = {f'p_at_{k}': hits[:, :k].sum(axis=1) / k for k in PRECISION_AT}
    in_first_r = np.arange(hits.shape[1]) < counts[:, np.newaxis]
    values['r_precision'] = (hits & in_first_r).sum(axis=1) / counts
    relevant = truth.relevant
    # Its checks of each call take as long as what it computes.
    with config_context(skip_parameter_validation=True, assume_finite=True):
        values['map'] = np.array(
            [
                _average_precision(relevant[query], found[query], distances[query])
                for query in np.flatnonzero(judged)
            ]
        )
    values |= {f'recall_at_{k}': hits[:, :k].sum(axis=1) / counts for k in RECALL_AT}
    values['mrr'] = np.where(hits.any(axis=1), 1 / (hits.argmax(axis=1) + 1), 0.0)
    return values


def _average_precision(relevant: np.ndarray, found: np.ndarray, distances: np.ndarray) -> float:
    hits = relevant[found]
    if not hits.any():
        return 0.0
    precision = sk.average_precision_score(hits, -distances[found])
    return float(precision * hits.sum() / relevant.sum())


def interval(values: np.ndarray, units: np.ndarray) -> np.ndarray:
    """The 95 % interval of the mean of `values`, [..., queries], by bootstrap over `units`
    (percentiles): float64 [..., 2].

    It says how much the mean depends on which queries were asked; the library stays as it is.
    """
    drawn = np.unique(units)
    member = (units == drawn[:, np.newaxis]).astype(float)
    sums = values @ member.T
    counts = np.broadcast_to(member.sum(axis=1), sums.shape)
    found = stats.bootstrap(
        (sums, counts),
        lambda sums, counts, axis: sums.sum(axis) / counts.sum(axis),
        paired=True,
        vectorized=True,
        axis=-1,
        n_resamples=RESAMPLES,
        confidence_level=CONFIDENCE,
        method='percentile',
        batch=200,  # at once, so that memory stays bounded
        rng=SEED,
    ).confidence_interval
    return np.stack([found.low, found.high], axis=-1)


def summary(values: Mapping[str, np.ndarray], units: np.ndarray) -> dict[str, object]:
    """The mean of each of NAMES, and beside it its interval: JSON-ready."""
    intervals = interval(np.stack([values[name] for name in NAMES]), units)
    result: dict[str, object] = {}
    for name, edges in zip(NAMES, intervals, strict=True):
        result[name] = float(values[name].mean())
        result[f'{name}_interval'] = edges.tolist()
    return result


def per_label(values: Mapping[str, np.ndarray], labels: np.ndarray) -> dict[str, dict[str, float]]:
    """The means for the judged queries of each label, labels sorted."""
    return {
        str(label): {'queries': int((labels == label).sum())}
        | {name: float(values[name][labels == label].mean()) for name in NAMES}
        for label in np.unique(labels)
    }


def confusion(distances: np.ndarray, truth: Truth) -> dict[str, object]:
    """How often a query of one label has its first match in another: rows are queries' labels."""
    judged = np.flatnonzero(truth.judged)
    first = order(distances, truth)[judged, 0]
    is_found = truth.allowed[judged, first] & np.isfinite(distances[judged, first])
    answers = np.where(is_found, truth.labels[first], NOTHING)
    names = sorted(set(truth.labels)) + ([] if is_found.all() else [NOTHING])
    counts = sk.confusion_matrix(truth.labels[judged], answers, labels=names)
    return {'labels': [str(name) for name in names], 'counts': counts.tolist()}


def threshold(distances: np.ndarray, truth: Truth) -> dict[str, float] | None:
    """The distance at which "the same label" is best told from "another" over all pairs of clips.

    Best by F1, the harmonic mean of precision and recall. `pairs_below` is the share of any two
    clips that are at most so far from one another. None where no two clips of a label are found.
    """
    return best_threshold(*pairs(distances, truth))


def best_threshold(far: np.ndarray, same: np.ndarray) -> dict[str, float] | None:
    """As `threshold`, over pairs with these distances, of which some are of `same` labels."""
    if not same.any():
        return None
    precision, recall, scores = sk.precision_recall_curve(same, -far)
    total = precision + recall
    f1 = np.divide(2 * precision * recall, total, out=np.zeros(len(total)), where=total > 0)[:-1]
    best = int(f1.argmax())
    distance = float(-scores[best])
    return {
        'distance': distance,
        'f1': float(f1[best]),
        'precision': float(precision[best]),
        'recall': float(recall[best]),
        'pairs_below': float((far <= distance).mean()),
    }


def histogram(distances: np.ndarray, truth: Truth) -> dict[str, list[float]]:
    """The shares of pairs of the same and of different labels in bins of distance."""
    far, same = pairs(distances, truth)
    edges = np.linspace(0, max(float(far.max()), 1e-9), HISTOGRAM_BINS + 1)
    result = {'edges': edges.tolist()}
    for name, chosen in (('same', same), ('different', ~same)):
        counts, _ = np.histogram(far[chosen], edges)
        result[name] = (counts / max(1, chosen.sum())).tolist()
    return result


def pairs(distances: np.ndarray, truth: Truth) -> tuple[np.ndarray, np.ndarray]:
    """Distance, and whether the label is the same, of any two clips that may answer each other and
    can be heard; at most MAX_PAIRS."""
    first, second = np.nonzero(np.triu(truth.allowed & np.isfinite(distances), k=1))
    if len(first) > MAX_PAIRS:
        drawn = np.random.default_rng(SEED).choice(len(first), MAX_PAIRS, replace=False)
        first, second = first[drawn], second[drawn]
    return distances[first, second], truth.same[first, second]


def worst(average_precision: np.ndarray, truth: Truth, count: int) -> Iterator[tuple[int, float]]:
    """The queries with the least average precision (float64 [judged]), worst first, each with it;
    none that is answered perfectly."""
    judged = np.flatnonzero(truth.judged)
    for place in np.argsort(average_precision, kind='stable')[:count]:
        if average_precision[place] < 1:
            yield int(judged[place]), float(average_precision[place])
