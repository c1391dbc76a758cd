"""Waveform -> mel spectrogram -> its logarithm -> examples."""

from functools import cache

import numpy as np
from scipy import fft

from audio_search.vggish.parameters import (
    BIN_COUNT,
    EXAMPLE_FRAMES,
    FFT_LENGTH,
    FRAME_LENGTH,
    HOP_LENGTH,
    LOG_OFFSET,
    MEL_COUNT,
    MEL_MAX_HZ,
    MEL_MIN_HZ,
    SAMPLE_RATE_HZ,
)
from audio_search.vggish.sizes import frame_count

# Frames transformed at once. The arrays of so many stay in the processor's cache. They also stay
# below 0.5 MB, above which the allocator maps fresh pages for each array: that would cost three
# times the arithmetic.
BLOCK_FRAMES = 128


def mel_magnitudes(waveform: np.ndarray) -> np.ndarray:
    """`mel @ |STFT|` of a mono 16 kHz waveform: float [samples] -> float64 [frames, 64].

    Magnitudes, not power; periodic Hann window; no padding at the ends (vggish
    `mel_features.log_mel_spectrogram`).
    """
    count = frame_count(len(waveform))
    magnitudes = np.empty((count, MEL_COUNT))
    if not count:
        return magnitudes
    frames = np.lib.stride_tricks.sliding_window_view(waveform, FRAME_LENGTH)[::HOP_LENGTH]
    for start in range(0, count, BLOCK_FRAMES):
        # In float64: a float32 transform of a full-scale sine is wrong by up to 4e-4 in the bands
        # that the sine leaves silent, which the logarithm magnifies.
        windowed = frames[start : start + BLOCK_FRAMES] * _hann()
        spectrum = np.abs(fft.rfft(windowed, FFT_LENGTH, axis=1))
        np.matmul(spectrum, mel_filters(), out=magnitudes[start : start + BLOCK_FRAMES])
    return magnitudes


def logarithm(magnitudes: np.ndarray) -> np.ndarray:
    """`ln(magnitudes + 0.01)`, as float32. Finite for every finite float32 waveform."""
    return np.log(magnitudes + LOG_OFFSET).astype(np.float32)


def log_mel(waveform: np.ndarray) -> np.ndarray:
    """Log-mel spectrogram of a mono 16 kHz waveform: float [samples] -> float32 [frames, 64]."""
    return logarithm(mel_magnitudes(waveform))


def examples(spectrogram: np.ndarray) -> np.ndarray:
    """Cut [frames, 64] into whole examples [n, 96, 64], side by side; what is left is dropped."""
    count = len(spectrogram) // EXAMPLE_FRAMES
    return spectrogram[: count * EXAMPLE_FRAMES].reshape(count, EXAMPLE_FRAMES, MEL_COUNT)


def audible(examples: np.ndarray) -> np.ndarray:
    """In which of the examples [n, 96, 64] the network can hear anything: bool [n].

    In the others no mel magnitude is above the offset that is added before the logarithm.
    """
    return examples.max(axis=(1, 2)) > np.log(2 * LOG_OFFSET)


@cache
def _hann() -> np.ndarray:
    """The periodic Hann window, float64 [400]: one period, its last zero left out."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME_LENGTH) / FRAME_LENGTH)


def _hertz_to_mel(frequencies_hz: np.ndarray) -> np.ndarray:
    """The HTK mel scale, 1127 ln(1 + f / 700)."""
    return 1127.0 * np.log1p(frequencies_hz / 700.0)


@cache
def mel_filters() -> np.ndarray:
    """64 triangles from 125 to 7500 Hz, evenly spaced and straight in mel: float64 [257, 64]."""
    lowest, highest = _hertz_to_mel(np.array([MEL_MIN_HZ, MEL_MAX_HZ]))
    edges = np.linspace(lowest, highest, MEL_COUNT + 2)
    left, centre, right = edges[:-2], edges[1:-1], edges[2:]
    bins = _hertz_to_mel(np.linspace(0.0, SAMPLE_RATE_HZ / 2, BIN_COUNT))[:, np.newaxis]
    rising = (bins - left) / (centre - left)
    falling = (right - bins) / (right - centre)
    filters = np.maximum(0.0, np.minimum(rising, falling))
    filters[0] = 0.0  # as published: the constant part of a sound counts for nothing
    return filters
