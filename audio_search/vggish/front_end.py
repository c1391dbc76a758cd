"""From a part of a sound to the examples the network takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from audio_search.vggish import features
from audio_search.vggish.parameters import (
    EXAMPLE_FRAMES,
    EXAMPLE_LENGTH,
    HOP_LENGTH,
    LOG_OFFSET,
    MEL_COUNT,
    PADDINGS,
    SILENCES,
)
from audio_search.vggish.sizes import samples_of
from audio_search.vggish.sound import Sound
from audio_search.vggish.waveform import WaveformError

MAX_LOG_MEL = 100.0  # the logarithm of no float32 sound is above it
MAX_LIFT_DB = 60.0  # a window that is fainter than this allows is mostly the noise of its recorder
EXAMPLE_HOP = EXAMPLE_FRAMES * HOP_LENGTH  # 15360 samples from one example to the next


class FrontEndError(ValueError):
    """A setting of the front end that cannot be used; the message says which would do."""


class Input(NamedTuple):
    """One window, ready for the network."""

    examples: np.ndarray  # float32 [count, 96, 64]
    audible: np.ndarray  # bool [count]: whether the network can hear anything in an example
    muted: np.ndarray  # bool [count]: whether an example's vector is zero, whatever is in it
    loudness: np.ndarray  # float64 [count]: root mean square of each example, to some common scale
    padded: bool  # whether the sound is too short for all of them

    @property
    def is_silent(self) -> bool:
        """Whether the network can hear nothing in any of it."""
        return not self.audible.any()


@dataclass(frozen=True)
class FrontEnd:
    """What is done to a sound before the network, beyond what was published.

    `padding` repeat: a sound that is shorter than the window is repeated until the window is full.
    With silence behind it, as published, three of the four vectors of a bark are those of silence,
    and a sneeze is nearer to it than the same bark one second later.

    `lift_to_dbfs`: a window whose peak is below so many dB of full scale is raised to it, by at
    most 60 dB; None raises nothing. The network was made on sounds of some loudness, and finds the
    same sound 40 dB quieter in only half of the searches.

    `silence` zero: an example in which the network can hear nothing has the vector zero, which is
    near to nothing. As published it has a vector like that of any other silence, so that clips are
    found for their pauses.

    Raises FrontEndError for a value that none of these can have.
    """

    padding: str = 'repeat'
    lift_to_dbfs: float | None = -12.0
    silence: str = 'zero'

    def __post_init__(self) -> None:
        for name, value, known in (
            ('padding', self.padding, PADDINGS),
            ('silence', self.silence, SILENCES),
        ):
            if value not in known:
                raise FrontEndError(f'{name} is {value!r}; choose {" or ".join(known)}')
        lift = self.lift_to_dbfs
        is_number = isinstance(lift, (int, float)) and not isinstance(lift, bool)
        if lift is not None and not (is_number and -MAX_LIFT_DB <= lift <= 0):
            raise FrontEndError(
                f'lift_to_dbfs is {lift!r}; set it to a number from -{MAX_LIFT_DB:g} to 0, '
                'or to null'
            )

    def inputs(self, sound: Sound, location: Sequence[int], count: int) -> Input:
        """The first `count` examples of a part of a sound.

        `location` is start and end in samples at 16 kHz, counted from the beginning of the file;
        empty for the whole sound.

        Raises WaveformError for a location that is not a part of the sound.
        """
        needed = samples_of(count)
        part = sound.part(location, needed)
        missing = needed - (part.end - part.start)
        if missing:
            waveform = self._filled(part.waveform, needed)
            magnitudes = features.mel_magnitudes(waveform)
        else:
            waveform, magnitudes = part.waveform, part.mel
        gain = self._gain(waveform)
        if gain != 1:
            # Magnitudes are linear in the gain, so the windows of a clip share one spectrogram.
            magnitudes = magnitudes * gain
        return self._input(
            features.examples(features.logarithm(magnitudes)),
            _loudness(waveform, count),
            missing > 0,
        )

    def inputs_of_log_mel(self, values: np.ndarray | None, count: int) -> Input:
        """The first `count` of examples that somebody else computed, as numbers [n, 96, 64].

        Too few of them are repeated, or silence follows, as with a waveform. They are not lifted:
        the peak of their sound is not known. Their loudness is that of the mel magnitudes.

        Raises WaveformError for any other shape, for no examples, and for numbers no sound gives.
        """
        if values is None or values.ndim != 3 or values.shape[1:] != (EXAMPLE_FRAMES, MEL_COUNT):
            form = 'none' if values is None else f'one of the shape {list(values.shape)}'
            raise WaveformError(
                f'needs a log-mel tensor [n, {EXAMPLE_FRAMES}, {MEL_COUNT}] and has {form}; '
                'send that, or set load_input_from to waveform'
            )
        numbers = values.dtype.kind in 'fiu' and len(values) > 0
        if not numbers or not np.abs(values).max() <= MAX_LOG_MEL:
            raise WaveformError(
                'has a log-mel tensor that is empty or not finite; compute it again'
            )
        examples = values[:count].astype(np.float32, copy=False)
        missing = count - len(examples)
        if missing and self.padding == 'repeat':
            examples = np.resize(examples, (count, EXAMPLE_FRAMES, MEL_COUNT))
        elif missing:
            silence = np.log(np.float32(LOG_OFFSET))
            examples = np.pad(examples, ((0, missing), (0, 0), (0, 0)), constant_values=silence)
        magnitudes = np.maximum(np.exp(examples.astype(np.float64)) - LOG_OFFSET, 0)
        loudness = np.sqrt((magnitudes * magnitudes).mean(axis=(1, 2)))
        return self._input(examples, loudness, missing > 0)

    def _input(self, examples: np.ndarray, loudness: np.ndarray, padded: bool) -> Input:
        audible = features.audible(examples)
        muted = ~audible if self.silence == 'zero' else np.zeros(len(examples), bool)
        return Input(examples, audible, muted, loudness, padded)

    def _filled(self, waveform: np.ndarray, length: int) -> np.ndarray:
        if self.padding == 'repeat':
            return np.resize(waveform, length)
        return np.pad(waveform, (0, length - len(waveform)))

    def _gain(self, waveform: np.ndarray) -> float:
        """What raises the peak of a window to `lift_to_dbfs`; 1 where it is as high already."""
        peak = float(max(waveform.max(), -waveform.min()))
        if self.lift_to_dbfs is None or peak == 0:
            return 1.0
        wanted = 10 ** (self.lift_to_dbfs / 20)
        return min(max(1.0, wanted / peak), 10 ** (MAX_LIFT_DB / 20))


# As published: nothing is repeated, lifted or left out.
PUBLISHED = FrontEnd(padding='silence', lift_to_dbfs=None, silence='as_published')


def _loudness(waveform: np.ndarray, count: int) -> np.ndarray:
    """Root mean square of each of `count` examples, float64 [count]."""
    starts = range(0, count * EXAMPLE_HOP, EXAMPLE_HOP)
    parts = (waveform[start : start + EXAMPLE_LENGTH] for start in starts)
    return np.sqrt([np.dot(part, part) / EXAMPLE_LENGTH for part in parts])
