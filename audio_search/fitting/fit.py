"""A linear query by logistic regression, and what its cosines mean."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, logit

from audio_search.fitting.examples import Example, ExamplesError, Rows, rows_of

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import ThreadpoolController

# The inverse strength of the regularisation. On toy-data anything from 0.01 to 10 finds the same,
# see docs/quality.md; weaker, a few examples are learned by heart.
C = 1.0
MAX_ITERATIONS = 300
MAX_FOLDS = 5
BACKGROUND_WINDOWS = 200  # that are drawn from an index
INT8_MAX = 127
# Cosines between which the calibrated probabilities are read: of any others they follow.
APART = 0.1

# BLAS divides even products as small as these among all cores, and then its threads wait for one
# another: on a busy machine that takes thirty times as long. The limit is that of the process, so
# that two at once would undo each other's.
_alone = threading.Lock()


@dataclass(frozen=True)
class Fitted:
    """A direction among stored vectors, `vector`, int8 [dimensions]: the higher the cosine of a
    window with it, the more the window is like what was wanted and unlike what was not.

    A window of the cosine c is right with the probability expit(slope c + offset); None where there
    was nothing to compare with.
    """

    vector: np.ndarray
    slope: float | None = None
    offset: float | None = None

    def probability(self, distance: float) -> float | None:
        """That a window at this distance, 1 - cos, is right."""
        if self.slope is None or self.offset is None:
            return None
        return float(expit(self.slope * (1 - distance) + self.offset))

    @property
    def boundary(self) -> float | None:
        """The distance at which the probability is one half; it may be outside of [0, 2]."""
        if self.slope is None or self.offset is None:
            return None
        return 1 + self.offset / self.slope


def load() -> None:
    """Import scikit-learn, which takes seconds and some 80 MB: before anybody waits for it."""
    import sklearn.calibration
    import sklearn.linear_model  # noqa: F401

    _blas()


def fit(
    examples: Sequence[Example],
    background: np.ndarray,
    *,
    parts: int = 1,
    calibrate: bool = False,
    c: float = C,
) -> Fitted:
    """What separates the wanted examples from the others, and less so from `background`, windows
    that nobody judged, int8 [windows, dimensions].

    Logistic regression on vectors of length 1, regularised by `c`. Its weights, rounded to 8 bits,
    are the vector: since rows are of length 1 there, the cosine with it ranks as the regression
    does. With more `parts` than one a window is so many vectors side by side, which are fitted by
    themselves; the vector then has the direction once for each.

    With `calibrate` the probabilities are those of Platt's method (sigmoid), fitted on wanted
    examples that the regression did not see, one after the other. Raises ExamplesError.
    """
    rows = rows_of(examples, background, parts)
    if rows.is_wanted.all():  # nothing to tell them from
        direction = (rows.vectors * rows.weight[:, np.newaxis]).sum(axis=0)
        return Fitted(_rounded(direction, parts))
    with _one_thread():
        model = _regression(c).fit(rows.vectors, rows.is_wanted, sample_weight=rows.weight)
        direction = model.coef_[0]
        vector = _rounded(direction, parts)
        slope, offset = float(np.linalg.norm(direction)), float(model.intercept_[0])
        if calibrate and (folds := _folds(rows)):
            calibrated = _calibrated(rows, folds, direction / slope, c)
            if calibrated[0] > 0:  # else the examples have nothing in common
                slope, offset = calibrated
    return Fitted(vector, slope, offset)


def _regression(c: float) -> 'LogisticRegression':
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=c, max_iter=MAX_ITERATIONS)


@contextmanager
def _one_thread() -> Iterator[None]:
    with _alone, _blas().limit(limits=1, user_api='blas'):
        yield


@cache
def _blas() -> 'ThreadpoolController':
    """Which libraries are loaded takes longer to find out than a fit."""
    import sklearn.linear_model  # noqa: F401  with all that it loads
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _rounded(direction: np.ndarray, parts: int) -> np.ndarray:
    """int8, with the largest value at INT8_MAX: of 512 values the cosine with the direction itself
    is above 0.9999."""
    largest = np.abs(direction).max()
    if not largest > 0:
        raise ExamplesError(
            'the examples have nothing in common that could be searched for; leave out some of them'
        )
    return np.tile(np.rint(direction / largest * INT8_MAX), parts).astype(np.int8)


def _folds(rows: Rows) -> list[tuple[np.ndarray, np.ndarray]]:
    """Rows to fit, and rows to look at, each once: wanted examples as a whole, since the windows of
    one overlap; of a single example two halves. None where it has one row only."""
    place = np.zeros(len(rows.group), int)
    groups = rows.wanted_groups
    if len(groups) > 1:
        count = min(len(groups), MAX_FOLDS)
        place[rows.is_wanted] = np.searchsorted(groups, rows.group[rows.is_wanted]) % count
    elif (wanted := int(rows.is_wanted.sum())) > 1:
        count = 2
        place[rows.is_wanted] = np.arange(wanted) * 2 // wanted
    else:
        return []
    others = np.flatnonzero(~rows.is_wanted)
    if len(others) < count:
        return []
    place[others] = np.arange(len(others)) % count
    return [(np.flatnonzero(place != fold), np.flatnonzero(place == fold)) for fold in range(count)]


def _calibrated(
    rows: Rows, folds: list[tuple[np.ndarray, np.ndarray]], unit: np.ndarray, c: float
) -> tuple[float, float]:
    """Slope and offset of the logit of the probability, over the cosine with `unit`."""
    from sklearn.calibration import CalibratedClassifierCV

    model = CalibratedClassifierCV(_regression(c), method='sigmoid', cv=folds, ensemble=False)
    model.fit(rows.vectors, rows.is_wanted, sample_weight=rows.weight)
    places = np.outer([0, APART], unit)
    at_zero, at_apart = logit(model.predict_proba(places)[:, 1])
    return float((at_apart - at_zero) / APART), float(at_zero)
