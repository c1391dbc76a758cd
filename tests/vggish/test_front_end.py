import numpy as np
import pytest

from audio_search.vggish import Sound, WaveformError, features, inputs, inputs_of_log_mel
from tests.vggish import published

WAVEFORM = published.tones(10)


def test_a_window_is_the_examples_of_that_part() -> None:
    window = inputs(Sound(WAVEFORM), [32000, 96000], 4)
    expected = features.examples(features.log_mel(WAVEFORM[32000:96000]))
    np.testing.assert_array_equal(window.examples, expected)
    assert window.examples.dtype == np.float32
    assert (window.sounding, window.padded) == (4, False)


@pytest.mark.parametrize('count', [1, 2])
def test_of_a_longer_part_it_is_the_first_examples(count: int) -> None:
    window = inputs(Sound(WAVEFORM), [], count)
    np.testing.assert_array_equal(window.examples, inputs(Sound(WAVEFORM), [], 4).examples[:count])
    assert (window.sounding, window.padded) == (count, False)


def test_zeros_follow_what_a_short_sound_has() -> None:
    window = inputs(Sound(WAVEFORM[:48000]), [], 4)
    assert (window.sounding, window.padded) == (3, True)
    expected = features.examples(features.log_mel(WAVEFORM[:48000]))
    np.testing.assert_array_equal(window.examples[:3], expected)
    assert not window.examples[3].any()


def test_less_than_an_example_counts_as_one_that_is_padded() -> None:
    window = inputs(Sound(WAVEFORM[:8000]), [], 1)
    assert window.examples.shape == (1, 96, 64)
    assert (window.sounding, window.padded) == (1, True)


def test_examples_that_are_given_are_kept_and_filled_up() -> None:
    given = np.arange(3 * 96 * 64).reshape(3, 96, 64) % 90
    kept = inputs_of_log_mel(given, 2)
    np.testing.assert_array_equal(kept.examples, given[:2])
    assert (kept.sounding, kept.padded) == (2, False)
    filled = inputs_of_log_mel(given, 5)
    assert filled.examples.dtype == np.float32
    np.testing.assert_array_equal(filled.examples[:3], given)
    assert not filled.examples[3:].any()
    assert (filled.sounding, filled.padded) == (3, True)


@pytest.mark.parametrize(
    ('values', 'reason'),
    [
        (None, 'has none'),
        (np.zeros((96, 64)), r'has one of the shape \[96, 64\]'),
        (np.zeros((0, 96, 64)), 'is empty or not finite'),
        (np.full((1, 96, 64), np.inf), 'is empty or not finite'),
    ],
)
def test_what_is_no_log_mel_is_refused(values: np.ndarray | None, reason: str) -> None:
    with pytest.raises(WaveformError, match=reason):
        inputs_of_log_mel(values, 4)
