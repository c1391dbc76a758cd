"""Drums."""

from .applause import clappers
from .clip import FLUID, OWN, SONIC_PI, clip
from .midi import DRUM_CHANNEL, Note, Preset, played
from .package import sonic_pi
from .waveform import Rng, Wave, looped, mixed, place, reverberated, room_tone, silence

KICK, STICK, SNARE, CLOSED_HAT, OPEN_HAT, CRASH, RIDE = 36, 37, 38, 42, 46, 49, 51
LOW_TOM, MID_TOM, HIGH_TOM = 41, 47, 50


def beaten(bars: dict[int, str], step_s: float, kit: int, rng: Rng, repeats: int = 16) -> Wave:
    """Ten seconds of a pattern: one line per key, x a stroke, o a soft one."""
    notes = []
    for key, line in bars.items():
        for i, mark in enumerate(line * repeats):
            start_s = max(0.0, 0.05 + i * step_s + rng.normal(0, 0.004))
            if mark != '.' and start_s < 10:
                velocity = int(rng.integers(100, 120) if mark == 'x' else rng.integers(50, 70))
                notes.append(Note(start_s, 0.1, key, velocity, DRUM_CHANNEL))
    return played(notes, {DRUM_CHANNEL: Preset(kit)}, 10)


@clip(191, 'drums', 'standard kit: a rock beat with fills', FLUID, stereo=True)
def rock(rng: Rng) -> Wave:
    bars = {
        KICK: 'x.....x.x.......x.....x.x.x.....',
        SNARE: '....x.......x.......x.......xxxx',
        CLOSED_HAT: 'x.o.x.o.x.o.x.o.x.o.x.o.x.o.....',
        CRASH: 'x...............................',
        HIGH_TOM: '..........................xx....',
    }
    return reverberated(beaten(bars, 0.125, 0, rng), rng, 0.6, 0.2) + room_tone(10, rng)


@clip(192, 'drums', 'jazz kit played with brushes: a slow swing', FLUID, rms_db=-24)
def swing(rng: Rng) -> Wave:
    bars = {
        RIDE: 'x..x.ox..x.o', STICK: '...o.....x..', KICK: 'o.....o.....',
        SNARE: '..o.o...o..x', OPEN_HAT: '...o.....o..',
    }  # fmt: skip
    return beaten(bars, 0.17, 40, rng) + room_tone(10, rng)


@clip(193, 'drums', 'recorded drum set, struck sample by sample: tom rolls and cymbals', SONIC_PI)
def toms(rng: Rng) -> Wave:
    canvas = silence(10)
    names = ('tom_hi_hard', 'tom_mid_hard', 'tom_lo_hard', 'bass_hard', 'snare_hard')
    struck = {name: sonic_pi(f'drum_{name}') for name in names}
    for step in range(76):
        name = names[(step // 3) % 3] if step % 8 else 'bass_hard'
        if step % 12 == 6:
            name = 'snare_hard'
        place(canvas, struck[name], 0.1 + 0.13 * step, rng.uniform(0.5, 1))
    for start_s in (0.1, 3.2, 6.3):
        place(canvas, sonic_pi('drum_splash_hard'), start_s, 0.6)
    return reverberated(canvas, rng, 0.9, 0.2) + room_tone(10, rng)


@clip(194, 'drums', 'recorded tabla', SONIC_PI)
def tabla(rng: Rng) -> Wave:
    return looped(sonic_pi('loop_tabla'), 10, 0.05) + room_tone(10, rng, -58)


@clip(195, 'drums', 'drum machine: a fast electronic beat', FLUID, stereo=True)
def machine(rng: Rng) -> Wave:
    bars = {
        KICK: 'x...x...x...x.x.', 39: '....x.......x...', CLOSED_HAT: 'o.oxo.oxo.oxo.ox',
        OPEN_HAT: '..x...x...x...x.', 56: '...x..x....x..x.',
    }  # fmt: skip
    return beaten(bars, 0.115, 25, rng) + room_tone(10, rng, -58)


@clip(
    196, 'drums', 'a band: drums under electric guitar, bass and organ, before a clapping crowd',
    FLUID, OWN, mixed_with='music and applause',
)  # fmt: skip
def band_on_stage(rng: Rng) -> Wave:
    bars = {KICK: 'x..x..x.x.......', SNARE: '....x.......x..o', OPEN_HAT: 'x...x...x...x...'}
    kit = beaten(bars, 0.14, 16, rng)
    roots = (40, 43, 45, 38)
    notes = []
    for i in range(36):
        root, start_s = roots[(i // 8) % 4], 0.05 + 0.28 * i
        notes.append(Note(start_s, 0.26, root - 12, 110, 1))
        notes += [Note(start_s, 0.25, root + up, 100, 0) for up in (12, 19, 24)]
        if i % 8 == 0:
            notes += [Note(start_s, 2.2, root + up, 75, 2) for up in (24, 28, 31)]
    music = played(notes, {0: Preset(29), 1: Preset(34), 2: Preset(18)}, 10)
    crowd = reverberated(clappers(25, 10, rng), rng, 1.2, 0.5)
    return mixed((kit, -21), (music, -21), (crowd, -29))
