"""Begin and end of an event from examples that follow one another every 0.24 s.

The stored examples begin every 0.96 s or so. Four windows, each 0.24 s behind the other, give one
every 0.24 s; they are encoded again from the sound, around the begin and the end of each event.
"""

from dataclasses import replace

import numpy as np

from audio_search.events.events import Event, crossing
from audio_search.events.examples import EXAMPLE_S
from audio_search.events.profiles import Profile

SHIFT_S = EXAMPLE_S / 4
MARGIN_S = 2.0  # before and behind an edge: examples that have nothing of the event in them
REACH_S = 1.0  # around the stored event, in which its peak and edges are looked for
MAX_MOVE_S = 0.5  # of an edge: one that is further off is rather that of something else

# Between the nearest distance and the usual one, where an event begins and ends. A sound mostly
# begins at once and dies away slowly (measured, see benchmarks/events.json).
BEGIN_EDGE = 0.15
END_EDGE = 0.3


def shifted_windows(
    event: Event, span_s: float | None, window_s: float, first_s: float, last_s: float
) -> np.ndarray:
    """When the windows begin that have to be encoded to refine an event, ascending: float64 [n].

    They begin and end within [first_s, last_s], the part of the file that is indexed; empty where
    that is shorter than a window. `span_s` as in Profile: a query that counts as a whole is looked
    for with all of its length around the event's begin.
    """
    if span_s is None:
        edges = [event.beg_s, event.end_s]
    else:
        edges = list(np.arange(event.beg_s, event.beg_s + span_s + MARGIN_S, MARGIN_S))
    shifts = np.arange(4) * SHIFT_S
    per_group = window_s // EXAMPLE_S * EXAMPLE_S
    latest = max(last_s - window_s - shifts[-1], first_s)
    begins: list[float] = []
    for edge_s in edges:
        start = edge_s - MARGIN_S if not begins else max(edge_s - MARGIN_S, begins[-1] + per_group)
        while start < edge_s + MARGIN_S:
            begins.append(start)
            start += per_group
    groups = np.unique(np.clip(begins, first_s, latest).round(3))
    starts = np.unique(np.add.outer(groups, shifts).round(3))
    return starts[starts + window_s <= last_s]


def refined(event: Event, near: Profile) -> Event:
    """The event with begin, end and peak from `near`, the profile of examples SHIFT_S apart.

    Its distance stays that of the stored examples, which is what its rank and rarity are of. An
    edge that would move by more than MAX_MOVE_S stays where it is.
    """
    if near.span_s is not None:
        return _aligned(event, near, near.span_s)
    time_s = near.time_s
    distance = np.convolve(np.pad(near.capped, 1, mode='edge'), [0.25, 0.5, 0.25], 'valid')
    inside = (time_s > event.beg_s - REACH_S) & (time_s < event.end_s + REACH_S)
    if not inside.any():
        return event
    places = np.flatnonzero(inside)
    peak = places[distance[places].argmin()]
    usual = float(np.median(distance[~inside])) if (~inside).any() else near.usual
    edges = []
    for share, step, former_s in ((BEGIN_EDGE, -1, event.beg_s), (END_EDGE, 1, event.end_s)):
        level = distance[peak] + share * max(usual - distance[peak], 0)
        below = places[distance[places] <= level]
        edge_s = crossing(near, distance, below[0 if step < 0 else -1], step, level)
        edges.append(edge_s if abs(edge_s - former_s) <= MAX_MOVE_S else former_s)
    beg_s, end_s = edges
    return replace(
        event, beg_s=max(beg_s, 0.0), end_s=max(beg_s, end_s), peak_s=float(time_s[peak])
    )


def _aligned(event: Event, near: Profile, span_s: float) -> Event:
    """The nearest start of a query that counts as a whole."""
    inside = np.flatnonzero(np.abs(near.time_s - event.beg_s) <= REACH_S)
    if not len(inside):
        return event
    beg_s = float(near.time_s[inside[near.distance[inside].argmin()]])
    moved_s = beg_s - event.beg_s
    return replace(
        event, beg_s=max(beg_s, 0.0), end_s=event.end_s + moved_s, peak_s=event.peak_s + moved_s
    )
