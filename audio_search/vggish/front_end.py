"""From a part of a sound to the examples the network takes."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from audio_search.vggish import features
from audio_search.vggish.parameters import EXAMPLE_FRAMES, EXAMPLE_LENGTH, LOG_OFFSET, MEL_COUNT
from audio_search.vggish.sizes import samples_of
from audio_search.vggish.sound import Sound
from audio_search.vggish.waveform import WaveformError

MAX_LOG_MEL = 100.0  # the logarithm of no float32 sound is above it
SILENT_LOG_MEL = np.log(2 * LOG_OFFSET)  # of a magnitude as small as the offset


class Input(NamedTuple):
    """One window, ready for the network."""

    examples: np.ndarray  # float32 [count, 96, 64]
    sounding: int  # how many of these are sound; zeros follow
    padded: bool  # whether the sound is too short for all of them

    @property
    def is_silent(self) -> bool:
        """Whether the network can hear nothing in it: no mel magnitude is above the offset that is
        added before the logarithm."""
        return bool(self.examples[: self.sounding].max() <= SILENT_LOG_MEL)


def inputs(sound: Sound, location: Sequence[int], count: int) -> Input:
    """The first `count` examples of a part of a sound.

    `location` is start and end in samples at 16 kHz, counted from the beginning of the file; empty
    for the whole sound. Examples that the part is too short for are zeros, as published.

    Raises WaveformError for a location that is not a part of the sound.
    """
    magnitudes = sound.mel(location, samples_of(count))
    examples = features.examples(features.logarithm(magnitudes))
    return _fill_up(examples, count, padded=len(sound.waveform) < EXAMPLE_LENGTH)


def inputs_of_log_mel(values: np.ndarray | None, count: int) -> Input:
    """The first `count` of examples that somebody else computed, as numbers [n, 96, 64].

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
        raise WaveformError('has a log-mel tensor that is empty or not finite; compute it again')
    return _fill_up(values.astype(np.float32, copy=False), count)


def _fill_up(examples: np.ndarray, count: int, padded: bool = False) -> Input:
    missing = max(0, count - len(examples))
    filled = np.pad(examples[:count], ((0, missing), (0, 0), (0, 0)))
    return Input(filled, count - missing, padded or missing > 0)
