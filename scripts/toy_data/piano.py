"""Pianos."""

from .clip import FLUID, OWN, clip
from .midi import Note, Preset, played, sustained
from .package import FLUID_GS
from .seashore import surf
from .waveform import Rng, Wave, mixed, reverberated, room_tone

GRAND, BRIGHT, HONKY_TONK = Preset(0), Preset(1), Preset(3)


def struck(
    keys: list[int], step_s: float, hold_s: float, rng: Rng, first_s: float = 0.05
) -> list[Note]:
    """Keys one after another, with a player's unevenness; 0 is a rest."""
    return [
        Note(max(0, first_s + i * step_s + rng.normal(0, 0.006)), hold_s, key,
             int(rng.integers(70, 105)))
        for i, key in enumerate(keys)
        if key
    ]  # fmt: skip


@clip(181, 'piano', 'grand piano: broken chords', FLUID, stereo=True)
def prelude(rng: Rng) -> Wave:
    chords = ((48, 52, 55, 60, 64), (50, 53, 57, 62, 65), (47, 50, 55, 62, 67),
              (48, 52, 57, 60, 69), (45, 52, 57, 60, 64))  # fmt: skip
    keys = [chord[i] for chord in chords for i in (0, 1, 2, 3, 4, 2, 3, 4) * 2]
    wave = played(struck(keys, 0.125, 0.9, rng), {0: GRAND}, 10)
    return reverberated(wave, rng, 1.2, 0.2) + room_tone(10, rng, -58)


@clip(182, 'piano', 'honky-tonk piano: a rag', FLUID)
def rag(rng: Rng) -> Wave:
    bass = [36, 0, 52, 0, 43, 0, 52, 0, 41, 0, 53, 0, 43, 0, 53, 0] * 4
    tune = [72, 76, 0, 79, 76, 0, 74, 72, 77, 0, 81, 77, 0, 74, 71, 0,
            76, 79, 0, 84, 79, 0, 76, 74, 77, 74, 0, 71, 67, 0, 72, 0] * 2  # fmt: skip
    notes = struck(bass, 0.155, 0.2, rng) + struck(tune, 0.155, 0.18, rng)
    notes += struck([k + 4 if k == 52 else 0 for k in bass], 0.155, 0.15, rng)
    return played(notes, {0: HONKY_TONK}, 10) + room_tone(10, rng, -55)


@clip(183, 'piano', 'grand piano in a church: slow low chords', FLUID)
def chorale(rng: Rng) -> Wave:
    chords = ((36, 48, 55, 60, 63), (32, 44, 51, 56, 60), (41, 53, 56, 60, 65),
              (43, 50, 55, 59, 62))  # fmt: skip
    beats = [(0.05 + 2.5 * i, chord) for i, chord in enumerate(chords)]
    notes = [Note(start_s, 2.6, key, 85) for start_s, chord in beats for key in chord]
    return reverberated(played(notes, {0: GRAND}, 10), rng, 3.2, 0.7) + room_tone(10, rng, -55)


@clip(184, 'piano', 'bright piano: quick scales in both hands', FLUID, stereo=True)
def etude(rng: Rng) -> Wave:
    major = (0, 2, 4, 5, 7, 9, 11)
    climb = [12 * (i // 7) + major[i % 7] for i in range(22)]
    keys = [55 + step for step in climb + climb[::-1]] * 3
    notes = struck(keys, 0.09, 0.12, rng) + struck([k - 15 for k in keys], 0.09, 0.12, rng)
    return reverberated(played(notes, {0: BRIGHT}, 10), rng, 0.6, 0.15) + room_tone(10, rng, -56)


@clip(185, 'piano', 'grand piano: a slow waltz in a living room', FLUID)
def waltz(rng: Rng) -> Wave:
    tune = [76, 0, 79, 78, 0, 74, 71, 0, 69, 67, 0, 0, 72, 0, 76, 74, 0, 71, 67, 0, 66, 64, 0, 0]
    bass = [40, 0, 0, 47, 0, 0, 43, 0, 0, 40, 0, 0, 45, 0, 0, 43, 0, 0, 47, 0, 0, 40, 0, 0]
    notes = struck(tune, 0.41, 0.7, rng) + struck(bass, 0.41, 1.1, rng)
    for key in (59, 64):
        notes += struck([0 if k else key for k in bass], 0.41, 0.3, rng)
    return reverberated(played(notes, {0: GRAND}, 10), rng, 0.5, 0.3) + room_tone(10, rng, -54)


@clip(
    186, 'piano', 'sparse piano notes on a rainy beach: surf and rain as loud as the piano',
    FLUID, OWN, mixed_with='surf and rain',
)  # fmt: skip
def rainy(rng: Rng) -> Wave:
    keys = [69, 0, 72, 76, 0, 74, 0, 67, 71, 0, 0, 72, 64, 0, 69, 0, 57, 60, 64, 0]
    tune = reverberated(played(struck(keys, 0.5, 1.5, rng), {0: GRAND}, 10), rng, 1.5, 0.4)
    rain = sustained(Preset(122, 1), 60, 10, FLUID_GS)
    return mixed((tune, -22), (surf(10, 4, 0.2, rng), -25), (rain, -24))
