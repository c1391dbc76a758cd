"""Samples in the forms they come in -> the waveform VGGish takes: mono, float32, 16 kHz."""

import math
from typing import Any

import numpy as np

from audio_search.vggish.parameters import SAMPLE_RATE_HZ

MAX_CHANNELS = 32
MIN_RATE_HZ, MAX_RATE_HZ = 1000, 768_000  # of recordings
MAX_PEAK = 32.0  # 30 dB over full scale: what is louder are integers that were stored as floats

# An integer of full scale, by type. JSON writes all integers alike, so int64 is taken for int16.
FULL_SCALE = {'int8': 1 << 7, 'int16': 1 << 15, 'int32': 1 << 31, 'int64': 1 << 15}


class WaveformError(ValueError):
    """Unusable samples.

    The message is a predicate ("has 0 samples"); the caller adds the subject.
    """


def mono_16k(samples: np.ndarray, sample_rate_hz: Any = SAMPLE_RATE_HZ) -> np.ndarray:
    """int or float [samples], [channels, samples] or [samples, channels] -> float32 [samples].

    Integers are scaled by their type to [-1, 1); floats must lie there already. The shorter axis is
    taken for the channels, which are averaged. Other rates than 16 kHz are resampled as in the
    published front end (vggish_input.waveform_to_examples), by resampy's best filter.

    Raises WaveformError for what cannot be sound: no samples, NaN or infinite values, a type, shape
    or rate that sound does not have, and floats far outside [-1, 1].
    """
    if not samples.size:
        raise WaveformError('has 0 samples; leave it out')
    mono = _mono(_scaled(samples))
    return _resampled(mono, _rate(sample_rate_hz))


def _scaled(samples: np.ndarray) -> np.ndarray:
    if samples.dtype.kind == 'f':
        peak = max(-samples.min(), samples.max())  # NaN if there is one
        if not np.isfinite(peak):
            raise WaveformError('holds NaN or infinite values; send finite samples in [-1, 1]')
        if peak > MAX_PEAK:
            raise WaveformError(
                f'has float samples up to {peak:g}; scale them to [-1, 1], or send int16'
            )
        return samples.astype(np.float32, copy=False)
    full_scale = FULL_SCALE.get(samples.dtype.name)
    if full_scale is None or max(-int(samples.min()), int(samples.max())) > full_scale:
        raise WaveformError(
            f'holds {samples.dtype.name} values that are no samples; '
            'send int16, or floats in [-1, 1]'
        )
    return (samples / full_scale).astype(np.float32)


def _mono(samples: np.ndarray) -> np.ndarray:
    if samples.ndim == 1:
        return samples
    channels = min(samples.shape, default=0)
    if samples.ndim != 2 or channels > MAX_CHANNELS:
        raise WaveformError(
            f'has the shape {list(samples.shape)}; send [samples], [channels, samples] or '
            '[samples, channels]'
        )
    if samples.shape[0] == samples.shape[1] > 1:
        raise WaveformError(
            f'has the shape {list(samples.shape)}, which does not tell channels from samples; '
            'send [samples]'
        )
    return samples.mean(axis=samples.shape.index(channels), dtype=np.float32)


def _rate(sample_rate_hz: Any) -> float:
    try:
        rate_hz = float(sample_rate_hz)
    except (TypeError, ValueError):
        rate_hz = math.nan
    if isinstance(sample_rate_hz, bool) or not MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
        raise WaveformError(
            f'has the sample_rate {sample_rate_hz!r}; '
            f'give one between {MIN_RATE_HZ} and {MAX_RATE_HZ} Hz'
        )
    return rate_hz


def _resampled(waveform: np.ndarray, rate_hz: float) -> np.ndarray:
    if rate_hz == SAMPLE_RATE_HZ:
        return waveform
    if len(waveform) * SAMPLE_RATE_HZ < rate_hz:
        raise WaveformError(
            f'is too short to resample ({len(waveform)} samples at {rate_hz:g} Hz); leave it out'
        )
    import librosa  # here, because it loads a compiler, which sound at 16 kHz does not need

    return librosa.resample(
        waveform, orig_sr=rate_hz, target_sr=SAMPLE_RATE_HZ, res_type='kaiser_best', fix=False
    )
