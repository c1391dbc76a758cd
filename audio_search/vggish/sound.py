"""A waveform that knows where in its file it begins, and gives the log-mel frames of any part."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from audio_search.vggish.features import frame_count, log_mel
from audio_search.vggish.parameters import EXAMPLE_LENGTH, HOP_LENGTH
from audio_search.vggish.waveform import WaveformError


class Sound:
    """A mono 16 kHz waveform, float32 [samples], from sample `begin` of its file on."""

    def __init__(self, waveform: np.ndarray, begin: int = 0) -> None:
        self.waveform = waveform
        self.begin = begin

    @cached_property
    def spectrogram(self) -> np.ndarray:
        return log_mel(self.waveform)

    def log_mel(self, location: Sequence[int], most: int) -> np.ndarray:
        """The frames of `location`, [begin, end) in samples of the file: float32 [frames, 64].

        They equal those of that part alone. At most `most` samples of it are looked at; what lies
        behind the end of the sound is silence, and a part that is shorter than an example is filled
        up to one with silence.

        Raises WaveformError for a location that is not a part of the sound.
        """
        beg, end = self._within(location)
        end = max(min(end, beg + most), beg + EXAMPLE_LENGTH)
        if beg % HOP_LENGTH == 0 and end <= len(self.waveform):
            first = beg // HOP_LENGTH
            return self.spectrogram[first : first + frame_count(end - beg)]
        part = self.waveform[beg:end]
        return log_mel(np.pad(part, (0, end - beg - len(part))))

    def _within(self, location: Sequence[int]) -> tuple[int, int]:
        if not location:
            return 0, len(self.waveform)
        beg, end = (edge - self.begin for edge in location) if len(location) == 2 else (0, 0)
        if not 0 <= beg < min(end, len(self.waveform)):
            last = self.begin + len(self.waveform)
            raise WaveformError(
                f'has the location {list(location)}, which is no part of its sound; '
                f'give [begin, end) in samples at 16 kHz between {self.begin} and {last}'
            )
        return beg, end
