"""Keeps clips with their chunks in one SQLite file."""

from pathlib import Path
from typing import Any

from audio_search.logs import log
from audio_search.settings import split_roots
from audio_search.store.sqlite import SqliteStore
from executors.clip_indexer import ClipIndexer

BATCH_CLIPS = 500


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
        if self.words.is_known:
            self._fill_words()

    def _fill_words(self) -> None:
        """Find the words of clips that were stored before there were any. Nothing is encoded."""
        filled = 0
        while ids := self.store.without_words(BATCH_CLIPS):
            with self.store.transaction() as transaction:
                for clip_id in ids:
                    clip = self.store.clip(clip_id)
                    transaction.replace_words(
                        clip_id, (clip and self.words.of(clip.embeddings)) or ()
                    )
            filled += len(ids)
        if filled:
            log.info('The index %s has the words of %d clips now.', self.store.path, filled)
