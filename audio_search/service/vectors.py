"""Vectors that a client sends, as those of windows."""

from typing import Any

import numpy as np

from audio_search.store.records import EMBEDDING_SCALE

INT8_MAX = 127
TOLERANCE = 1e-3  # of a value that is an integer over EMBEDDING_SCALE, and came as text


def in_8_bits(vector: Any) -> np.ndarray:
    """int8 [windows, dimensions] of [dimensions] or [windows, dimensions].

    Vectors as answers have them, integers over 128, stay as they are. Of any others only the
    direction counts, so each is made as long as 8 bits can hold. Raises ValueError for what is no
    such array, with a value that is no finite number, or with zeros alone.
    """
    try:
        values = np.atleast_2d(np.asarray(vector, np.float64))
    except (ValueError, TypeError):
        values = np.empty(0)
    if values.ndim != 2 or not values.size or not np.isfinite(values).all():
        raise ValueError(
            'the vector is no list of numbers, nor one such list for each window; send it as '
            'include: embedding answers it'
        )
    if not values.any():
        raise ValueError('the vector has only zeros, which is silence, and is near to nothing')
    scaled = values * EMBEDDING_SCALE
    whole = np.rint(scaled)
    if np.abs(scaled - whole).max() < TOLERANCE and whole.min() >= -128 and whole.max() <= 127:
        return whole.astype(np.int8)
    largest = np.abs(values).max(axis=1, keepdims=True)
    return np.rint(values / np.where(largest > 0, largest, 1) * INT8_MAX).astype(np.int8)
