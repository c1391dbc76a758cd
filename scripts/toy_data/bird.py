"""Birds."""

import numpy as np

from .clip import FLUID, OPENSFX, OWN, SONIC_PI, clip
from .midi import Note, Preset, played
from .package import FLUID_GS, opensfx, sonic_pi
from .waveform import (
    SAMPLE_RATE_HZ,
    Rng,
    Wave,
    band,
    coloured,
    faded,
    looped,
    mixed,
    place,
    repitched,
    reverberated,
    room_tone,
    silence,
    times_s,
    wander,
)


def syllable(duration_s: float, from_hz: float, to_hz: float, trill_hz: float, rng: Rng) -> Wave:
    """A whistled glide, with the warble that a syrinx gives it."""
    t = times_s(duration_s)
    glide = from_hz * (to_hz / from_hz) ** (t / duration_s)
    glide *= 1 + rng.uniform(0.01, 0.06) * np.sin(2 * np.pi * trill_hz * t)
    phase = 2 * np.pi * np.cumsum(glide) / SAMPLE_RATE_HZ
    tone = np.sin(phase) + 0.12 * np.sin(2 * phase) + 0.04 * np.sin(3 * phase)
    return faded(tone, duration_s * 0.25, duration_s * 0.5)


def songbird(duration_s: float, centre_hz: float, phrase_rate_hz: float, rng: Rng) -> Wave:
    """Phrases of repeated syllables around centre_hz, with rests between them."""
    canvas = silence(duration_s)
    at_s = rng.uniform(0.05, 0.3)
    while at_s < duration_s:
        shape = centre_hz * rng.uniform(0.7, 1.4, 2)
        length_s, trill_hz = rng.uniform(0.05, 0.16), rng.uniform(15, 60)
        loud = rng.uniform(0.4, 1)
        for _ in range(rng.integers(2, 9)):
            from_hz, to_hz = shape * rng.normal(1, 0.02, 2)
            chirp = syllable(length_s, from_hz, to_hz, trill_hz, rng)
            place(canvas, chirp, at_s, loud)
            at_s += length_s + rng.uniform(0.6, 1.2) * 0.25 / phrase_rate_hz
        at_s += rng.exponential(0.8 / phrase_rate_hz) + 0.08
    return canvas


@clip(141, 'birds', 'recorded tropical bird, calling and answered at another pitch', OPENSFX)
def tropical(rng: Rng) -> Wave:
    call, answer = opensfx(66), repitched(opensfx(66), 1.19)
    canvas = silence(10)
    for start_s, sound, gain in ((0, call, 1), (2.5, answer, 0.6), (4.6, call, 0.9),
                                 (7.0, answer, 0.7), (8.6, call, 0.8)):  # fmt: skip
        place(canvas, sound, start_s, gain)
    return reverberated(canvas, rng, 0.8, 0.2) + 0.5 * room_tone(10, rng)


@clip(142, 'birds', 'recorded forest bird with its forest, looped with crossfades', OPENSFX)
def forest(rng: Rng) -> Wave:
    return looped(opensfx(72), 10, 0.4) * (0.7 + 0.3 * wander(10, rng, 0.5))


@clip(143, 'birds', 'General MIDI preset Bird Tweet at several pitches', FLUID, stereo=True)
def tweets(rng: Rng) -> Wave:
    keys = (60, 64, 58, 67, 61, 55, 63)
    notes = [Note(0.1 + 1.4 * i, 1.3, key, 100) for i, key in enumerate(keys)]
    return played(notes, {0: Preset(123)}, 10) + room_tone(10, rng, -55)


@clip(144, 'birds', 'dawn chorus of five songbirds of different kinds', OWN, stereo=True)
def chorus(rng: Rng) -> Wave:
    kinds = ((2300, 2.0, -26), (3100, 3.5, -22), (4200, 5.0, -24), (5200, 6.0, -27), (3600, 3, -24))
    singers = [(songbird(10, hz, rate, rng), level) for hz, rate, level in kinds]
    leaves = band(coloured(10, rng, 0.8), 300, 5000) * (0.3 + wander(10, rng, 0.4))
    return reverberated(mixed(*singers, (leaves, -42)), rng, 1.2, 0.25)


@clip(145, 'birds', 'General MIDI preset Bird 2, three singers over a quiet meadow', FLUID)
def meadow(rng: Rng) -> Wave:
    notes = []
    for key in (52, 60, 66):
        at_s = rng.uniform(0.05, 0.6)
        while at_s < 9.6:
            for _ in range(rng.integers(1, 5)):
                notes.append(Note(at_s, 0.3, key, int(rng.integers(70, 115))))
                at_s += rng.uniform(0.22, 0.34)
            at_s += rng.uniform(0.3, 1.1)
    wave = played(notes, {0: Preset(123, bank=3)}, 10, FLUID_GS)
    breeze = band(coloured(10, rng, 1.0), 200, 4000) * (0.3 + wander(10, rng, 0.3))
    return mixed((reverberated(wave, rng, 0.9, 0.2), -20), (breeze, -46))


@clip(
    146, 'birds', 'recorded crows and a songbird, with a propeller plane starting close by',
    SONIC_PI, OWN, OPENSFX, mixed_with='an aircraft engine',
)  # fmt: skip
def airfield(rng: Rng) -> Wave:
    crows = silence(10)
    for start_s in (0.3, 1.0, 1.8, 4.4, 5.2, 7.7, 8.5):
        place(crows, repitched(sonic_pi('misc_crow'), rng.uniform(0.9, 1.1)), start_s)
    plane = looped(opensfx(69), 10, 0.8)
    return mixed((crows, -22), (songbird(10, 4000, 3, rng), -26), (plane, -23))
