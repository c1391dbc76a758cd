"""Which distance is near enough, told by how many false alarms an hour may have."""

from typing import Literal

import numpy as np
from scipy.special import ndtr, ndtri

from audio_search.events import profiles
from audio_search.events.profiles import FAR

Kind = profiles.Kind | Literal['words', 'fitted']

# How far sounds with different labels are apart: for each share of the pairs of toy clips, the
# distance that so many of them are within. Of the nearest examples of two windows (51,840 pairs),
# of their means (as many), and of 8 s that have to follow in order (3,240). And how far the windows
# of toy clips are, by their nearest example, from words for another label (2,160): words are far
# from everything, also from what they mean, which half of the windows of a label are 0.56 from.
UNRELATED_SHARE = (0.001, 0.003, 0.01, 0.02, 0.033, 0.05, 0.1, 0.2, 0.3, 0.5)
UNRELATED_DISTANCE: dict[Kind, tuple[float, ...]] = {
    'example': (0.255, 0.302, 0.392, 0.458, 0.508, 0.551, 0.642, 0.754, 0.820, 0.903),
    'window': (0.338, 0.399, 0.496, 0.564, 0.616, 0.662, 0.760, 0.869, 0.923, 0.997),
    'whole': (0.412, 0.462, 0.520, 0.585, 0.643, 0.682, 0.761, 0.861, 0.904, 0.958),
    'words': (0.535, 0.637, 0.759, 0.792, 0.835, 0.861, 0.905, 0.946, 0.971, 1.003),
    'fitted': (0.475, 0.568, 0.637, 0.685, 0.723, 0.769, 0.843, 0.922, 0.964, 1.031),
}
OTHER_SOUNDS_PER_HOUR = 30  # that an hour of recording is taken to hold

# The recording's own lower tail is fitted to the lowest of these quantiles, but to none within the
# distance of MAYBE_SHARE: there lie the sounds that are looked for. Fewer places than MIN_PLACES
# say nothing of their tail.
QUANTILES = np.array([0.01, 0.02, 0.05, 0.1, 0.15, 0.25, 0.35, 0.5])
FITTED = 6
MAYBE_SHARE = 0.033
MIN_PLACES = 400

STEP = 0.001  # between the distances that are tried


def cut_for(distance: np.ndarray, hours: float, per_hour: float, kind: Kind) -> float:
    """The largest distance at which at most `per_hour` false alarms an hour are expected; 0 where
    even the nearest would be too many.

    `distance` is that of every place of one recording or several, [n], which last `hours` in all;
    `kind` as in their profiles, or words or fitted where the query is no sound.

    Two kinds are added up. What a recording usually sounds like, its background, comes near by
    chance: its distances are taken for normal in their lower tail, which is extrapolated. And some
    other sound occurs that is like the query: so often as unrelated sounds are alike in general,
    since of this recording nobody can say which sounds are unrelated.
    """
    distances = np.arange(STEP, FAR, STEP)
    expected = OTHER_SOUNDS_PER_HOUR * _unrelated(distances, kind)
    heard = distance[distance < FAR]
    if len(heard) >= MIN_PLACES:
        expected += _share(distances, heard, kind) * len(heard) / hours
    allowed = np.flatnonzero(expected <= per_hour)
    return float(distances[allowed[-1]]) if len(allowed) else 0.0


def is_usual(distance: np.ndarray, kind: Kind) -> bool:
    """Whether half of a recording or more is as near as the sounds that are looked for."""
    return bool(np.median(distance) <= _maybe(kind))


def _maybe(kind: Kind) -> float:
    return UNRELATED_DISTANCE[kind][UNRELATED_SHARE.index(MAYBE_SHARE)]


def _unrelated(distances: np.ndarray, kind: Kind) -> np.ndarray:
    """The share of unrelated sounds that are at most this far, extrapolated below the table."""
    table, logs = np.array(UNRELATED_DISTANCE[kind]), np.log(UNRELATED_SHARE)
    slope = (logs[1] - logs[0]) / (table[1] - table[0])
    below = logs[0] + slope * (distances - table[0])
    return np.exp(np.where(distances < table[0], below, np.interp(distances, table, logs)))


def _share(distances: np.ndarray, heard: np.ndarray, kind: Kind) -> np.ndarray:
    """The share of places that is at most this far, by a normal law for the lower tail."""
    quantiles = np.quantile(heard, QUANTILES)
    first = min(int((quantiles <= _maybe(kind)).sum()), len(QUANTILES) - 2)
    which = slice(first, first + FITTED)
    scale, centre = np.polyfit(ndtri(QUANTILES[which]), quantiles[which], 1)
    return np.asarray(ndtr((distances - centre) / max(scale, STEP)))
