"""Telephones."""

import numpy as np

from .clip import ALLISON, FLUID, OWN, ROTARY_PHONE, clip
from .midi import Note, Preset, played
from .package import FLUID_GS, asterisk, rotary_phone
from .waveform import (
    SAMPLE_RATE_HZ,
    Rng,
    Wave,
    band,
    faded,
    length_of,
    looped,
    mixed,
    place,
    repitched,
    reverberated,
    room_tone,
    silence,
    times_s,
    white,
)

LOW_KEYS_HZ = (697, 770, 852, 941)
HIGH_KEYS_HZ = (1209, 1336, 1477)


def gongs(duration_s: float, low_hz: float, high_hz: float, strokes_hz: float, rng: Rng) -> Wave:
    """A clapper that strikes two small gongs in turn."""
    canvas = silence(duration_s + 1.2)
    t = times_s(1.2)
    rings = []
    for gong_hz in (low_hz, high_hz):
        ring = np.zeros(len(t))
        for ratio, gain, damping in ((1, 1, 5), (1.006, 0.6, 6), (2.74, 0.7, 9), (5.2, 0.4, 16)):
            ring += gain * np.sin(2 * np.pi * gong_hz * ratio * t) * np.exp(-t * damping)
        place(ring, band(white(0.01, rng), 2000, 9000), 0, 0.5)
        rings.append(faded(ring, 0.0005, 0.05))
    for stroke, start_s in enumerate(np.arange(0, duration_s, 1 / strokes_hz)):
        place(canvas, rings[stroke % 2], start_s, rng.uniform(0.8, 1))
    return canvas


def warble(duration_s: float, tones_hz: tuple[float, ...], rate_hz: float) -> Wave:
    """An electronic ringer that hops between tones."""
    t = times_s(duration_s)
    hop = (t * rate_hz * len(tones_hz)).astype(int) % len(tones_hz)
    phase = 2 * np.pi * np.cumsum(np.asarray(tones_hz)[hop]) / SAMPLE_RATE_HZ
    return faded(np.tanh(3 * np.sin(phase)), 0.01, 0.04)


@clip(151, 'telephone', 'recorded rotary telephone ringing', ROTARY_PHONE)
def rotary(rng: Rng) -> Wave:
    return rotary_phone()[: length_of(10)] + room_tone(10, rng)


@clip(152, 'telephone', 'General MIDI preset Telephone Ring', FLUID)
def sampled(rng: Rng) -> Wave:
    notes = [Note(start_s, 1.9, 60, 110) for start_s in (0.1, 3.0, 5.9, 8.6)]
    return reverberated(played(notes, {0: Preset(124)}, 10), rng, 0.5, 0.2) + room_tone(10, rng)


@clip(153, 'telephone', 'electronic ringer of two alternating tones in an office', OWN)
def office(rng: Rng) -> Wave:
    canvas = silence(10)
    for start_s in (0.2, 2.9, 5.6, 8.3):
        place(canvas, warble(1.5, (1050, 1320), 11), start_s)
    return reverberated(band(canvas, 500, 6000), rng, 0.5, 0.3) + 4 * room_tone(10, rng)


@clip(154, 'telephone', 'two-gong bell ringer on a wall in a hallway', OWN, stereo=True)
def hallway(rng: Rng) -> Wave:
    canvas = silence(10)
    for start_s in (0.2, 3.3, 6.4):
        place(canvas, gongs(1.9, 1180, 1490, 23, rng), start_s)
    return reverberated(canvas, rng, 1.1, 0.4) + 4 * room_tone(10, rng)


@clip(155, 'telephone', 'General MIDI preset Telephone 2, ringing twice at a time', FLUID)
def double_ring(rng: Rng) -> Wave:
    starts_s = (0.1, 0.8, 2.6, 3.3, 5.1, 5.8, 7.6, 8.3)
    notes = [Note(start_s, 0.5, 60, 110) for start_s in starts_s]
    return played(notes, {0: Preset(124, 1)}, 10, FLUID_GS) + room_tone(10, rng)


@clip(
    156, 'telephone', 'a number keyed in, the ringing tone, and an announcement: the line itself',
    OWN, ALLISON, mixed_with='speech',
)  # fmt: skip
def on_the_line(rng: Rng) -> Wave:
    canvas = silence(10)
    for i, digit in enumerate(rng.integers(0, 12, 8)):
        t = times_s(0.13)
        low_hz, high_hz = LOW_KEYS_HZ[digit // 3], HIGH_KEYS_HZ[digit % 3]
        key = np.sin(2 * np.pi * low_hz * t) + np.sin(2 * np.pi * high_hz * t)
        place(canvas, faded(key), 0.2 + 0.24 * i, 0.5)
    t = times_s(1.6)
    ringing = faded(np.sin(2 * np.pi * 440 * t) + np.sin(2 * np.pi * 480 * t))
    place(canvas, ringing, 2.6, 0.4)
    voice = asterisk('en_US_f_Allison', 'tt-allbusy')
    place(canvas, voice / np.abs(voice).max(), 4.7, 1.2)
    hum = repitched(looped(room_tone(3, rng, -30), 11, 0.5), 1.1)
    return mixed((band(canvas, 300, 3400), -20), (hum[: length_of(10)], -44))
