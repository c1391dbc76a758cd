"""Windows as a store keeps them -> what is compared: vectors, each with its time."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from audio_search.vggish.front_end import EXAMPLE_HOP
from audio_search.vggish.parameters import EMBEDDING_SIZE, SAMPLE_RATE_HZ

Compared = Literal['example', 'window']

EXAMPLE_S = EXAMPLE_HOP / SAMPLE_RATE_HZ  # 0.96


@dataclass(frozen=True)
class Examples:
    """Vectors in the order of their times.

    `vectors` is float32 [n, 128], each of length 1, or zero where nothing can be heard. `begin_s`
    is float64 [n], ascending, in seconds of the whole file; each lasts `length_s`: 0.96, or a
    window where its vectors are kept as one mean (`compared`).
    """

    vectors: np.ndarray
    begin_s: np.ndarray
    length_s: float
    compared: Compared

    def __len__(self) -> int:
        return len(self.vectors)

    @cached_property
    def sounding(self) -> np.ndarray:
        """Which of them are not zero, bool [n]."""
        return np.any(self.vectors != 0, axis=1)

    def chosen(self, which: np.ndarray) -> 'Examples':
        """Those of a mask, bool [n]."""
        return Examples(self.vectors[which], self.begin_s[which], self.length_s, self.compared)


def of_windows(
    embeddings: np.ndarray,
    begin_s: np.ndarray,
    end_s: np.ndarray,
    pooling: str,
    window_s: float,
) -> Examples:
    """The examples of windows as they are stored.

    `embeddings` is [windows, dimensions], int8 or those times any factor; `begin_s` and `end_s`,
    [windows], say where the sound of each begins and ends. A sound that is shorter than its window
    was repeated to fill it, so examples behind its end begin again where it does.
    """
    windows = len(embeddings)
    count = 1 if pooling == 'mean' else embeddings.shape[1] // EMBEDDING_SIZE
    offset_s = np.arange(count) * EXAMPLE_S
    sound_s = np.maximum(np.asarray(end_s) - begin_s, EXAMPLE_S / 2)
    wrapped = np.where((sound_s < window_s)[:, None], offset_s % sound_s[:, None], offset_s)
    times = (np.asarray(begin_s)[:, None] + wrapped).reshape(-1)
    order = np.argsort(times, kind='stable')
    vectors = embeddings.reshape(windows * count, -1)[order].astype(np.float32)
    squares = np.einsum('ij,ij->i', vectors, vectors)
    vectors /= np.sqrt(np.where(squares > 0, squares, 1))[:, np.newaxis]
    compared: Compared = 'window' if pooling == 'mean' else 'example'
    length_s = window_s if pooling == 'mean' else EXAMPLE_S
    return Examples(vectors, times[order], length_s, compared)
