"""Surf."""

import numpy as np

from .bird import syllable
from .clip import FLUID, OPENSFX, OWN, UFOAI, clip
from .midi import Note, Preset, played, sustained
from .package import FLUID_GS, opensfx, ufoai
from .waveform import (
    Rng,
    Wave,
    band,
    coloured,
    length_of,
    looped,
    mixed,
    place,
    regrained,
    repitched,
    reverberated,
    silence,
    times_s,
    wander,
    white,
)


def breaker(duration_s: float, hiss: float, rng: Rng) -> Wave:
    """One wave: it swells, breaks, and runs back with a hiss."""
    t = times_s(duration_s) / duration_s
    body = np.where(t < 0.35, (t / 0.35) ** 2.2, np.exp(-4.5 * (t - 0.35)))
    fizz = np.where(t < 0.4, (t / 0.4) ** 5, np.exp(-2.8 * (t - 0.4)))
    roar = band(coloured(duration_s, rng, 1.4), 60, 1200)
    foam = band(white(duration_s, rng), 1200, 9000) * (0.6 + 0.4 * wander(duration_s, rng, 14))
    end = np.minimum(1, (1 - t) * 8)
    return (roar * body + hiss * foam * fizz) * end


def surf(duration_s: float, period_s: float, hiss: float, rng: Rng) -> Wave:
    """Breakers about period_s apart, above the sea's steady noise."""
    canvas = 0.15 * band(coloured(duration_s, rng, 1.1), 80, 4000)
    at_s = -0.3 * period_s
    while at_s < duration_s:
        wave = breaker(period_s * rng.uniform(1.3, 1.8), hiss, rng) * rng.uniform(0.6, 1)
        place(canvas, wave[max(0, -length_of(at_s)) :], max(0.0, at_s))
        at_s += period_s * rng.uniform(0.8, 1.25)
    return canvas


@clip(131, 'seashore', 'General MIDI preset Seashore', FLUID)
def sampled(rng: Rng) -> Wave:
    return mixed((sustained(Preset(122), 60, 10), -20), (coloured(10, rng, 1.2), -45))


@clip(132, 'seashore', 'long breakers rolling on sand', OWN, stereo=True)
def rollers(rng: Rng) -> Wave:
    return surf(10, 4.2, 0.22, rng)


@clip(133, 'seashore', 'short waves that rattle pebbles as they run back', OWN)
def pebbles(rng: Rng) -> Wave:
    stones = silence(10)
    drag = np.maximum(0, np.sin(2 * np.pi * times_s(10) / 2.6 - 1.2)) ** 2
    for start_s in rng.uniform(0, 9.9, 2600):
        click = band(white(0.012, rng), 1800, 7000) * np.exp(-times_s(0.012) * 500)
        place(stones, click, start_s, drag[length_of(start_s)] * rng.exponential(0.5))
    return mixed((surf(10, 2.6, 0.35, rng), -20), (stones, -29))


@clip(134, 'seashore', 'recorded water lapping, regrained, with small waves behind', UFOAI, OWN)
def lapping(rng: Rng) -> Wave:
    water = repitched(ufoai('ambience/water01'), 0.85)
    return mixed((regrained(water, 10, 2.4, rng), -25), (surf(10, 3.3, 0.3, rng), -21))


@clip(135, 'seashore', 'heavy surf below a cliff, in a recorded wind', OWN, OPENSFX, stereo=True)
def cliff(rng: Rng) -> Wave:
    deep = reverberated(surf(10, 5.5, 0.1, rng), rng, 1.5, 0.3, 3000)
    return mixed((deep, -20), (looped(opensfx(52), 10, 0.5), -32))


@clip(
    136, 'seashore', 'surf under screaming gulls and thunder', OWN, FLUID,
    mixed_with='birds and thunder',
)  # fmt: skip
def gulls(rng: Rng) -> Wave:
    cries = silence(10)
    at_s = 0.2
    while at_s < 9.5:
        pitch_hz = rng.uniform(1100, 1500)
        for _ in range(rng.integers(2, 6)):
            cry = syllable(0.32, pitch_hz * 1.35, pitch_hz * 0.8, 34, rng)
            place(cries, np.tanh(2.5 * cry), at_s, rng.uniform(0.5, 1))
            at_s += 0.36
        at_s += rng.uniform(0.2, 1.0)
    claps = [Note(1.5, 5, 60, 110), Note(6, 4, 57, 110)]
    thunder = played(claps, {0: Preset(122, 2)}, 10, FLUID_GS)
    return mixed((surf(10, 3.6, 0.25, rng), -22), (cries, -23), (thunder, -24))
