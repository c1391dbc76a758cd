"""The words of clips: which names of sounds are heard in them, from the vectors that are stored."""

from pathlib import Path

import numpy as np

from audio_search.store import Configuration
from audio_search.store.records import Words
from audio_search.words import NoVocabulary, Vocabulary, heard, load


class ClipWords:
    """Finds them; None where there are no words for the weights of the index."""

    def __init__(self, models: str, made: Configuration) -> None:
        self._vocabulary: Vocabulary | None = None
        try:
            self._vocabulary = load(Path(models), made.model_sha256)
        except NoVocabulary:
            return

    @property
    def is_known(self) -> bool:
        return self._vocabulary is not None

    def of(self, embeddings: np.ndarray) -> Words | None:
        """Of a clip with these embeddings, int8 [chunks, dimensions]."""
        return None if self._vocabulary is None else tuple(heard(self._vocabulary, embeddings))
