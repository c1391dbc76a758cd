"""Weights, network and PCA together."""

from pathlib import Path

import numpy as np

from audio_search.vggish import weights
from audio_search.vggish.checkpoint import read
from audio_search.vggish.network import Network
from audio_search.vggish.parameters import EMBEDDING_SIZE


class VGGish:
    """Log-mel examples -> decorrelated embeddings, in batches; any number of threads may use it."""

    def __init__(
        self,
        models: Path,
        choice: str = 'auto',
        device: str = 'auto',
        precision: str = 'auto',
        batch_size: int = 64,
    ) -> None:
        """Raises WeightsError or RuntimeSettingError for what is not there or of no use."""
        self.weights = weights.find(models, choice)
        variables, self._pca = read(self.weights)
        self._network = Network(variables, device, precision)
        self.batch_size = batch_size

    @property
    def device(self) -> str:
        return self._network.device

    @property
    def precision(self) -> str:
        return self._network.precision

    def raw(self, examples: np.ndarray) -> np.ndarray:
        """float32 [n, 96, 64] -> the network's own output, float32 [n, 128]."""
        if not len(examples):
            return np.empty((0, EMBEDDING_SIZE), np.float32)
        beginnings = range(0, len(examples), self.batch_size)
        return np.concatenate(
            [self._network.embed(examples[beg : beg + self.batch_size]) for beg in beginnings]
        )

    def project(self, examples: np.ndarray) -> np.ndarray:
        """float32 [n, 96, 64] -> after the PCA, before the 8 bits, float64 [n, 128]."""
        return self._pca.project(self.raw(examples))
