"""Mono waveforms: float arrays at SAMPLE_RATE_HZ, and what can be done to them."""

from fractions import Fraction

import numpy as np
from scipy import signal

SAMPLE_RATE_HZ = 44_100
TARGET_RMS_DB = -20.0
# mp3 overshoots the peaks it was given; this leaves it room below full scale
PEAK_CEILING = 0.8

Wave = np.ndarray
Rng = np.random.Generator


def length_of(duration_s: float) -> int:
    """Samples in duration_s."""
    return round(duration_s * SAMPLE_RATE_HZ)


def times_s(duration_s: float) -> Wave:
    """The time of every sample."""
    return np.arange(length_of(duration_s)) / SAMPLE_RATE_HZ


def silence(duration_s: float) -> Wave:
    """An empty canvas."""
    return np.zeros(length_of(duration_s))


def place(canvas: Wave, sound: Wave, start_s: float, gain: float = 1.0) -> None:
    """Add sound to canvas at start_s; what would stick out is cut."""
    start = length_of(start_s)
    stop = min(len(canvas), start + len(sound))
    if stop > start:
        canvas[start:stop] += gain * sound[: stop - start]


def faded(wave: Wave, in_s: float = 0.01, out_s: float = 0.01) -> Wave:
    """Wave with raised-cosine ends."""
    result = wave.copy()
    head, tail = (min(length_of(s), len(wave)) for s in (in_s, out_s))
    if head:
        result[:head] *= 0.5 - 0.5 * np.cos(np.pi * np.arange(head) / head)
    if tail:
        result[-tail:] *= 0.5 + 0.5 * np.cos(np.pi * np.arange(tail) / tail)
    return result


def band(wave: Wave, low_hz: float | None, high_hz: float | None, order: int = 2) -> Wave:
    """Wave limited to a band; None leaves that side open."""
    if low_hz and high_hz:
        sos = signal.butter(order, [low_hz, high_hz], 'bandpass', fs=SAMPLE_RATE_HZ, output='sos')
    elif low_hz:
        sos = signal.butter(order, low_hz, 'highpass', fs=SAMPLE_RATE_HZ, output='sos')
    else:
        sos = signal.butter(order, high_hz, 'lowpass', fs=SAMPLE_RATE_HZ, output='sos')
    return signal.sosfilt(sos, wave)


def white(duration_s: float, rng: Rng) -> Wave:
    """White noise."""
    return rng.standard_normal(length_of(duration_s))


def coloured(duration_s: float, rng: Rng, slope: float) -> Wave:
    """Noise whose power falls with frequency ** slope (1 pink, 2 brown), of unit RMS."""
    spectrum = np.fft.rfft(white(duration_s, rng))
    frequency = np.maximum(np.arange(len(spectrum)), 20 * duration_s)
    wave = np.fft.irfft(spectrum * frequency ** (-slope / 2), length_of(duration_s))
    return wave / np.sqrt(np.mean(wave**2))


def wander(duration_s: float, rng: Rng, rate_hz: float) -> Wave:
    """A slow random curve between 0 and 1 that turns about rate_hz times a second."""
    knots = rng.uniform(0, 1, int(duration_s * rate_hz) + 4)
    at = np.linspace(0, len(knots) - 1.001, length_of(duration_s))
    left = at.astype(int)
    mix = 0.5 - 0.5 * np.cos(np.pi * (at - left))
    return knots[left] * (1 - mix) + knots[left + 1] * mix


def repitched(wave: Wave, ratio: float) -> Wave:
    """Wave played ratio times as fast, so that much higher and shorter."""
    step = Fraction(1 / ratio).limit_denominator(200)
    return signal.resample_poly(wave, step.numerator, step.denominator)


def looped(wave: Wave, duration_s: float, overlap_s: float) -> Wave:
    """Wave repeated with crossfades until it fills duration_s."""
    canvas = silence(duration_s)
    piece = faded(wave, overlap_s, overlap_s)
    start_s = -overlap_s
    while start_s < duration_s:
        cut = max(0, -length_of(start_s))
        place(canvas, piece[cut:], max(0.0, start_s))
        start_s += len(wave) / SAMPLE_RATE_HZ - overlap_s
    return canvas


def regrained(wave: Wave, duration_s: float, grain_s: float, rng: Rng) -> Wave:
    """duration_s of overlapping grains drawn from random places of wave."""
    canvas = silence(duration_s)
    grain = min(length_of(grain_s), len(wave))
    for start_s in np.arange(-grain_s / 2, duration_s, grain_s / 2):
        begin = rng.integers(0, len(wave) - grain + 1)
        piece = faded(wave[begin : begin + grain], grain_s / 2, grain_s / 2)
        cut = max(0, -length_of(start_s))
        place(canvas, piece[cut:], max(0.0, start_s))
    return canvas


def reverberated(wave: Wave, rng: Rng, decay_s: float, wet: float, bright_hz: float = 5000) -> Wave:
    """Wave in a room whose sound falls by 60 dB in decay_s; as long as it was."""
    tail = white(decay_s, rng) * 10 ** (-3 * times_s(decay_s) / decay_s)
    tail = band(tail, 60, bright_hz, order=1)
    tail /= np.sqrt(np.sum(tail**2))
    return wave + wet * signal.fftconvolve(wave, tail)[: len(wave)]


def scaled(wave: Wave, rms_db: float) -> Wave:
    """Wave at an RMS level of rms_db."""
    return wave * 10 ** (rms_db / 20) / (np.sqrt(np.mean(wave**2)) + 1e-12)


def mixed(*parts: tuple[Wave, float]) -> Wave:
    """The sum of (wave, RMS level in dB) pairs of one length."""
    return np.sum([scaled(wave, rms_db) for wave, rms_db in parts], axis=0)


def room_tone(duration_s: float, rng: Rng, rms_db: float = -52.0) -> Wave:
    """The hush of a place, so that pauses are not digital silence."""
    return scaled(coloured(duration_s, rng, 1.3), rms_db)


def widened(wave: Wave, rng: Rng) -> Wave:
    """Two channels that differ by their early reflections."""
    sides = []
    for _ in range(2):
        side = wave.copy()
        for delay_s in rng.uniform(0.004, 0.03, 5):
            place(side, wave, delay_s, rng.uniform(-0.35, 0.35))
        sides.append(side)
    return np.stack(sides, axis=1)


def mastered(wave: Wave, rms_db: float) -> Wave:
    """Wave at rms_db, with its peaks bent below PEAK_CEILING."""
    loud = scaled(wave - wave.mean(axis=0), rms_db)
    knee = 0.6 * PEAK_CEILING
    over = np.maximum(np.abs(loud) - knee, 0)
    room = PEAK_CEILING - knee
    bent = np.where(over > 0, np.sign(loud) * (knee + room * np.tanh(over / room)), loud)
    fade = faded(np.ones(len(wave)), 0.01, 0.05)
    return bent * (fade if wave.ndim == 1 else fade[:, None])
