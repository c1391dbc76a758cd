"""Sounds -> the embeddings of their windows, by the same code as in the service."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from audio_search.audio import decoding
from audio_search.audio.windows import windows
from audio_search.evaluation.choices import Choices
from audio_search.evaluation.labels import Clip
from audio_search.vggish import Input, Sound, WaveformError, examples_of
from audio_search.vggish.parameters import SAMPLE_RATE_HZ

BATCH_EXAMPLES = 64


@dataclass(frozen=True)
class Unusable:
    """A sound that gave no vectors, and why: a predicate, or a sentence."""

    reason: str


class Encoder(Protocol):
    """Turns sounds into vectors."""

    choices: Choices  # what it does; a service knows no more of them than it says

    def encode(self, sounds: Iterable[np.ndarray]) -> Iterator[np.ndarray | Unusable]:
        """float32 [samples] at 16 kHz, one after the other -> int8 [windows, dimensions] each."""


def load(clip: Clip, max_duration_s: float = 3600.0) -> np.ndarray:
    """The clip's sound, float32 [samples] at 16 kHz. Raises AudioError."""
    return decoding.load(clip.path, clip.begin_s, clip.end_s, max_duration_s)


class Windower:
    """Cuts sounds into windows, and makes of each what the network takes."""

    def __init__(self, choices: Choices) -> None:
        self.count = examples_of(choices.window)  # examples per window
        self._window = round(choices.window * SAMPLE_RATE_HZ)
        self._stride = round(choices.stride * SAMPLE_RATE_HZ)
        self._front_end = choices.front_end

    def cut(self, samples: np.ndarray) -> list[Input]:
        """The windows of float32 [samples]. Raises WaveformError for samples that are no sound."""
        sound = Sound(samples)
        return [
            self._front_end.inputs(sound, location, self.count)
            for location in windows(len(samples), self._window, self._stride)
        ]


class LocalEncoder:
    """Encodes in this process, with the service's own code."""

    def __init__(self, choices: Choices, models: Path, device: str = 'auto') -> None:
        """Raises WeightsError, RuntimeSettingError or EvaluationError."""
        # Here, because it loads TensorFlow.
        from audio_search.vggish import VGGish

        self.choices = choices
        self._windower = Windower(choices)
        self.model = VGGish(
            models, choices.weights, device, choices.precision, BATCH_EXAMPLES, choices.pooling
        )

    def encode(self, sounds: Iterable[np.ndarray]) -> Iterator[np.ndarray | Unusable]:
        # Windows of several sounds share a batch: the network is faster with more at once.
        waiting: list[list[Input] | Unusable] = []
        for sound in sounds:
            try:
                waiting.append(self._windower.cut(sound))
            except WaveformError as error:
                waiting.append(Unusable(str(error)))
            count = sum(len(item) for item in waiting if isinstance(item, list))
            if count * self._windower.count >= BATCH_EXAMPLES:
                yield from self._embedded(waiting)
                waiting = []
        yield from self._embedded(waiting)

    def _embedded(self, waiting: list[list[Input] | Unusable]) -> Iterator[np.ndarray | Unusable]:
        batch = [window for item in waiting if isinstance(item, list) for window in item]
        vectors = self.model.embed(batch) if batch else np.empty((0, 0), np.int8)
        done = 0
        for item in waiting:
            if isinstance(item, Unusable):
                yield item
            else:
                yield vectors[done : done + len(item)]
                done += len(item)
