import numpy as np
import pytest

from audio_search.vggish.features import mel_magnitudes
from audio_search.vggish.sound import Sound
from audio_search.vggish.waveform import WaveformError
from tests.vggish import published

WINDOW = 64000
WAVEFORM = published.tones(10)


@pytest.mark.parametrize('start', [0, 9600123])
@pytest.mark.parametrize('beg', [0, 32000, 96000, 95999, 77])
def test_the_frames_of_a_location_are_those_of_that_part_alone(start: int, beg: int) -> None:
    sound = Sound(WAVEFORM, start=start)
    part = sound.mel([start + beg, start + beg + WINDOW], max_samples=WINDOW)
    np.testing.assert_array_equal(part, mel_magnitudes(WAVEFORM[beg : beg + WINDOW]))


def test_no_location_is_all_of_it() -> None:
    np.testing.assert_array_equal(
        Sound(WAVEFORM).mel([], max_samples=10**9), mel_magnitudes(WAVEFORM)
    )


def test_not_more_is_looked_at_than_wanted() -> None:
    assert len(Sound(WAVEFORM).mel([0, 160000], max_samples=61680)) == 384
    assert len(Sound(WAVEFORM).mel([0, 10**15], max_samples=61680)) == 384


def test_silence_follows_the_end() -> None:
    part = Sound(WAVEFORM).mel([128000, 192000], max_samples=WINDOW)
    filled = np.pad(WAVEFORM[128000:], (0, 32000))
    np.testing.assert_array_equal(part, mel_magnitudes(filled))


@pytest.mark.parametrize('count', [1, 399, 400, 15599, 15600])
def test_a_short_sound_is_filled_up_to_one_example(count: int) -> None:
    filled = np.pad(WAVEFORM[:count], (0, 15600 - count))
    np.testing.assert_array_equal(
        Sound(WAVEFORM[:count]).mel([], max_samples=61680), mel_magnitudes(filled)
    )


@pytest.mark.parametrize(
    'location', [[0], [0, 1, 2], [5, 5], [10, 5], [-1, 64000], [999, 2000], [161000, 170000]]
)
def test_a_location_that_is_no_part_is_refused(location: list[int]) -> None:
    with pytest.raises(WaveformError, match=r'give \[begin, end\) .* between 1000 and 161000'):
        Sound(WAVEFORM, start=1000).mel(location, max_samples=WINDOW)
