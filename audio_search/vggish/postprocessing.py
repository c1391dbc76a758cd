"""From the network's output to 8 bits: the published PCA, clipping and quantisation."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from audio_search.vggish.parameters import (
    EMBEDDING_SIZE,
    QUANTIZE_LEVELS,
    QUANTIZE_MAX,
    QUANTIZE_MIN,
)

CENTRE = QUANTIZE_LEVELS // 2  # subtracted, so that a level is an int8


class ContentError(ValueError):
    """An array that VGGish cannot use; the message says which, and why."""


@dataclass(frozen=True)
class Pca:
    """The whitening transform that belongs to a set of weights."""

    eigen_vectors: np.ndarray  # [128, 128]
    means: np.ndarray  # [128]

    def __post_init__(self) -> None:
        shapes = {
            'pca_eigen_vectors': (self.eigen_vectors, (EMBEDDING_SIZE, EMBEDDING_SIZE)),
            'pca_means': (self.means, (EMBEDDING_SIZE,)),
        }
        for name, (values, shape) in shapes.items():
            if values.shape != shape:
                raise ContentError(f'{name} has the shape {list(values.shape)}, not {list(shape)}')
            if values.dtype.kind != 'f' or not np.isfinite(values).all():
                raise ContentError(f'{name} holds something else than finite numbers')

    @classmethod
    def load(cls, path: Path) -> 'Pca':
        """Read the two arrays of an .npz; raises what numpy does, or ContentError."""
        with np.load(path, allow_pickle=False) as arrays:
            return cls.of(arrays)

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray]) -> 'Pca':
        """From arrays of the published names. The means may be a column, as in some copies."""
        for name in ('pca_eigen_vectors', 'pca_means'):
            if name not in arrays:
                raise ContentError(f'it has no array {name}')
        return cls(arrays['pca_eigen_vectors'], arrays['pca_means'].reshape(-1))

    def project(self, embeddings: np.ndarray) -> np.ndarray:
        """Raw embeddings [n, 128] -> decorrelated float64 [n, 128], most of it within [-2, 2]."""
        return (embeddings - self.means.astype(np.float64)) @ self.eigen_vectors.T


def levels(projected: np.ndarray) -> np.ndarray:
    """Clip to [-2, 2] and stretch to 0 … 255, fractions included: float64, same shape."""
    clipped = np.clip(projected, QUANTIZE_MIN, QUANTIZE_MAX)
    return (clipped - QUANTIZE_MIN) * ((QUANTIZE_LEVELS - 1) / (QUANTIZE_MAX - QUANTIZE_MIN))


def quantize(projected: np.ndarray) -> np.ndarray:
    """The published 8-bit embedding: uint8, same shape; fractions are cut off, as there."""
    return levels(projected).astype(np.uint8)


def centre(quantized: np.ndarray) -> np.ndarray:
    """Levels 0 … 255 -> int8, same shape: less 128, nothing is lost."""
    return (quantized.astype(np.int16) - CENTRE).astype(np.int8)


def concatenate(projected: np.ndarray) -> np.ndarray:
    """As published: the 8-bit vectors of [n, 128] in a row, centred: int8 [n * 128]."""
    return centre(quantize(projected)).reshape(-1)


def average(projected: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The weighted mean of [n, 128], clipped, stretched and rounded to 8 bits, centred: int8 [128].

    `weights` is [n]; where all are zero, each vector counts the same.
    """
    mean = np.average(projected, axis=0, weights=weights if weights.any() else None)
    return centre(np.rint(levels(mean)))


def pool(
    projected: np.ndarray, muted: np.ndarray, loudness: np.ndarray, pooling: str
) -> np.ndarray:
    """The vectors of one window, [n, 128] after the PCA, as one int8 vector.

    `pooling` is one of `parameters.POOLINGS`. Where `muted`, bool [n], the vector counts for
    nothing: it is zeros in a row, and has no weight in a mean. The others weigh in a mean by the
    square root of their `loudness`, [n]: a loud example says more of a window than a faint one, but
    not in proportion (measured with weights between loudness^0.25 and loudness^1, which do alike).
    """
    if pooling == 'mean':
        if muted.all():
            return np.zeros(EMBEDDING_SIZE, np.int8)
        return average(projected[~muted], np.sqrt(loudness[~muted]))
    vectors = concatenate(projected).reshape(projected.shape)
    vectors[muted] = 0
    return vectors.reshape(-1)
