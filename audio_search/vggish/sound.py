"""A sound that knows where in its file it starts, and gives the mel spectrogram of any part."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from audio_search.vggish.features import mel_magnitudes
from audio_search.vggish.parameters import EXAMPLE_LENGTH, HOP_LENGTH, SAMPLE_RATE_HZ
from audio_search.vggish.sizes import frame_count
from audio_search.vggish.waveform import WaveformError, mono_16k


class Sound:
    """`samples` as mono_16k takes them; `start` is the sample of the file, at 16 kHz, that the
    first of them is.

    Raises WaveformError for samples that are no sound.
    """

    def __init__(
        self, samples: np.ndarray, sample_rate_hz: Any = SAMPLE_RATE_HZ, start: int = 0
    ) -> None:
        self.waveform = mono_16k(samples, sample_rate_hz)  # float32 [samples], 16 kHz
        self.start = start

    def mel(self, location: Sequence[int], max_samples: int) -> np.ndarray:
        """Mel magnitudes of `location`, [start, end) in samples of the file: float64 [frames, 64].

        They equal those of that part alone, but parts that begin on a frame of the whole sound
        share one computation. At most `max_samples` of the part are looked at; what lies behind the
        end of the sound is silence, and a part that is shorter than an example is filled up to one
        with silence.

        Raises WaveformError for a location that is not a part of the sound.
        """
        start, end = self._within(location)
        end = max(min(end, start + max_samples), start + EXAMPLE_LENGTH)
        if start % HOP_LENGTH == 0 and end <= len(self.waveform):
            first = start // HOP_LENGTH
            return self._mel[first : first + frame_count(end - start)]
        part = self.waveform[start:end]
        return mel_magnitudes(np.pad(part, (0, end - start - len(part))))

    @cached_property
    def _mel(self) -> np.ndarray:
        return mel_magnitudes(self.waveform)

    def _within(self, location: Sequence[int]) -> tuple[int, int]:
        if not location:
            return 0, len(self.waveform)
        start, end = (edge - self.start for edge in location) if len(location) == 2 else (0, 0)
        if not 0 <= start < min(end, len(self.waveform)):
            last = self.start + len(self.waveform)
            raise WaveformError(
                f'has the location {list(location)}, which is no part of its sound; '
                f'give [begin, end) in samples at 16 kHz between {self.start} and {last}'
            )
        return start, end
