from pathlib import Path

import numpy as np
import pytest

from audio_search.audio import decoding
from audio_search.vggish import features, sizes
from tests.vggish import published

RATE = 16000
SECONDS = np.arange(4 * RATE) / RATE
RNG = np.random.default_rng(1)

SIGNALS = {
    'white noise': 0.3 * RNG.standard_normal(4 * RATE),
    'faint noise': 1e-4 * RNG.standard_normal(4 * RATE),
    'full-scale 1 kHz sine': np.sin(2 * np.pi * 1000 * SECONDS),
    'full-scale 100 Hz sine': np.sin(2 * np.pi * 100 * SECONDS),
    '7.9 kHz sine': 0.5 * np.sin(2 * np.pi * 7900 * SECONDS),
    'silence': np.zeros(4 * RATE),
    'constant': np.ones(4 * RATE),
    'one click': np.eye(1, 4 * RATE, 12345)[0],
    'clicks': np.arange(4 * RATE) % 1601 == 0,
    'square wave': np.sign(np.sin(2 * np.pi * 50 * SECONDS)),
    'sounds': published.tones(4),
}


@pytest.mark.parametrize('name', SIGNALS)
def test_log_mel_is_the_published_one(name: str) -> None:
    waveform = SIGNALS[name].astype(np.float32)
    expected = published.log_mel(waveform.astype(np.float64))
    spectrogram = features.log_mel(waveform)
    assert spectrogram.shape == (398, 64)
    assert spectrogram.dtype == np.float32
    np.testing.assert_allclose(spectrogram, expected, rtol=0, atol=1e-4)


def test_log_mel_is_the_published_one_on_recordings() -> None:
    paths = sorted((Path(__file__).parents[2] / 'toy-data').glob('*.mp3'))
    assert paths
    for path in paths:
        waveform = decoding.load(path, 0, 3)
        expected = published.log_mel(waveform.astype(np.float64))
        np.testing.assert_allclose(features.log_mel(waveform), expected, rtol=0, atol=1e-4)


def test_a_sine_lies_in_the_band_around_its_frequency() -> None:
    spectrogram = features.log_mel(SIGNALS['full-scale 1 kHz sine'].astype(np.float32))
    # 1000 mel of 185 … 2840, in 65 steps of 40.9
    assert set(spectrogram.argmax(axis=1)) == {19}


@pytest.mark.parametrize('level', [3e38, 1e30, 1e-38, 1e-45, 0.0])
@pytest.mark.parametrize('shape', ['alternating', 'constant', 'click'])
def test_log_mel_of_anything_finite_is_finite(level: float, shape: str) -> None:
    waveform = np.zeros(16000, np.float32)
    if shape == 'click':
        waveform[8000] = level
    else:
        waveform[:] = level
    if shape == 'alternating':
        waveform[::2] *= -1
    assert np.isfinite(features.log_mel(waveform)).all()


@pytest.mark.parametrize(
    ('samples', 'frames'),
    [
        (0, 0),
        (1, 0),
        (399, 0),
        (400, 1),
        (559, 1),
        (560, 2),
        (15599, 95),
        (15600, 96),
        (64000, 398),
    ],
)
def test_only_whole_frames_count(samples: int, frames: int) -> None:
    assert sizes.frame_count(samples) == frames
    assert features.log_mel(np.ones(samples, np.float32)).shape == (frames, 64)


def test_the_frames_of_a_part_are_those_of_the_whole() -> None:
    waveform = published.tones(10)
    whole = features.log_mel(waveform)
    for beg in (0, 32000, 96000):
        part = features.log_mel(waveform[beg : beg + 64000])
        np.testing.assert_array_equal(part, whole[beg // 160 : beg // 160 + 398])


def test_long_sound_is_transformed_in_blocks_without_a_seam() -> None:
    waveform = published.tones(30)
    expected = published.log_mel(waveform.astype(np.float64))
    assert len(expected) > 2 * features.BLOCK_FRAMES
    np.testing.assert_allclose(features.log_mel(waveform), expected, rtol=0, atol=1e-4)


def test_examples_lie_side_by_side_and_the_rest_is_dropped() -> None:
    spectrogram = np.arange(398 * 64, dtype=np.float32).reshape(398, 64)
    cut = features.examples(spectrogram)
    assert cut.shape == (4, 96, 64)
    np.testing.assert_array_equal(cut.reshape(384, 64), spectrogram[:384])
    assert features.examples(spectrogram[:95]).shape == (0, 96, 64)
