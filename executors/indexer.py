"""Keeps clips with their chunks in one SQLite file."""

import threading
from pathlib import Path
from typing import Any

from audio_search.logs import log
from audio_search.settings import split_roots
from audio_search.store import StorageError
from audio_search.store.sqlite import SqliteStore
from executors.clip_hubness import Hubness
from executors.clip_indexer import ClipIndexer
from executors.clip_samples import Samples

BATCH_CLIPS = 100  # a transaction, which others that write wait for


class SimpleIndexer(ClipIndexer):
    """Keeps clips in the SQLite file at `path`, and their embeddings in memory as well.

    `roots` and `media` are those of the segmenter: uris in an index of an older schema are made
    relative to them. The other arguments are those of ClipIndexer. With `match_args: {ann: true}`
    searches without a filter are approximate and much faster.
    """

    store: SqliteStore

    def __init__(
        self,
        path: str = 'workspace/index.sqlite',
        roots: str = '.',
        media: str = 'workspace/media',
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.store = SqliteStore(
            Path(path),
            self.configuration,
            ann=self.match_args.ann,
            roots=split_roots(roots).with_folder(Path(media).resolve()),
        )
        self.samples = Samples(self.store)
        self.hubness = Hubness(self.store)
        self._closing = threading.Event()
        self._filling = threading.Thread(target=self._fill_words, name='words', daemon=True)
        if self.words.is_known:
            self._filling.start()

    def close(self) -> None:
        self._closing.set()
        if self._filling.is_alive():
            self._filling.join()
        super().close()

    def _fill_words(self) -> None:
        """Find the words of clips that were stored before there were any, while the index is in
        use: of 250,000 clips that takes minutes. Nothing is encoded."""
        filled = 0
        try:
            while not self._closing.is_set() and (ids := self.store.without_words(BATCH_CLIPS)):
                with self.store.transaction() as transaction:
                    for clip_id in ids:
                        clip = self.store.clip(clip_id)
                        words = self.words.of(clip.embeddings) if clip else None
                        transaction.replace_words(clip_id, words or ())
                filled += len(ids)
        except StorageError as error:
            log.error('The words of clips cannot be kept: %s', error)
        if filled:
            log.info('The index %s has the words of %d clips now.', self.store.path, filled)
