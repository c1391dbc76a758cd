"""Weights, network, PCA and pooling together."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from audio_search.vggish import weights
from audio_search.vggish.checkpoint import read
from audio_search.vggish.front_end import Input
from audio_search.vggish.network import Network
from audio_search.vggish.parameters import EMBEDDING_SIZE, EXAMPLE_FRAMES, MEL_COUNT
from audio_search.vggish.postprocessing import pool


class VGGish:
    """Windows -> embeddings, in batches; any number of threads may use it.

    `models` is the folder of the weights, `choice` which of them (`weights.find`); `device` and
    `precision` as in `runtime`; `batch_size` in examples; `pooling` one of `parameters.POOLINGS`;
    `n_threads` of the CPU, None for all, is one number for all models of a process.
    """

    def __init__(
        self,
        models: Path,
        choice: str = 'auto',
        device: str = 'auto',
        precision: str = 'auto',
        batch_size: int = 64,
        pooling: str = 'concat',
        n_threads: int | None = None,
    ) -> None:
        """Raises WeightsError or RuntimeSettingError for what is not there or of no use."""
        self.weights = weights.find(models, choice)
        layers, self._pca = read(self.weights)
        self._network = Network(layers, device, precision, n_threads)
        self.n_threads = n_threads
        self.batch_size = batch_size
        self.pooling = pooling

    @property
    def device(self) -> str:
        return self._network.device

    @property
    def precision(self) -> str:
        return self._network.precision

    def embed(self, inputs: Sequence[Input]) -> np.ndarray:
        """The embedding of each of n windows, at least one: int8 [n, dimensions].

        All have the same number of examples. `sizes.dimensions` says how many dimensions. The
        vector of a window in which every example is muted is zero.
        """
        examples = np.concatenate([window.examples for window in inputs])
        muted = np.concatenate([window.muted for window in inputs])
        projected = np.zeros((len(examples), EMBEDDING_SIZE))
        projected[~muted] = self.project(examples[~muted])
        windows = projected.reshape(len(inputs), -1, EMBEDDING_SIZE)
        return np.stack(
            [
                pool(vectors, window.muted, window.loudness, self.pooling)
                for vectors, window in zip(windows, inputs, strict=True)
            ]
        )

    def warm_up(self) -> None:
        """Send one whole batch of silence through the network."""
        self.raw(np.zeros((self.batch_size, EXAMPLE_FRAMES, MEL_COUNT), np.float32))

    def raw(self, examples: np.ndarray) -> np.ndarray:
        """float32 [n, 96, 64] -> the network's own output, float32 [n, 128]."""
        if not len(examples):
            return np.empty((0, EMBEDDING_SIZE), np.float32)
        starts = range(0, len(examples), self.batch_size)
        return np.concatenate(
            [self._network.embed(examples[start : start + self.batch_size]) for start in starts]
        )

    def project(self, examples: np.ndarray) -> np.ndarray:
        """float32 [n, 96, 64] -> after the PCA, before the 8 bits, float64 [n, 128]."""
        return self._pca.project(self.raw(examples))
