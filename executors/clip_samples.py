"""Random chunks of the index, drawn once and kept for a while."""

import threading
import time

import numpy as np

from audio_search.store import ClipStore, Sample

PAIRS = 10_000
# How long a sample is kept though the store may have changed: while clips are stored one after the
# other, it would be drawn for every search. A store that tells of no changes also draws slowly.
KEPT_S = 10.0
KEPT_UNTOLD_S = 600.0


class Samples:
    """A sample of what `store` has, twice PAIRS chunks. Drawn at the first use, and again some time
    after a change. Any thread may ask."""

    def __init__(self, store: ClipStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._sample: Sample | None = None
        self._version: int | None = None
        self._drawn_at = 0.0

    def get(self) -> Sample:
        """Raises StorageError."""
        with self._lock:
            version, age_s = self._store.version(), time.monotonic() - self._drawn_at
            if version is None:
                is_old = age_s > KEPT_UNTOLD_S
            else:
                is_old = version != self._version and age_s > KEPT_S
            # One of few chunks is drawn in no time, and soon says nothing of what is there.
            if self._sample is None or is_old or len(self._sample.clips) < PAIRS:
                self._sample = self._store.sample(2 * PAIRS)
                self._version, self._drawn_at = version, time.monotonic()
            return self._sample

    def windows(self, count: int) -> np.ndarray:
        """Up to `count` of the chunks, int8 [n, dimensions]."""
        vectors = self.get().vectors
        if len(vectors) <= count:
            return vectors
        return vectors[np.linspace(0, len(vectors) - 1, count).round().astype(int)]
