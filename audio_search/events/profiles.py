"""How near each place of a recording is to a query."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from audio_search import errors
from audio_search.events.examples import EXAMPLE_S, Examples

Kind = Literal['example', 'window', 'whole']

FAR = 2.0  # the distance of silence, which is not near to anything
UNLIKE = 1.0  # the distance of sounds that have nothing in common
MAX_QUERY_S = 60.0
OVERLAP_S = 0.1  # of two examples of a query that follow one another, at most
NEIGHBOUR_S = 0.5  # a stored example lies within half of a second of every time


class QueryError(ValueError):
    """A sound that cannot be looked for in a recording; the message says what to do."""

    kind = errors.Kind.UNUSABLE


@dataclass(frozen=True)
class Profile:
    """Distances 1 - cos, float64 [n], at the times `time_s`, float64 [n], ascending.

    By its `kind` a time is the middle of an example, or of a window, of `length_s`, which is that
    near to some part of the query; or it is where the `whole` query, of `span_s`, would begin if it
    occurred there from its beginning to its end, and the distance is the mean along it.
    """

    time_s: np.ndarray
    distance: np.ndarray
    length_s: float
    kind: Kind
    span_s: float | None = None

    @property
    def hours(self) -> float:
        """How long the places last, from the first to the last."""
        return float(self.time_s[-1] - self.time_s[0] + self.length_s) / 3600

    @property
    def capped(self) -> np.ndarray:
        """The distances, but for silence that of sounds which have nothing in common, [n]."""
        return np.minimum(self.distance, UNLIKE)

    @property
    def usual(self) -> float:
        """The median of them."""
        return float(np.median(self.capped))


def profile(query: Examples, recording: Examples, query_s: float, window_s: float) -> Profile:
    """The distances of a recording's examples, at least one, from a query that lasts `query_s`.

    A query of one window is near to an example where any of its sounding examples is: which part
    of it a stored example falls on is a matter of chance. A longer query counts as a whole, because
    one loud moment of it may occur everywhere: its examples have to follow in their order.

    Raises QueryError for a query in which nothing can be heard, or that lasts too long.
    """
    heard = query.chosen(query.sounding)
    if not len(heard):
        raise QueryError(
            'nothing can be heard in the query, so it occurs nowhere; choose a part that sounds'
        )
    if query_s > MAX_QUERY_S:
        raise QueryError(
            f'the query lasts {query_s:.0f} s, and at most {MAX_QUERY_S:g} s can be looked for '
            f'inside a recording; take a part of it, as in #t=0,{MAX_QUERY_S:g}'
        )
    if query_s <= window_s:
        return _of_any(heard, recording)
    return _in_order(heard, heard.begin_s[0] - query.begin_s[0], recording, query_s)


def _of_any(query: Examples, recording: Examples) -> Profile:
    nearest = (recording.vectors @ query.vectors.T).max(axis=1).astype(np.float64)
    distance = np.where(recording.sounding, 1 - nearest, FAR)
    middle_s = recording.begin_s + recording.length_s / 2
    return Profile(middle_s, distance.clip(0, FAR), recording.length_s, recording.compared)


def _in_order(query: Examples, silent_s: float, recording: Examples, query_s: float) -> Profile:
    """Mean distance along the query for each start, of which there is one at every example.

    For an example of the query the nearer of the two stored ones around its time counts. Where none
    is within NEIGHBOUR_S, at the ends of a recording, or where nothing can be heard, the distance
    is UNLIKE. `silent_s`: what is silent at the query's beginning.
    """
    query = query.chosen(_following(query.begin_s))
    starts = recording.begin_s
    distances = np.where(recording.sounding, 1 - query.vectors @ recording.vectors.T, UNLIKE)
    reach_s = NEIGHBOUR_S + (recording.length_s - EXAMPLE_S) / 2
    total = np.zeros(len(starts))
    for row, offset_s in zip(distances, query.begin_s - query.begin_s[0], strict=True):
        times = starts + offset_s
        behind = np.searchsorted(starts, times)
        best = np.ones(len(starts))
        for index in (np.maximum(behind - 1, 0), np.minimum(behind, len(starts) - 1)):
            is_near = np.abs(starts[index] - times) <= reach_s
            np.minimum(best, row[index], out=best, where=is_near)
        total += best
    mean = (total / len(query)).clip(0, FAR)
    return Profile(starts - silent_s, mean, recording.length_s, 'whole', query_s)


def _following(begin_s: np.ndarray) -> np.ndarray:
    """Examples that follow one another nearly without an overlap, bool [n]: windows overlap by
    half, so that all of them would say everything twice, and take twice as long."""
    which = np.zeros(len(begin_s), bool)
    free_s = begin_s[0]
    for index, time_s in enumerate(begin_s):
        if time_s >= free_s:
            which[index] = True
            free_s = time_s + EXAMPLE_S - OVERLAP_S
    return which
