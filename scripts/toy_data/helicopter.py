"""Helicopters."""

import numpy as np

from .clip import ESPEAK, FLUID, OPENSFX, OWN, clip
from .midi import Preset, sustained
from .package import opensfx
from .voice import spoken
from .waveform import (
    SAMPLE_RATE_HZ,
    Rng,
    Wave,
    band,
    coloured,
    looped,
    mixed,
    place,
    reverberated,
    room_tone,
    silence,
    times_s,
    wander,
    white,
)

GM_HELICOPTER = Preset(125)


def rotor(
    duration_s: float, blade_hz: Wave | float, whine_hz: Wave | float, slap: float, rng: Rng
) -> Wave:
    """Blades that chop the air blade_hz times a second, and a turbine's whine."""
    sway = 1 + 0.015 * (wander(duration_s, rng, 0.7) - 0.5)
    phase = np.cumsum(blade_hz * sway) / SAMPLE_RATE_HZ
    inside = phase % 1
    chop = np.exp(-((inside - 0.25) ** 2) / 0.006) + 0.35 * np.exp(-((inside - 0.6) ** 2) / 0.02)
    # one blade of the set is never tracked quite like the others
    chop *= 1 + 0.18 * np.cos(np.pi * np.floor(phase))
    air = band(coloured(duration_s, rng, 1.2), 40, 2500) * (0.25 + chop)
    thump = band(chop - chop.mean(), 15, 180) * 2
    crack = band(white(duration_s, rng), 500, 4000) * chop**4 * slap
    drift = np.cumsum(whine_hz * (1 + 0.004 * wander(duration_s, rng, 1.5))) / SAMPLE_RATE_HZ
    whine = np.sum([np.sin(2 * np.pi * k * drift + k) / k for k in (1, 2, 3)], axis=0)
    engine = band(white(duration_s, rng), 800, 6000) * (0.7 + 0.3 * chop)
    return mixed((air, -14), (thump, -18), (crack, -24), (whine, -40), (engine, -33))


@clip(101, 'helicopter', 'recorded rotor, looped with crossfades, coming nearer', OPENSFX)
def approaching(rng: Rng) -> Wave:
    near = looped(opensfx(24), 10, 0.35)
    far = band(near, None, 700)
    closeness = np.linspace(0.15, 1, len(near))
    return reverberated(near * closeness + far * (1 - closeness), rng, 0.6, 0.1)


@clip(102, 'helicopter', 'General MIDI preset Helicopter at its own pitch', FLUID)
def sampled(rng: Rng) -> Wave:
    wave = sustained(GM_HELICOPTER, 60, 10)
    return wave * (0.7 + 0.3 * wander(10, rng, 0.5)) + room_tone(10, rng, -50)


@clip(103, 'helicopter', 'heavy two-bladed rotor, 11 chops a second', OWN, stereo=True)
def heavy(rng: Rng) -> Wave:
    return reverberated(rotor(10, 11, 410, 1.0, rng), rng, 0.9, 0.25)


@clip(104, 'helicopter', 'light helicopter, 21 chops a second, flying over', OWN)
def flyover(rng: Rng) -> Wave:
    wave = rotor(10.6, 21, 620, 0.6, rng)
    # nearest after 5 s; pitch falls as it passes
    t = np.linspace(-1, 1, len(wave) - 20_000)
    at = np.cumsum(1 - 0.06 * np.tanh(3 * t))
    wave = np.interp(at[at < len(wave)], np.arange(len(wave)), wave)
    nearness = 1 / (1 + 5 * np.linspace(-1, 1, len(wave)) ** 2)
    return wave * nearness + band(wave, None, 500) * (1 - nearness) * 0.5


@clip(105, 'helicopter', 'turbine and rotor running up on the ground', OWN)
def running_up(rng: Rng) -> Wave:
    chops_hz = np.interp(times_s(10), [0, 7, 10], [5, 13, 13.5])
    wave = rotor(10, chops_hz, 38 * chops_hz, 0.8, rng)
    return reverberated(wave * np.interp(times_s(10), [0, 8], [0.4, 1]), rng, 0.5, 0.2)


@clip(
    106, 'helicopter', 'heard in the cabin, 15 chops a second, under radio chatter as loud',
    OWN, ESPEAK, mixed_with='speech',
)  # fmt: skip
def radio(rng: Rng) -> Wave:
    cabin = band(rotor(10, 15, 480, 0.2, rng), 40, 1500)
    chatter = silence(10)
    words = (
        'Tower, this is rescue two four, inbound from the north with three on board.',
        'Rescue two four, wind two seven zero at twelve, cleared to land.',
    )
    voices = (('en-us', 170, 40), ('en-gb-scotland', 160, 65))
    for start_s, text, (voice, speed, pitch) in zip((0.4, 5.3), words, voices, strict=True):
        call = band(spoken(text, voice, speed, pitch), 400, 2800)
        place(chatter, np.tanh(call * 4), start_s)
    return mixed((cabin, -20), (chatter, -22))
