import numpy as np
import pytest

from audio_search.vggish.features import log_mel
from audio_search.vggish.sound import Sound
from audio_search.vggish.waveform import WaveformError
from tests.vggish import published

WINDOW = 64000
WAVEFORM = published.tones(10)


@pytest.mark.parametrize('begin', [0, 9600123])
@pytest.mark.parametrize('beg', [0, 32000, 96000, 95999, 77])
def test_the_frames_of_a_location_are_those_of_that_part_alone(begin: int, beg: int) -> None:
    sound = Sound(WAVEFORM, begin)
    part = sound.log_mel([begin + beg, begin + beg + WINDOW], most=WINDOW)
    np.testing.assert_array_equal(part, log_mel(WAVEFORM[beg : beg + WINDOW]))


def test_no_location_is_all_of_it() -> None:
    np.testing.assert_array_equal(Sound(WAVEFORM).log_mel([], most=10**9), log_mel(WAVEFORM))


def test_not_more_is_looked_at_than_wanted() -> None:
    assert len(Sound(WAVEFORM).log_mel([0, 160000], most=61680)) == 384
    assert len(Sound(WAVEFORM).log_mel([0, 10**15], most=61680)) == 384


def test_silence_follows_the_end() -> None:
    part = Sound(WAVEFORM).log_mel([128000, 192000], most=WINDOW)
    filled = np.pad(WAVEFORM[128000:], (0, 32000))
    np.testing.assert_array_equal(part, log_mel(filled))


@pytest.mark.parametrize('count', [1, 399, 400, 15599, 15600])
def test_a_short_sound_is_filled_up_to_one_example(count: int) -> None:
    filled = np.pad(WAVEFORM[:count], (0, 15600 - count))
    np.testing.assert_array_equal(Sound(WAVEFORM[:count]).log_mel([], most=61680), log_mel(filled))


@pytest.mark.parametrize(
    'location', [[0], [0, 1, 2], [5, 5], [10, 5], [-1, 64000], [999, 2000], [161000, 170000]]
)
def test_a_location_that_is_no_part_is_refused(location: list[int]) -> None:
    with pytest.raises(WaveformError, match=r'give \[begin, end\) .* between 1000 and 161000'):
        Sound(WAVEFORM, 1000).log_mel(location, most=WINDOW)
