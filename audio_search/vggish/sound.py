"""A sound that knows where in its file it starts, and its parts with their mel spectrograms."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from audio_search.vggish.features import mel_magnitudes
from audio_search.vggish.parameters import HOP_LENGTH, SAMPLE_RATE_HZ
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

    def part(self, location: Sequence[int], max_samples: int) -> 'Part':
        """`location`, [start, end) in samples of the file; empty for the whole sound. At most
        `max_samples` of it are looked at, and none behind the end of the sound.

        Raises WaveformError for a location that is not a part of the sound.
        """
        start, end = self._within(location)
        end = min(end, start + max_samples, len(self.waveform))
        return Part(self, start, end)

    @cached_property
    def mel(self) -> np.ndarray:
        """Mel magnitudes of the whole sound, float64 [frames, 64]."""
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


@dataclass(frozen=True)
class Part:
    """Samples [start, end) of a sound's waveform."""

    sound: Sound
    start: int
    end: int

    @property
    def waveform(self) -> np.ndarray:
        """float32 [samples]"""
        return self.sound.waveform[self.start : self.end]

    @property
    def mel(self) -> np.ndarray:
        """Mel magnitudes, float64 [frames, 64].

        They equal those of this part alone, but parts that begin on a frame of the whole sound
        share one computation.
        """
        if self.start % HOP_LENGTH:
            return mel_magnitudes(self.waveform)
        first = self.start // HOP_LENGTH
        return self.sound.mel[first : first + frame_count(self.end - self.start)]
