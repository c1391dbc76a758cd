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
    part = sound.part([start + beg, start + beg + WINDOW], max_samples=WINDOW)
    np.testing.assert_array_equal(part.waveform, WAVEFORM[beg : beg + WINDOW])
    np.testing.assert_array_equal(part.mel, mel_magnitudes(WAVEFORM[beg : beg + WINDOW]))


def test_no_location_is_all_of_it() -> None:
    part = Sound(WAVEFORM).part([], max_samples=10**9)
    np.testing.assert_array_equal(part.waveform, WAVEFORM)
    np.testing.assert_array_equal(part.mel, mel_magnitudes(WAVEFORM))


def test_not_more_is_looked_at_than_wanted() -> None:
    for location in ([0, 160000], [0, 10**15]):
        part = Sound(WAVEFORM).part(location, max_samples=61680)
        assert len(part.waveform) == 61680
        assert len(part.mel) == 384


@pytest.mark.parametrize('beg', [128000, 128077])
def test_a_part_ends_with_its_sound(beg: int) -> None:
    part = Sound(WAVEFORM).part([beg, beg + WINDOW], max_samples=WINDOW)
    np.testing.assert_array_equal(part.waveform, WAVEFORM[beg:])
    np.testing.assert_array_equal(part.mel, mel_magnitudes(WAVEFORM[beg:]))


@pytest.mark.parametrize(
    'location', [[0], [0, 1, 2], [5, 5], [10, 5], [-1, 64000], [999, 2000], [161000, 170000]]
)
def test_a_location_that_is_no_part_is_refused(location: list[int]) -> None:
    with pytest.raises(WaveformError, match=r'give \[begin, end\) .* between 1000 and 161000'):
        Sound(WAVEFORM, start=1000).part(location, max_samples=WINDOW)
