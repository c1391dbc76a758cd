"""Church bells."""

import numpy as np

from .bird import songbird
from .clip import FLUID, OWN, SONIC_PI, clip
from .midi import Note, Preset, played
from .package import sonic_pi
from .waveform import (
    Rng,
    Wave,
    band,
    coloured,
    faded,
    mixed,
    place,
    repitched,
    reverberated,
    room_tone,
    silence,
    times_s,
    wander,
    white,
)

# frequency relative to the strike note, loudness, and decay relative to the hum
PARTIALS = (
    (0.5, 0.6, 1.0), (1.0, 1.0, 0.7), (1.19, 0.8, 0.6), (1.5, 0.45, 0.45), (2.0, 1.0, 0.4),
    (2.51, 0.4, 0.28), (2.66, 0.35, 0.25), (3.01, 0.45, 0.2), (4.17, 0.35, 0.14),
    (5.43, 0.25, 0.1), (6.8, 0.18, 0.07), (8.2, 0.12, 0.05),
)  # fmt: skip


def bell(strike_hz: float, hum_decay_s: float, rng: Rng) -> Wave:
    """One stroke; every partial is a pair that beats, as cast bells are never round."""
    duration_s = min(hum_decay_s * 1.2, 9.0)
    t = times_s(duration_s)
    wave = np.zeros(len(t))
    for ratio, loudness, decay in PARTIALS:
        hz = strike_hz * ratio * (1 + rng.normal(0, 0.003))
        beat_hz = rng.uniform(0.2, 1.4)
        tone = np.sin(2 * np.pi * hz * t + rng.uniform(0, 6.3))
        tone += 0.5 * np.sin(2 * np.pi * (hz + beat_hz) * t + rng.uniform(0, 6.3))
        wave += loudness * rng.uniform(0.7, 1.3) * tone * np.exp(-6.9 * t / (hum_decay_s * decay))
    clank = band(white(0.08, rng), strike_hz * 3, min(strike_hz * 14, 12_000))
    place(wave, faded(clank, 0.001, 0.07), 0, 0.8)
    return faded(wave, 0.002, 0.3)


def pealed(strikes_hz: list[float], starts_s: list[float], hum_decay_s: float, rng: Rng) -> Wave:
    """Bells of these pitches, each struck at its time."""
    canvas = silence(10)
    cast = {hz: bell(hz, hum_decay_s * (400 / hz) ** 0.4, rng) for hz in set(strikes_hz)}
    for hz, start_s in zip(strikes_hz, starts_s, strict=True):
        place(canvas, cast[hz], start_s, rng.uniform(0.75, 1.0))
    return canvas


@clip(111, 'churchbell', 'one large bell tolling every 2.4 s, heard outdoors', OWN)
def tolling(rng: Rng) -> Wave:
    wave = pealed([233.0] * 4, [0.2, 2.6, 5.05, 7.4], 8, rng)
    return mixed((reverberated(wave, rng, 2.5, 0.35), -20), (coloured(10, rng, 1.5), -48))


@clip(112, 'churchbell', 'six bells ringing rounds and changes', OWN, stereo=True)
def changes(rng: Rng) -> Wave:
    scale_hz = [784.0, 698.5, 659.3, 587.3, 523.3, 466.2]
    rows = ([0, 1, 2, 3, 4, 5], [1, 0, 3, 2, 5, 4], [1, 3, 0, 5, 2, 4], [3, 1, 5, 0, 4, 2],
            [3, 5, 1, 4, 0, 2], [5, 3, 4, 1, 2, 0])  # fmt: skip
    order = [scale_hz[i] for row in rows for i in row]
    starts_s = [0.1 + 0.27 * i + rng.normal(0, 0.012) for i in range(len(order))]
    return reverberated(pealed(order, starts_s, 4, rng), rng, 1.8, 0.3)


@clip(113, 'churchbell', 'General MIDI preset Church Bell striking the quarters', FLUID)
def quarters(rng: Rng) -> Wave:
    keys = (64, 62, 60, 55, 60, 64, 62, 55)
    notes = [Note(0.1 + 1.2 * i, 3.5, key, 105) for i, key in enumerate(keys)]
    wave = played(notes, {0: Preset(14, bank=8)}, 10)
    return reverberated(wave, rng, 3, 0.4) + room_tone(10, rng, -50)


@clip(114, 'churchbell', 'two small chapel bells swinging out of step', OWN)
def chapel(rng: Rng) -> Wave:
    high = [0.05 + 0.83 * i + rng.normal(0, 0.02) for i in range(12)]
    low = [0.4 + 0.97 * i + rng.normal(0, 0.02) for i in range(10)]
    wave = pealed([659.3] * 12 + [523.3] * 10, high + low, 3.2, rng)
    return reverberated(wave, rng, 1.0, 0.2) + 2 * room_tone(10, rng)


@clip(115, 'churchbell', 'two recorded hand bells, slowed to the size of tower bells', SONIC_PI)
def slowed(rng: Rng) -> Wave:
    canvas = silence(10)
    first, second = repitched(sonic_pi('perc_bell2'), 0.33), repitched(sonic_pi('perc_bell'), 0.4)
    for turn in range(9):
        stroke = second if turn % 2 else first
        place(canvas, stroke / np.abs(stroke).max(), 0.1 + 1.1 * turn, rng.uniform(0.8, 1))
    return reverberated(band(canvas, 160, None), rng, 2.2, 0.4) + room_tone(10, rng, -60)


@clip(
    116, 'churchbell', 'General MIDI preset Tubular Bells far off, behind loud birdsong and wind',
    FLUID, OWN, mixed_with='birds',
)  # fmt: skip
def village(rng: Rng) -> Wave:
    keys = (60, 57, 53, 60, 57, 53)
    notes = [Note(0.2 + 1.6 * i, 4, key, 110) for i, key in enumerate(keys)]
    bells = reverberated(played(notes, {0: Preset(14)}, 10), rng, 2.5, 0.8, 2500)
    song = songbird(10, 3600, 4.5, rng)
    wind = band(coloured(10, rng, 1.2), 80, 1500) * (0.2 + wander(10, rng, 0.3))
    return mixed((bells, -21), (song, -23), (wind, -34))
