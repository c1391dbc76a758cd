"""Applause."""

import numpy as np

from .bird import syllable
from .clip import FLUID, OPENSFX, OWN, clip
from .midi import Note, Preset, played, sustained
from .package import opensfx
from .waveform import (
    Rng,
    Wave,
    band,
    faded,
    length_of,
    mixed,
    place,
    regrained,
    repitched,
    reverberated,
    room_tone,
    silence,
    times_s,
    wander,
    white,
)

GM_APPLAUSE = Preset(126)


def handclap(rng: Rng) -> Wave:
    """One clap: a burst, coloured by how the hands are cupped."""
    length_s = rng.uniform(0.012, 0.04)
    burst = white(0.06, rng) * np.exp(-times_s(0.06) * 4.5 / length_s)
    hollow_hz = rng.uniform(600, 2200)
    palm = band(burst, hollow_hz * 0.7, hollow_hz * 1.5)
    return faded(3 * palm + 0.5 * band(burst, 1500, 9000), 0.0004, 0.02)


def clappers(count: int, duration_s: float, rng: Rng) -> Wave:
    """People clapping, each with their own hands, pace and distance."""
    canvas = silence(duration_s)
    for _ in range(count):
        pace_hz, near = rng.uniform(3.0, 5.2), rng.uniform(0.2, 1)
        hands = [handclap(rng) for _ in range(3)]
        at_s = rng.uniform(0, 0.4)
        while at_s < duration_s:
            place(canvas, hands[rng.integers(3)], at_s, near * rng.uniform(0.7, 1.2))
            at_s += rng.normal(1, 0.07) / pace_hz
    return canvas


@clip(121, 'applause', 'recorded audience, drawn out by random grains', OPENSFX, stereo=True)
def audience(rng: Rng) -> Wave:
    return regrained(opensfx(29), 10, 1.8, rng)


@clip(122, 'applause', 'General MIDI preset Applause', FLUID)
def sampled(rng: Rng) -> Wave:
    return sustained(GM_APPLAUSE, 60, 10) * (0.75 + 0.25 * wander(10, rng, 0.5))


@clip(123, 'applause', 'twelve people clapping in a small room', OWN)
def small_room(rng: Rng) -> Wave:
    return reverberated(clappers(12, 10, rng), rng, 0.45, 0.5) + room_tone(10, rng)


@clip(124, 'applause', 'large hall: applause that rises, holds and dies away', OWN, stereo=True)
def large_hall(rng: Rng) -> Wave:
    crowd = clappers(110, 10, rng)
    swell = np.interp(times_s(10), [0, 2, 6.5, 10], [0.25, 1, 0.9, 0.12])
    return reverberated(crowd * swell, rng, 1.9, 0.7) + room_tone(10, rng)


@clip(125, 'applause', 'encore: a crowd clapping in unison, whistling and calling', OWN, OPENSFX)
def encore(rng: Rng) -> Wave:
    unison = silence(10)
    for start_s in np.arange(0.1, 9.9, 0.42):
        for _ in range(22):
            place(unison, handclap(rng), max(0, start_s + rng.normal(0, 0.03)), rng.uniform(0.3, 1))
    calls = silence(10)
    for start_s in rng.uniform(0, 8.5, 7):
        place(calls, repitched(opensfx(30), rng.uniform(0.8, 1.3)), start_s, rng.uniform(0.4, 1))
    for start_s in (2.1, 5.6, 8.2):
        to_hz = rng.uniform(2200, 2800)
        place(calls, syllable(0.5, 1500, to_hz, 8, rng), start_s, 0.04)
    claps = mixed((unison, -20), (clappers(14, 10, rng), -26))
    return mixed((reverberated(claps, rng, 1.1, 0.4), -20), (calls, -32))


@clip(
    126, 'applause', 'first half a string finale, second half the hall applauding',
    FLUID, OWN, mixed_with='music',
)  # fmt: skip
def concert_end(rng: Rng) -> Wave:
    chords = ((55, 62, 67, 71), (60, 64, 67, 72), (62, 66, 69, 74), (55, 62, 67, 79))
    beats = [(0.05 + 1.2 * i, chord) for i, chord in enumerate(chords)]
    notes = [Note(start_s, 1.25, key, 110) for start_s, chord in beats for key in chord]
    music = reverberated(played(notes, {0: Preset(48)}, 10), rng, 1.6, 0.4)
    music[length_of(5.2) :] *= np.exp(-3 * times_s(4.8))
    claps = silence(10)
    place(claps, faded(clappers(60, 5.4, rng), 0.9, 0.3), 4.6)
    return mixed((music, -20), (reverberated(claps, rng, 1.3, 0.5), -20))
