"""When what sounds in an event begins and ends, to some hundredths of a second.

An example lasts 0.96 s, and says how near it is to the query, not where in it the sound lies. The
mel spectrogram around an event does: there a sound stands out of what is usual, in its own bands.
Activity detection as in the sound event literature: levels above the noise floor, weighted by the
spectrum of the sound, with a threshold from the floor's own variation, and hysteresis.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.ndimage import uniform_filter1d

from audio_search.events.events import Event
from audio_search.vggish.parameters import FRAME_LENGTH, HOP_LENGTH, SAMPLE_RATE_HZ

AROUND_S = 10.0  # before and behind an event: what is usual there is taken from it
APART_S = (1.0, 0.25)  # from any event: nearer, its sound may go on. Less where events are many
MIN_AROUND_S = 1.0  # of it, or nothing is known of what is usual

SMOOTHED = 5  # frames, 50 ms
FAINTEST = 1e-4  # mel magnitude; digital silence has none, and no logarithm
LEAST_SPREAD = 0.075  # of the logarithm of a band: of digital silence it is 0

# Levels are told by the top of an event, which nine tenths of it lie below, since a click is not
# the sound. All measured on four draws of sounds, and tried on others: benchmarks/events.json.
TOP_SHARE = 0.9
USUAL_SHARE = 0.98  # of what is around lies below the threshold,
LOUD = 0.45  # which is at most here: what is around may hold other loud sounds
OFTEN_SHARE = 0.8  # of what is around has to be less than LOUD, or the event does not stand out
FAINT = 0.2  # what is below it is not the sound any more
CLEAR = 0.4  # what another part of the sound, beyond a pause, has to reach,
CLEAR_ABOVE = 1.3  # and so many times the threshold
BREAK_S = 0.15  # within one part of a sound
PAUSE_S = 1.0  # between two parts of a sound
REACH_S = 1.5  # before and behind the event as it was found


def heard(event: Event, magnitudes: np.ndarray, first_s: float, others: Sequence[Event]) -> Event:
    """The event from when its sound is first heard to when it is last heard.

    `magnitudes` are mel magnitudes, float [frames, bands], a frame every 0.01 s, of a stretch of
    the recording that begins at `first_s` and has the event in it and some AROUND_S before and
    behind it; `others` are events of the recording too: they are not taken for what is usual, and
    the event does not reach into them.

    An event that stands out of its surroundings by too little stays as it is.
    """
    begins_s = first_s + np.arange(len(magnitudes)) * HOP_LENGTH / SAMPLE_RATE_HZ
    time_s = begins_s + FRAME_LENGTH / SAMPLE_RATE_HZ / 2
    inside = ~_apart(time_s, event, 0)
    around = _around(time_s, event, others)
    if not inside.any() or around is None:
        return event
    level = _level(magnitudes, inside, around)
    top = np.quantile(level[inside], TOP_SHARE)
    often, usual = np.quantile(level[around], [OFTEN_SHARE, USUAL_SHARE])
    if often > LOUD * top:
        return event
    usual = min(usual, LOUD * top)
    faint, clear = max(usual, FAINT * top), max(CLEAR_ABOVE * usual, CLEAR * top)
    reached = ~_apart(time_s, event, REACH_S)
    for other in others:
        reached &= _apart(time_s, other, 0) | inside
    sound = _of_one_sound(_runs((level > faint) & reached, BREAK_S), inside, level, clear)
    if not sound:
        return event
    beg_s, end_s = float(time_s[sound[0][0]]), float(time_s[sound[-1][1]])
    return replace(event, beg_s=beg_s, end_s=end_s, peak_s=min(max(event.peak_s, beg_s), end_s))


def _around(time_s: np.ndarray, event: Event, others: Sequence[Event]) -> np.ndarray | None:
    """Which frames say what is usual around an event; None where too few do."""
    for apart_s in APART_S:
        around = ~_apart(time_s, event, AROUND_S)
        for one in (event, *others):
            around &= _apart(time_s, one, apart_s)
        if around.sum() * HOP_LENGTH >= MIN_AROUND_S * SAMPLE_RATE_HZ:
            return around
    return None


def _of_one_sound(
    runs: list[tuple[int, int]], inside: np.ndarray, level: np.ndarray, clear: float
) -> list[tuple[int, int]]:
    """Those of the runs that have frames inside the event, and those which follow them after a
    pause; at both ends one that is clearly heard, unless it is the only one."""
    is_core = [bool(inside[first : last + 1].any()) for first, last in runs]
    if not any(is_core):
        return []
    is_clear = [bool(level[first : last + 1].max() >= clear) for first, last in runs]
    begin, end = is_core.index(True), len(runs) - 1 - is_core[::-1].index(True)
    while begin > 0 and is_clear[begin - 1] and _pause_s(runs, begin - 1) <= PAUSE_S:
        begin -= 1
    while end < len(runs) - 1 and is_clear[end + 1] and _pause_s(runs, end) <= PAUSE_S:
        end += 1
    while begin < end and not is_clear[begin]:
        begin += 1
    while end > begin and not is_clear[end]:
        end -= 1
    return runs[begin : end + 1]


def _apart(time_s: np.ndarray, event: Event, by_s: float) -> np.ndarray:
    return (time_s < event.beg_s - by_s) | (time_s > event.end_s + by_s)


def _level(magnitudes: np.ndarray, inside: np.ndarray, around: np.ndarray) -> np.ndarray:
    """How far each frame stands out of what is usual around, in the bands in which the frames
    inside do: in standard deviations, [frames]."""
    logs = uniform_filter1d(np.log(magnitudes + FAINTEST), SMOOTHED, axis=0)
    usual = np.median(logs[around], axis=0)
    spread = 1.4826 * np.median(np.abs(logs[around] - usual), axis=0)  # of a normal law
    weight = np.maximum(logs[inside] - usual, 0).mean(axis=0)
    above = np.maximum((logs - usual) / np.maximum(spread, LEAST_SPREAD), 0)
    return np.asarray(above @ (weight / max(weight.sum(), FAINTEST)))


def _runs(which: np.ndarray, break_s: float) -> list[tuple[int, int]]:
    """First and last frame of each run; one goes on over a break that is not longer."""
    frames = np.flatnonzero(which)
    if not len(frames):
        return []
    cuts = np.flatnonzero(np.diff(frames) * HOP_LENGTH > break_s * SAMPLE_RATE_HZ) + 1
    return [(int(run[0]), int(run[-1])) for run in np.split(frames, cuts)]


def _pause_s(runs: list[tuple[int, int]], number: int) -> float:
    """Between a run and the next one."""
    return (runs[number + 1][0] - runs[number][1]) * HOP_LENGTH / SAMPLE_RATE_HZ
