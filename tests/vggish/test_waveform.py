from typing import Any

import numpy as np
import pytest

from audio_search.vggish.waveform import WaveformError, mono_16k
from tests.vggish import published

TONES = published.tones(1.0)


def test_mono_floats_at_16_khz_stay_as_they_are() -> None:
    np.testing.assert_array_equal(mono_16k(TONES), TONES)
    from_doubles = mono_16k(TONES.astype(np.float64), 16000.0)
    assert from_doubles.dtype == np.float32
    np.testing.assert_array_equal(from_doubles, TONES)


@pytest.mark.parametrize(
    ('dtype', 'scale'), [('int8', 2**7), ('int16', 2**15), ('int32', 2**31), ('int64', 2**15)]
)
def test_integers_are_scaled_by_their_type(dtype: str, scale: int) -> None:
    samples = np.array([-scale, -scale // 2, 0, scale // 2, scale - 1]).astype(dtype)
    waveform = mono_16k(samples)
    assert waveform.dtype == np.float32
    np.testing.assert_allclose(waveform, [-1, -0.5, 0, 0.5, (scale - 1) / scale], atol=1e-7)


def test_channels_first_and_last_are_averaged() -> None:
    stereo = np.stack([TONES, np.zeros_like(TONES)])
    np.testing.assert_allclose(mono_16k(stereo), TONES / 2)
    np.testing.assert_allclose(mono_16k(stereo.T), TONES / 2)
    np.testing.assert_array_equal(mono_16k(TONES[np.newaxis]), TONES)
    np.testing.assert_array_equal(mono_16k(TONES[:, np.newaxis]), TONES)
    as_int16 = np.round(stereo * 32767).astype(np.int16)
    np.testing.assert_allclose(mono_16k(as_int16), TONES / 2, atol=1e-4)


@pytest.mark.parametrize('rate_hz', [8000, 11025, 22050, 44100, 48000, 96000.0, '44100'])
def test_other_rates_are_resampled(rate_hz: Any) -> None:
    t = np.arange(int(float(rate_hz))) / float(rate_hz)
    waveform = mono_16k(0.5 * np.sin(2 * np.pi * 1000 * t), rate_hz)
    assert waveform.dtype == np.float32
    assert abs(len(waveform) - 16000) <= 1
    expected = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(len(waveform)) / 16000)
    middle = slice(2000, 14000)
    np.testing.assert_allclose(waveform[middle], expected[middle], atol=0.01)


@pytest.mark.parametrize('count', [1, 2, 399])
def test_a_few_samples_are_sound_too(count: int) -> None:
    assert mono_16k(np.full(count, 0.5, np.float32)).tolist() == [0.5] * count


def test_silence_is_sound() -> None:
    assert not mono_16k(np.zeros(16000, np.int16)).any()


@pytest.mark.parametrize(
    ('samples', 'rate_hz', 'reason'),
    [
        (np.zeros(0, np.float32), 16000, 'has 0 samples'),
        (np.zeros((2, 0), np.int16), 16000, 'has 0 samples'),
        (np.array([0.0, np.nan]), 16000, 'holds NaN or infinite values'),
        (np.array([0.0, np.inf]), 16000, 'holds NaN or infinite values'),
        (np.array([0.0, -np.inf]), 16000, 'holds NaN or infinite values'),
        (np.array([0.1, 20000.0]), 16000, 'has float samples up to 20000; scale them'),
        (np.array([0.1, -1e300]), 16000, 'has float samples up to 1e\\+300'),
        (np.array([0, 40000]), 16000, 'holds int64 values that are no samples'),
        (np.array([0, 40000], np.uint16), 16000, 'holds uint16 values'),
        (np.array([True, False]), 16000, 'holds bool values'),
        (np.array([1 + 1j]), 16000, 'holds complex128 values'),
        (np.array(['a']), 16000, 'holds str'),
        (np.array(0.5), 16000, 'has the shape \\[\\]'),
        (np.zeros((4, 96, 64), np.float32), 16000, 'has the shape \\[4, 96, 64\\]; send'),
        (np.zeros((100, 200), np.float32), 16000, 'has the shape \\[100, 200\\]; send'),
        (np.zeros((2, 2), np.float32), 16000, 'does not tell channels from samples'),
        (TONES, None, 'has the sample_rate None; give one between 1000 and 768000 Hz'),
        (TONES, 0, 'has the sample_rate 0;'),
        (TONES, -16000, 'has the sample_rate -16000;'),
        (TONES, float('nan'), 'has the sample_rate nan;'),
        (TONES, True, 'has the sample_rate True;'),
        (TONES, 'fast', "has the sample_rate 'fast';"),
        (TONES, [16000], 'has the sample_rate \\[16000\\];'),
        (np.array([0.5, 0.5]), 44100, 'is too short to resample \\(2 samples at 44100 Hz\\)'),
    ],
)
def test_what_is_no_sound_is_refused_with_the_reason(
    samples: np.ndarray, rate_hz: Any, reason: str
) -> None:
    with pytest.raises(WaveformError, match=reason):
        mono_16k(samples, rate_hz)
