"""What is done to queries does what it says."""

import numpy as np
import pytest

from audio_search.audio import decoding
from audio_search.evaluation import stress
from tests.running import ROOT

RATE_HZ = 16000


@pytest.fixture(scope='module')
def birds() -> np.ndarray:
    return decoding.load(ROOT / 'toy-data' / '143_birds.mp3')


def level(waveform: np.ndarray) -> float:
    """Mean power in dB."""
    return float(10 * np.log10(np.mean(waveform.astype(np.float64) ** 2)))


def test_the_loudest_part_is_the_loudest(birds: np.ndarray) -> None:
    found = stress.loudest(birds, 0.5)
    assert len(found) == RATE_HZ // 2
    for start in range(0, len(birds) - RATE_HZ // 2, 997):
        assert level(birds[start : start + RATE_HZ // 2]) <= level(found) + 1e-6
    np.testing.assert_array_equal(stress.loudest(birds[:100], 0.5), birds[:100])


def test_gain_is_what_it_says(birds: np.ndarray) -> None:
    quieter = stress.amplified(birds, -40)
    assert quieter.dtype == np.float32
    assert level(quieter) == pytest.approx(level(birds) - 40, abs=1e-3)


@pytest.mark.parametrize('snr_db', [10, 0])
@pytest.mark.parametrize('other_s', [0.3, 20])
def test_the_other_clip_is_so_many_db_quieter(
    birds: np.ndarray, snr_db: float, other_s: float
) -> None:
    other = np.random.default_rng(1).normal(0, 0.01, round(other_s * RATE_HZ)).astype(np.float32)
    found = stress.mixed(birds, other, snr_db)
    assert len(found) == len(birds)
    assert level(birds) - level(found - birds) == pytest.approx(snr_db, abs=0.05)


def test_silence_is_not_mixed(birds: np.ndarray) -> None:
    silence = np.zeros(100, np.float32)
    np.testing.assert_array_equal(stress.mixed(birds, silence, 10), birds)
    np.testing.assert_array_equal(stress.mixed(silence, birds, 10), silence)


def test_coding_keeps_what_is_low_and_drops_what_is_high() -> None:
    t = np.arange(2 * RATE_HZ) / RATE_HZ
    low = (0.3 * np.sin(2 * np.pi * 1000 * t)).astype(np.float32)
    high = (0.3 * np.sin(2 * np.pi * 6500 * t)).astype(np.float32)
    found = stress.coded(low + high)
    assert abs(len(found) - len(low)) < RATE_HZ // 10
    spectrum = np.abs(np.fft.rfft(found[4000:20000]))  # a bin per Hz
    assert spectrum[1000] > 0.8 * np.abs(np.fft.rfft(low[4000:20000]))[1000]
    assert spectrum[6400:6600].max() < 0.01 * spectrum[1000]


def test_a_shift_drops_half_a_stride_but_never_all(birds: np.ndarray) -> None:
    np.testing.assert_array_equal(stress.shifted(birds, 2), birds[RATE_HZ:])
    np.testing.assert_array_equal(stress.shifted(birds[:1000], 2), birds[500:1000])


def test_clips_are_mixed_with_clips_of_other_labels() -> None:
    labels = ['a', 'b', 'b', 'c', 'a'] * 4
    found = stress.partners(labels)
    assert all(labels[other] != label for label, other in zip(labels, found, strict=True))
    np.testing.assert_array_equal(found, stress.partners(labels))


def test_every_variant_makes_a_sound(birds: np.ndarray) -> None:
    variants = stress.variants(stride_s=2)
    assert [variant.name for variant in variants] == [
        'loudest_0_5_s', 'loudest_1_s', 'loudest_2_s', 'minus_20_db', 'minus_40_db',
        'mixed_10_db', 'mixed_0_db', 'coded', 'shifted',
    ]  # fmt: skip
    for variant in variants:
        changed = variant.change(birds, *([birds[:999]] if variant.mixes else []))
        assert changed.dtype == np.float32
        assert 0.5 * RATE_HZ <= len(changed) <= len(birds)
