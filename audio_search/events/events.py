"""Places near enough -> events with a begin and an end."""

from dataclasses import dataclass

import numpy as np

from audio_search.events.profiles import FAR, Profile

# Between the nearest distance of an event and the usual one of its recording, where it begins and
# ends. Below a half, because an example that a loud sound fills by a third is nearer to the sound
# than to the background already (measured, see benchmarks/events.json).
BEGIN_EDGE = 0.25
END_EDGE = 0.35
MAX_STEP_S = 1.0  # between two examples that follow one another
JOINED_S = 0.1  # of pause at most, between two examples with none between them


@dataclass(frozen=True)
class Event:
    """A place where a sound occurs, in seconds of the whole file; `peak_s` is the middle of what is
    nearest to the query, at `distance`."""

    beg_s: float
    end_s: float
    peak_s: float
    distance: float


def find(profile: Profile, max_distance: float, min_gap_s: float) -> list[Event]:
    """The events whose distance is at most `max_distance`, nearest first.

    Two with less than `min_gap_s` between them are one.
    """
    near = np.flatnonzero(profile.distance <= min(max_distance, np.nextafter(FAR, 0)))
    if profile.span_s is None:
        found = _of_examples(profile, near, min_gap_s)
    else:
        found = _of_starts(profile, near, profile.span_s)
    return sorted(_merged(found, min_gap_s), key=lambda event: (event.distance, event.beg_s))


def _of_examples(profile: Profile, near: np.ndarray, min_gap_s: float) -> list[Event]:
    """One for each run of near examples."""
    pause_s = np.diff(profile.time_s[near]) - profile.length_s
    runs = np.split(near, np.flatnonzero(pause_s >= max(min_gap_s, JOINED_S)) + 1)
    usual = profile.usual
    return [_edged(profile, run, usual) for run in runs if len(run)]


def _edged(profile: Profile, run: np.ndarray, usual: float) -> Event:
    distance = profile.capped
    peak = run[distance[run].argmin()]
    rise = max(usual - distance[peak], 0)
    level = distance[peak] + BEGIN_EDGE * rise
    beg_s = crossing(profile, distance, run[distance[run] <= level][0], -1, level)
    level = distance[peak] + END_EDGE * rise
    end_s = crossing(profile, distance, run[distance[run] <= level][-1], 1, level)
    return Event(max(beg_s, 0.0), end_s, float(profile.time_s[peak]), float(distance[peak]))


def crossing(profile: Profile, distance: np.ndarray, index: int, step: int, level: float) -> float:
    """When the profile rises above `level`, seen from an example below it, by linear interpolation
    between the middles of examples; where none follows, the edge of the last.

    `distance` is that of the profile, or the same smoothed; `step` is 1 to look ahead, -1 to look
    back.
    """
    time_s, max_step_s = profile.time_s, max(MAX_STEP_S, profile.length_s)
    while True:
        other = index + step
        if not 0 <= other < len(time_s) or abs(time_s[other] - time_s[index]) > max_step_s:
            return float(time_s[index] + step * profile.length_s / 2)
        if distance[other] > level:
            share = (level - distance[index]) / (distance[other] - distance[index])
            return float(time_s[index] + share * (time_s[other] - time_s[index]))
        index = other


def _of_starts(profile: Profile, near: np.ndarray, span_s: float) -> list[Event]:
    """The nearest starts first, without those whose query would overlap with that of a nearer one:
    a part of a sound is near to the whole, and is not another event."""
    found: list[Event] = []
    taken = np.empty(0)
    for start in near[np.argsort(profile.distance[near], kind='stable')]:
        beg_s = float(profile.time_s[start])
        if (np.abs(taken - beg_s) < span_s - MAX_STEP_S).any():
            continue
        taken = np.append(taken, beg_s)
        distance = float(profile.distance[start])
        found.append(Event(max(beg_s, 0.0), beg_s + span_s, beg_s + span_s / 2, distance))
    return found


def _merged(events: list[Event], min_gap_s: float) -> list[Event]:
    """Those that follow one another too closely as one, with the peak of the nearest."""
    merged: list[Event] = []
    for event in sorted(events, key=lambda event: event.beg_s):
        if merged and event.beg_s - merged[-1].end_s < min_gap_s:
            former = merged.pop()
            best = min(former, event, key=lambda one: one.distance)
            event = Event(former.beg_s, max(former.end_s, event.end_s), best.peak_s, best.distance)
        merged.append(event)
    return merged
