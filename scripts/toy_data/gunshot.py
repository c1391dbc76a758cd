"""Gunshots."""

import numpy as np

from .clip import FLUID, OWN, UFOAI, clip
from .midi import Note, Preset, played, sustained
from .package import FLUID_GS, ufoai
from .waveform import (
    Rng,
    Wave,
    band,
    coloured,
    faded,
    mixed,
    place,
    reverberated,
    room_tone,
    silence,
    times_s,
    wander,
    white,
)

# shots are all peak: at the level of the other clips they would be squashed
LEVEL_DB = -25.0


def shot(boom_hz: float, tail_s: float, rng: Rng) -> Wave:
    """A muzzle blast: one sharp overpressure pulse, then hot gas, then a rumble."""
    t = times_s(tail_s)
    pulse = (1 - t / 0.0015) * np.exp(-t / 0.0015)
    gas = band(white(tail_s, rng), 150, 8000) * np.exp(-t / 0.035)
    rumble = band(white(tail_s, rng), boom_hz * 0.5, boom_hz * 2) * np.exp(-t / (tail_s / 6))
    return faded(np.tanh(1.5 * (3 * pulse + 0.8 * gas + 1.5 * rumble)), 0.0, 0.1)


def fired(sounds: list[tuple[float, Wave]]) -> Wave:
    """Sounds at their times on ten seconds."""
    canvas = silence(10)
    for start_s, sound in sounds:
        place(canvas, sound / np.abs(sound).max(), start_s)
    return canvas


def outdoors(rng: Rng) -> Wave:
    """A light wind over open ground."""
    return band(coloured(10, rng, 1.2), 60, 3000) * (0.3 + wander(10, rng, 0.5))


@clip(161, 'gunshot', 'recorded pistols at a shooting range', UFOAI, rms_db=LEVEL_DB)
def pistol_range(rng: Rng) -> Wave:
    first, second = ufoai('weapons/bullet-pistol'), ufoai('weapons/bullet-pistol2')
    starts_s = (0.2, 1.0, 1.8, 3.2, 4.0, 4.8, 6.3, 7.0, 7.8, 8.9)
    shots = [(s, second if i in (3, 4, 5, 9) else first) for i, s in enumerate(starts_s)]
    return mixed((reverberated(fired(shots), rng, 1.1, 0.5), -20), (outdoors(rng), -46))


@clip(
    162, 'gunshot', 'recorded rifle: single shots and short bursts', UFOAI,
    stereo=True, rms_db=LEVEL_DB,
)  # fmt: skip
def rifle(rng: Rng) -> Wave:
    single, three = ufoai('weapons/bullet-rifle'), ufoai('weapons/bullet-rifle-3x')
    eight = ufoai('weapons/bullet-rifle-8x')
    shots = [(0.3, single), (1.5, three), (3.0, single), (4.1, eight), (6.2, three), (7.4, single),
             (8.4, three)]  # fmt: skip
    return mixed((reverberated(fired(shots), rng, 2.2, 0.6, 2500), -20), (outdoors(rng), -44))


@clip(163, 'gunshot', 'recorded shotgun, reloaded between shots', UFOAI, rms_db=LEVEL_DB)
def shotgun(rng: Rng) -> Wave:
    blast, pump = ufoai('weapons/bullet-shotgun'), ufoai('weapons/reload-shotgun')
    quiet_pump = fired([(0, pump)])[: len(pump)] * 0.3
    canvas = fired([(start_s, blast) for start_s in (0.2, 2.2, 4.3, 6.2, 8.3)])
    for start_s in (1.3, 3.4, 5.4, 7.3):
        place(canvas, quiet_pump, start_s)
    return mixed((reverberated(canvas, rng, 0.8, 0.4), -20), (outdoors(rng), -48))


@clip(
    164, 'gunshot', 'hunting rifles in a valley, with echoes from its sides', OWN,
    stereo=True, rms_db=LEVEL_DB,
)  # fmt: skip
def valley(rng: Rng) -> Wave:
    canvas = silence(10)
    for start_s in (0.3, 2.9, 4.1, 6.8, 8.2):
        report = shot(rng.uniform(70, 110), 0.9, rng)
        place(canvas, report, start_s)
        for delay_s, gain in ((0.42, 0.3), (0.71, 0.22), (1.15, 0.14), (1.7, 0.08)):
            place(canvas, band(report, None, 1800), start_s + delay_s * rng.uniform(0.9, 1.1), gain)
    return mixed((reverberated(canvas, rng, 2.8, 0.5, 1800), -20), (outdoors(rng), -40))


@clip(
    165, 'gunshot', 'General MIDI preset Gun Shot, and preset Machine Gun further away', FLUID,
    rms_db=LEVEL_DB,
)  # fmt: skip
def sampled(rng: Rng) -> Wave:
    starts_s = (0.1, 1.3, 2.1, 4.0, 5.1, 7.2, 8.5)
    keys = (60, 60, 57, 62, 60, 58, 60)
    notes = [Note(s, 1.5, key, 115) for s, key in zip(starts_s, keys, strict=True)]
    near = played(notes, {0: Preset(127)}, 10)
    bursts = [Note(2.8, 1.0, 60, 100), Note(6.0, 1.0, 60, 100), Note(9.0, 0.9, 60, 100)]
    far = band(played(bursts, {0: Preset(127, 1)}, 10, FLUID_GS), None, 2500)
    return mixed((reverberated(near, rng, 1.2, 0.3), -20), (far, -27), (outdoors(rng), -46))


@clip(
    166, 'gunshot', 'recorded sniper rifle in pouring rain and thunder', UFOAI, FLUID,
    mixed_with='rain and thunder',
)  # fmt: skip
def storm(rng: Rng) -> Wave:
    sniper = ufoai('weapons/bullet-sniper')
    shots = fired([(0.8, sniper), (4.0, sniper), (7.3, sniper)])
    rain = sustained(Preset(122, 1), 60, 10, FLUID_GS)
    thunder = played([Note(1.8, 6, 60, 110)], {0: Preset(122, 2)}, 10, FLUID_GS)
    near = reverberated(shots, rng, 1.8, 0.5, 2500)
    return mixed((near, -22), (rain, -22), (thunder, -26), (room_tone(10, rng), -48))
