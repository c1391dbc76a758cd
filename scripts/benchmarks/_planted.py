"""Recordings made for a measurement: hours of wind, rain, hum and sea with sounds planted in them.

All of it follows from seeds, so that figures of two runs are of the same recordings.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from scipy.signal import butter, sosfilt

from audio_search.audio import decoding
from audio_search.vggish.parameters import SAMPLE_RATE_HZ

ROOT = Path(__file__).resolve().parents[2]
PART_S = 600  # made at once, so that memory does not grow with the recording
KINDS = ('wind', 'rain', 'hum', 'sea')
BACKGROUND_RMS = 0.01  # 40 dB below full scale
FRAME = SAMPLE_RATE_HZ // 20  # 50 ms, in which the level of a sound is taken
AUDIBLE_DB = 20  # a sound begins and ends where its level is so far below its highest
MARGIN_S = 10.0  # at least, between two sounds


@dataclass(frozen=True)
class Sound:
    """A part of a toy clip, [begin_s, end_s), that sounds from its first moment to its last."""

    label: str
    clip: str
    begin_s: float
    end_s: float

    @property
    def length_s(self) -> float:
        return self.end_s - self.begin_s

    def samples(self) -> np.ndarray:
        """float32 [samples] at 16 kHz."""
        first, last = (round(edge * SAMPLE_RATE_HZ) for edge in (self.begin_s, self.end_s))
        return _clip(self.clip)[first:last]


@dataclass(frozen=True)
class Planted:
    """A sound, and when it begins in the recording."""

    sound: Sound
    begin_s: float

    @property
    def end_s(self) -> float:
        return self.begin_s + self.sound.length_s


@cache
def _clip(name: str) -> np.ndarray:
    return decoding.load(ROOT / 'toy-data' / name)


def draw(name: str, rng: np.random.Generator, min_s: float = 1.0, max_s: float = 4.0) -> Sound:
    """A random part of a toy clip, from `min_s` to `max_s` long without the silence around it."""
    samples = _clip(name)
    frames = len(samples) // FRAME
    level = np.sqrt((samples[: frames * FRAME].reshape(frames, FRAME) ** 2).mean(axis=1))
    while True:
        length = round(rng.uniform(min_s, max_s) * SAMPLE_RATE_HZ / FRAME)
        first = int(rng.integers(0, frames - length))
        part = level[first : first + length]
        loud = np.flatnonzero(part > part.max() * 10 ** (-AUDIBLE_DB / 20))
        begin_s, end_s = (
            (first + edge) * FRAME / SAMPLE_RATE_HZ for edge in (loud[0], loud[-1] + 1)
        )
        is_heard = part.max() > level.max() * 10 ** (-AUDIBLE_DB / 40)
        if is_heard and min_s <= end_s - begin_s <= max_s:
            return Sound(name.partition('_')[2].partition('.')[0], name, begin_s, end_s)


def places(sounds: Sequence[Sound], length_s: float, rng: np.random.Generator) -> list[Planted]:
    """Each sound at a random time, MARGIN_S from the others and from the edges of parts."""
    found: list[Planted] = []
    for sound in sounds:
        while True:
            begin_s = float(rng.uniform(0, length_s))
            inside = MARGIN_S <= begin_s % PART_S <= PART_S - sound.length_s - MARGIN_S
            if inside and all(
                begin_s + sound.length_s + MARGIN_S < other.begin_s
                or other.end_s + MARGIN_S < begin_s
                for other in found
            ):
                found.append(Planted(sound, begin_s))
                break
    return found


def parts(
    length_s: float, planted: Sequence[Planted], above_db: float, seed: int
) -> Iterator[np.ndarray]:
    """The recording in pieces of PART_S: float32 [samples] at 16 kHz. Each sound is `above_db`
    louder, by root mean square, than the background that it is planted in."""
    for number in range(round(length_s / PART_S)):
        sound = background(PART_S, np.random.default_rng([seed, number]))
        for one in planted:
            if one.begin_s // PART_S != number:
                continue
            first = round((one.begin_s - number * PART_S) * SAMPLE_RATE_HZ)
            samples = one.sound.samples()
            there = sound[first : first + len(samples)]
            there += samples * (_rms(there) / _rms(samples) * 10 ** (above_db / 20))
        yield sound


def background(length_s: float, rng: np.random.Generator) -> np.ndarray:
    """Wind, rain, hum and sea in turns of half a minute to two, float32 [samples] at 16 kHz."""
    count = round(length_s * SAMPLE_RATE_HZ)
    fade = 2 * SAMPLE_RATE_HZ
    sound = np.zeros(count + fade, np.float32)
    start = 0
    while start < count:
        length = int(rng.uniform(30, 120) * SAMPLE_RATE_HZ)
        piece = noise(KINDS[rng.integers(len(KINDS))], length + fade, rng)
        piece *= BACKGROUND_RMS * 10 ** (rng.uniform(-6, 6) / 20) / _rms(piece)
        ramp = np.sqrt(np.linspace(0, 1, fade, dtype=np.float32))
        piece[:fade] *= ramp
        piece[-fade:] *= ramp[::-1]
        end = min(start + len(piece), len(sound))
        sound[start:end] += piece[: end - start]
        start += length
    return sound[:count]


def noise(kind: str, count: int, rng: np.random.Generator) -> np.ndarray:
    """One of KINDS, float32 [count] at 16 kHz, of some level."""
    white = rng.standard_normal(count).astype(np.float32)
    seconds = np.arange(count, dtype=np.float32) / SAMPLE_RATE_HZ
    if kind == 'wind':
        gusts = 1 + 0.6 * np.sin(2 * np.pi * seconds / rng.uniform(3, 9) + rng.uniform(0, 6))
        return _filtered(white, rng.uniform(200, 500), 'lowpass') * gusts
    if kind == 'rain':
        drops = (rng.random(count) < 40 / SAMPLE_RATE_HZ) * rng.exponential(20, count)
        return _filtered(white + drops.astype(np.float32), rng.uniform(1500, 3000), 'highpass')
    if kind == 'hum':
        mains_hz = rng.choice([50, 60])
        harmonics = sum(
            np.sin(2 * np.pi * mains_hz * n * seconds + rng.uniform(0, 6)) / n for n in range(1, 20)
        )
        return (harmonics + 0.1 * white).astype(np.float32)
    waves = 0.3 + np.sin(np.pi * seconds / rng.uniform(6, 12) + rng.uniform(0, 6)) ** 2
    return (_filtered(white, 1200, 'lowpass') + 0.2 * white) * waves


def _filtered(samples: np.ndarray, cutoff_hz: float, kind: str) -> np.ndarray:
    filter_ = butter(2, cutoff_hz, kind, fs=SAMPLE_RATE_HZ, output='sos')
    return sosfilt(filter_, samples).astype(np.float32)


def _rms(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))
