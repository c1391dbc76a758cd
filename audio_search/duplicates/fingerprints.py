"""Whether two files hold the same recording, by how their spectra change in time."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
from scipy import fft

from audio_search.audio import decoding
from audio_search.vggish.parameters import (
    FFT_LENGTH,
    FRAME_LENGTH,
    HOP_LENGTH,
    SAMPLE_RATE_HZ,
)
from audio_search.vggish.sizes import frame_count

FRAMES_PER_S = SAMPLE_RATE_HZ // HOP_LENGTH  # 100
PIECE_S = 10  # whose spectrogram is in memory at once
# 13 bands, as wide in octaves, between what a phone and a 64 kbit/s mp3 keep too.
EDGES_HZ = np.geomspace(230.0, 5000.0, 14)
# A cut may fall between two frames. Each value is a mean over so many frames, 55 ms, so that half a
# hop, 5 ms, changes it little.
SMOOTHED_FRAMES = 4
FLOOR = 1e-4  # of the loudest power, added to all: 40 dB below it a codec leaves its own noise
TREND_FRAMES = FRAMES_PER_S  # slower changes are left out: any two sounds that fade in share them
# Nepers. A larger change counts as this one, else a sound that sets in would outweigh all others.
MAX_CHANGE = 0.7
MIN_CHANGE = 0.05  # nepers, root mean square: a steadier sound, as a tone, has nothing to compare

AT_ONCE = 1 << 20  # values transformed at once
MAX_CUT_S = 1.0
PADDING_S = 0.1  # what a codec may add to both ends


def fingerprint(path: Path, beg_s: float = 0.0, end_s: float | None = None) -> np.ndarray:
    """The log power of a part of a file in 13 bands, each without its slow changes: float32
    [frames, 13], 100 frames per s. The gain of the sound leaves no trace in it.

    Raises AudioError for what is no sound.
    """
    parts = [_band_powers(piece) for piece in _pieces(decoding.blocks(path, beg_s, end_s))]
    power = np.concatenate(parts)
    if len(power) <= SMOOTHED_FRAMES:
        return power[:0]
    power = _means(power, SMOOTHED_FRAMES)
    if not power.max():
        return np.zeros_like(power)
    logs = np.log(power + FLOOR * power.max())
    edge = TREND_FRAMES // 2
    padded = np.pad(logs, ((edge, TREND_FRAMES - 1 - edge), (0, 0)), mode='edge')
    changes = (logs - _means(padded, TREND_FRAMES)).astype(np.float32)
    return np.clip(changes, -MAX_CHANGE, MAX_CHANGE)


def has_features(fingerprint: np.ndarray) -> bool:
    """Whether the sound changes enough to be told from others: silence and steady tones do not."""
    return len(fingerprint) > 0 and float(np.sqrt(np.mean(fingerprint**2))) >= MIN_CHANGE


def similarity(first: np.ndarray, second: np.ndarray) -> float:
    """The correlation of two fingerprints where they fit best, in [-1, 1]: 1 for a recording and
    its copy, around 0 for two recordings.

    They may be up to MAX_CUT_S apart, and differ as much in length; else it is 0.
    """
    max_lag = round((MAX_CUT_S + PADDING_S) * FRAMES_PER_S)
    if abs(len(first) - len(second)) > max_lag or min(len(first), len(second)) <= 1:
        return 0.0
    lag = _lag(first, second, max_lag)
    first, second = (first[lag:], second) if lag >= 0 else (first, second[-lag:])
    length = min(len(first), len(second))
    if not length:
        return 0.0
    first, second = first[:length], second[:length]
    norm = np.sqrt(np.vdot(first, first) * np.vdot(second, second))
    return float(np.vdot(first, second) / norm) if norm else 0.0


def _lag(first: np.ndarray, second: np.ndarray, max_lag: int) -> int:
    """How many frames `second` begins after `first`, by cross-correlation."""
    size = 1 << (max(len(first), len(second)) + max_lag).bit_length()  # longer by all lags: no wrap
    spectrum = np.zeros(size // 2 + 1, np.complex64)
    step = max(1, AT_ONCE // size)  # bands: the spectra of an hour are large
    for start in range(0, first.shape[1], step):
        ours = fft.rfft(first[:, start : start + step].T, size)
        theirs = fft.rfft(second[:, start : start + step].T, size)
        spectrum += np.einsum('ij,ij->j', ours, np.conj(theirs))
    products = fft.irfft(spectrum, size)
    lags = np.arange(-max_lag, max_lag + 1)
    return int(lags[np.argmax(products[lags])])


def _pieces(blocks: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """The sound in pieces of some PIECE_S. Each begins on the hop after the last frame of the one
    before, so that their frames follow one another as those of the whole sound do."""
    held, count = [np.zeros(0, np.float32)], 0
    for block in blocks:
        held.append(block)
        count += len(block)
        if count >= PIECE_S * SAMPLE_RATE_HZ:
            piece = np.concatenate(held)
            yield piece
            held = [piece[frame_count(len(piece)) * HOP_LENGTH :]]
            count = len(held[0])
    yield np.concatenate(held)


def _band_powers(waveform: np.ndarray) -> np.ndarray:
    """float32 [samples] at 16 kHz -> float32 [frames, bands]; frames as those of VGGish.

    In float32 and in few bands it takes a fifth of the time of the mel spectrogram; FLOOR is far
    above the error.
    """
    count = frame_count(len(waveform))
    if not count:
        return np.zeros((0, len(EDGES_HZ) - 1), np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(waveform, FRAME_LENGTH)[::HOP_LENGTH]
    spectrum = fft.rfft(frames * _window(), FFT_LENGTH, axis=1)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    edges = np.rint(EDGES_HZ * FFT_LENGTH / SAMPLE_RATE_HZ).astype(int)
    return np.add.reduceat(power[:, : edges[-1]], edges[:-1], axis=1)


@cache
def _window() -> np.ndarray:
    return np.hanning(FRAME_LENGTH).astype(np.float32)


def _means(values: np.ndarray, count: int) -> np.ndarray:
    """Running means over `count` frames: [frames - count + 1, bands]."""
    sums = np.cumsum(np.pad(values, ((1, 0), (0, 0))), axis=0, dtype=np.float64)
    return (sums[count:] - sums[:-count]) / count
