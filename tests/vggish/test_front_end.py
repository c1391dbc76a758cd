import numpy as np
import pytest

from audio_search.vggish import FrontEnd, FrontEndError, Input, Sound, WaveformError, features
from audio_search.vggish.front_end import PUBLISHED
from tests.vggish import published

WAVEFORM = published.tones(10)
WINDOW = 64000
SILENCE = np.float32(np.log(0.01))


def inputs(waveform: np.ndarray, front_end: FrontEnd, count: int = 4) -> Input:
    return front_end.inputs(Sound(waveform), [], count)


def as_published(waveform: np.ndarray) -> np.ndarray:
    """The examples of a window by the published steps alone."""
    filled = np.pad(waveform, (0, max(0, WINDOW - len(waveform))))[:WINDOW]
    return features.examples(features.log_mel(filled))


def test_a_window_is_the_examples_of_that_part() -> None:
    window = FrontEnd(lift_to_dbfs=None).inputs(Sound(WAVEFORM), [32000, 96000], 4)
    np.testing.assert_array_equal(window.examples, as_published(WAVEFORM[32000:96000]))
    assert window.examples.dtype == np.float32
    assert not window.padded
    assert window.audible.all()


@pytest.mark.parametrize('count', [1, 2])
def test_of_a_longer_part_it_is_the_first_examples(count: int) -> None:
    window = inputs(WAVEFORM, PUBLISHED, count)
    np.testing.assert_array_equal(window.examples, as_published(WAVEFORM)[:count])
    assert len(window.audible) == len(window.muted) == len(window.loudness) == count
    assert not window.padded


@pytest.mark.parametrize('samples', [1, 399, 8000, 20000, 61679, 64000, 160000])
@pytest.mark.parametrize('gain', [0.001, 1])
def test_with_every_step_off_it_is_as_published_bit_for_bit(samples: int, gain: float) -> None:
    waveform = (gain * WAVEFORM[:samples]).astype(np.float32)
    window = inputs(waveform, PUBLISHED)
    assert window.examples.tobytes() == as_published(waveform).tobytes()
    assert not window.muted.any()


@pytest.mark.parametrize('seconds', [0.1, 0.5, 1, 2.5, 3.8])
def test_a_short_sound_is_repeated(seconds: float) -> None:
    short = WAVEFORM[: int(seconds * 16000)]
    window = inputs(short, FrontEnd(lift_to_dbfs=None))
    repeated = np.tile(short, 64000 // len(short) + 1)[:WINDOW]
    np.testing.assert_array_equal(window.examples, as_published(repeated))
    assert window.padded


def test_one_sound_is_one_input_through_every_door() -> None:
    short = WAVEFORM[:8000]
    alone = inputs(short, FrontEnd())
    for sound, location in (
        (Sound(short), [0, WINDOW]),
        (Sound(short, start=1000), [1000, 1000 + WINDOW]),
        (Sound(WAVEFORM), [0, 8000]),
        (Sound(np.pad(short, (77, 0))), [77, 8077]),
        (Sound(np.round(short * 32768).astype(np.int16)), []),
    ):
        other = FrontEnd().inputs(sound, location, 4)
        np.testing.assert_allclose(other.examples, alone.examples, atol=2e-3)
        np.testing.assert_allclose(other.loudness, alone.loudness, rtol=1e-3)
        assert other.padded


@pytest.mark.parametrize('gain_db', [-20, -40, -55])
def test_a_quiet_window_is_raised(gain_db: float) -> None:
    loud = WAVEFORM[:WINDOW] * (10 ** (-12 / 20) / np.abs(WAVEFORM[:WINDOW]).max())
    quiet = (loud * 10 ** (gain_db / 20)).astype(np.float32)
    np.testing.assert_allclose(
        inputs(quiet, FrontEnd()).examples, inputs(loud, PUBLISHED).examples, atol=1e-4
    )


def test_a_window_is_raised_by_60_db_at_most() -> None:
    faint = (WAVEFORM[:WINDOW] * 1e-5).astype(np.float32)
    raised = (WAVEFORM[:WINDOW] * 1e-2).astype(np.float32)
    np.testing.assert_allclose(
        inputs(faint, FrontEnd(lift_to_dbfs=0)).examples,
        inputs(raised, PUBLISHED).examples,
        atol=1e-4,
    )


def test_a_loud_window_stays_as_it_is() -> None:
    loud = WAVEFORM[:WINDOW] / np.abs(WAVEFORM[:WINDOW]).max()
    assert inputs(loud, FrontEnd()).examples.tobytes() == as_published(loud).tobytes()


def test_each_window_is_raised_for_itself() -> None:
    """A quiet second half of a clip is not kept down by a loud first one."""
    both = np.concatenate([WAVEFORM[:WINDOW], WAVEFORM[:WINDOW] * 0.01]).astype(np.float32)
    sound = Sound(both)
    first = FrontEnd(lift_to_dbfs=-3).inputs(sound, [0, WINDOW], 4)
    second = FrontEnd(lift_to_dbfs=-3).inputs(sound, [WINDOW, 2 * WINDOW], 4)
    np.testing.assert_allclose(second.examples, first.examples, atol=1e-3)


def test_silence_is_muted_and_nothing_else() -> None:
    waveform = WAVEFORM[:WINDOW].copy()
    waveform[15360:46640] = 0  # the second example and the third
    window = inputs(waveform, FrontEnd())
    assert window.muted.tolist() == [False, True, True, False]
    assert window.audible.tolist() == [True, False, False, True]
    assert not window.is_silent
    assert not inputs(waveform, FrontEnd(silence='as_published')).muted.any()
    assert inputs(np.zeros(WINDOW, np.float32), FrontEnd()).is_silent
    assert inputs(np.zeros(WINDOW, np.float32), PUBLISHED).is_silent


def test_loudness_is_the_root_mean_square_of_each_example() -> None:
    waveform = np.zeros(WINDOW, np.float32)
    for example, amplitude in enumerate((0.5, 0.25, 0, 0.125)):
        waveform[example * 15360 : (example + 1) * 15360] = amplitude
    loudness = inputs(waveform, FrontEnd()).loudness
    # An example reaches 240 samples into the next.
    np.testing.assert_allclose(loudness, [0.5, 0.25, 0.0155, 0.125], atol=0.003)


def test_examples_that_are_given_are_kept_and_repeated() -> None:
    given = np.arange(3 * 96 * 64).reshape(3, 96, 64) % 90
    kept = FrontEnd().inputs_of_log_mel(given, 2)
    np.testing.assert_array_equal(kept.examples, given[:2])
    assert not kept.padded
    filled = FrontEnd().inputs_of_log_mel(given, 5)
    assert filled.examples.dtype == np.float32
    np.testing.assert_array_equal(filled.examples, given[[0, 1, 2, 0, 1]])
    assert filled.padded
    silence = PUBLISHED.inputs_of_log_mel(given, 5)
    np.testing.assert_array_equal(silence.examples[:3], given)
    assert (silence.examples[3:] == SILENCE).all()


def test_given_examples_of_silence_are_muted() -> None:
    given = np.full((4, 96, 64), np.log(0.01), np.float32)
    given[1] = 0
    window = FrontEnd().inputs_of_log_mel(given, 4)
    assert window.muted.tolist() == [True, False, True, True]
    np.testing.assert_allclose(window.loudness, [0, 0.99, 0, 0], atol=1e-6)


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
        FrontEnd().inputs_of_log_mel(values, 4)


@pytest.mark.parametrize(
    ('setting', 'message'),
    [
        ({'padding': 'zeros'}, "padding is 'zeros'; choose repeat or silence"),
        ({'silence': None}, 'silence is None; choose zero or as_published'),
        ({'lift_to_dbfs': 3}, 'lift_to_dbfs is 3; set it to a number from -60 to 0, or to null'),
        ({'lift_to_dbfs': '-12'}, "lift_to_dbfs is '-12'"),
        ({'lift_to_dbfs': True}, 'lift_to_dbfs is True'),
        ({'lift_to_dbfs': float('nan')}, 'lift_to_dbfs is nan'),
    ],
)
def test_a_setting_that_cannot_be_is_refused(setting: dict, message: str) -> None:
    with pytest.raises(FrontEndError, match=message):
        FrontEnd(**setting)
