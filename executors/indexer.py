"""Keeps clips with their chunks in one SQLite file."""

from pathlib import Path
from typing import Any

from audio_search.store.sqlite import SqliteStore
from executors.clip_indexer import ClipIndexer


class SimpleIndexer(ClipIndexer):
    """Keeps clips in the SQLite file at `path`, and their embeddings in memory as well.

    The other arguments are those of ClipIndexer. With `match_args: {ann: true}` searches without a
    filter are approximate and much faster.
    """

    store: SqliteStore

    def __init__(self, path: str = 'workspace/index.sqlite', **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.store = SqliteStore(Path(path), self.configuration, ann=self.match_args.ann)
