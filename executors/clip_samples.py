"""Random chunks of the index, drawn once and kept for a while."""

import threading
import time

import numpy as np

from audio_search.rarity import PAIRS, Rarity, of_pairs
from audio_search.store import ClipStore, Sample

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
        self._pairs: dict[int, tuple[Sample, Rarity]] = {}

    def get(self) -> Sample:
        """Raises StorageError."""
        with self._lock:
            version = self._store.version()
            if self._sample is None or self._is_old(self._sample, version):
                self._sample = self._store.sample(2 * PAIRS)
                self._version, self._drawn_at = version, time.monotonic()
            return self._sample

    def _is_old(self, sample: Sample, version: int | None) -> bool:
        if version is not None and version == self._version:
            return False
        # One of few chunks is drawn in no time, and soon says nothing of what is there.
        kept_s = KEPT_UNTOLD_S if version is None else KEPT_S
        return len(sample.clips) < PAIRS or time.monotonic() - self._drawn_at > kept_s

    def windows(self, count: int) -> np.ndarray:
        """Up to `count` of the chunks, int8 [n, dimensions]."""
        vectors = self.get().vectors
        if len(vectors) <= count:
            return vectors
        return vectors[np.linspace(0, len(vectors) - 1, count).round().astype(int)]

    def pairs(self, parts: int = 1) -> Rarity:
        """Of the distances between chunks of different clips, see rarity.of_pairs."""
        sample = self.get()
        kept = self._pairs.get(parts)
        if kept is None or kept[0] is not sample:
            kept = sample, of_pairs(sample.vectors, sample.clips, parts)
            self._pairs[parts] = kept
        return kept[1]
