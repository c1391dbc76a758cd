"""Queries as people have them: shorter, quieter, disturbed, coded, begun elsewhere.

Each is made of a clip on the fly. The library stays as it is.
"""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from scipy import signal

from audio_search.audio import decoding
from audio_search.evaluation import mp3
from audio_search.vggish.parameters import SAMPLE_RATE_HZ

LOW_PASS_HZ = 4000  # half of what 16 kHz can hold: about a telephone
LOW_PASS_ORDER = 8
CODED_BITS_PER_S = 64_000
SEED = 20170305


@dataclass(frozen=True)
class Variant:
    """One thing that is done to each query.

    `change` takes a waveform, float32 [samples] at 16 kHz, and returns a new one; where it `mixes`,
    that of another clip as well.
    """

    name: str
    title: str
    change: Callable[..., np.ndarray]
    mixes: bool = False


def variants(stride_s: float) -> list[Variant]:
    """All that are tried, for a library with this stride."""
    coding = f'up to {LOW_PASS_HZ // 1000} kHz, mp3 {CODED_BITS_PER_S // 1000} kbit/s'
    return [
        Variant('loudest_0_5_s', 'loudest 0.5 s', partial(loudest, seconds=0.5)),
        Variant('loudest_1_s', 'loudest 1 s', partial(loudest, seconds=1)),
        Variant('loudest_2_s', 'loudest 2 s', partial(loudest, seconds=2)),
        Variant('minus_20_db', '20 dB quieter', partial(amplified, decibels=-20)),
        Variant('minus_40_db', '40 dB quieter', partial(amplified, decibels=-40)),
        Variant('mixed_10_db', 'mixed, 10 dB SNR', partial(mixed, snr_db=10), True),
        Variant('mixed_0_db', 'mixed, 0 dB SNR', partial(mixed, snr_db=0), True),
        Variant('coded', coding, coded),
        Variant('shifted', 'shifted half a stride', partial(shifted, stride_s=stride_s)),
    ]


def loudest(waveform: np.ndarray, seconds: float) -> np.ndarray:
    """The part of so many seconds with the most energy; all of a sound that is not longer."""
    length = round(seconds * SAMPLE_RATE_HZ)
    if len(waveform) <= length:
        return waveform
    energy = np.concatenate([[0.0], np.cumsum(waveform.astype(np.float64) ** 2)])
    start = int(np.argmax(energy[length:] - energy[:-length]))
    return waveform[start : start + length]


def amplified(waveform: np.ndarray, decibels: float) -> np.ndarray:
    """Louder by so many dB; below 0 quieter."""
    return (waveform * 10 ** (decibels / 20)).astype(np.float32)


def mixed(waveform: np.ndarray, other: np.ndarray, snr_db: float) -> np.ndarray:
    """With `other` behind it, repeated or cut to the same length, its mean power so many dB below
    that of `waveform`. Unchanged where one of them is silent."""
    noise = np.resize(other, len(waveform)).astype(np.float64)
    signal_power, noise_power = np.mean(waveform.astype(np.float64) ** 2), np.mean(noise**2)
    if not signal_power or not noise_power:
        return waveform
    gain = np.sqrt(signal_power / noise_power / 10 ** (snr_db / 10))
    return (waveform + gain * noise).astype(np.float32)


def coded(waveform: np.ndarray) -> np.ndarray:
    """Low-passed (Butterworth), then as mp3 and back, by the service's own decoder."""
    filter_ = signal.butter(LOW_PASS_ORDER, LOW_PASS_HZ, fs=SAMPLE_RATE_HZ, output='sos')
    narrow = signal.sosfilt(filter_, waveform).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'coded.mp3'
        path.write_bytes(mp3.encode(narrow, CODED_BITS_PER_S))
        return decoding.load(path)


def shifted(waveform: np.ndarray, stride_s: float) -> np.ndarray:
    """Without its first half stride, so that windows lie between those of the library; of a short
    sound at least half is left."""
    start = min(round(stride_s * SAMPLE_RATE_HZ / 2), len(waveform) // 2)
    return waveform[start:]


def partners(labels: Sequence[str]) -> np.ndarray:
    """For each clip the number of one with another label, to mix it with: at random, the same
    each time. There have to be two labels."""
    names = np.array(labels)
    generator = np.random.default_rng(SEED)
    return np.array([generator.choice(np.flatnonzero(names != name)) for name in names])
