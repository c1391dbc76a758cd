"""A durable index in one SQLite file, with exact search over vectors in memory."""

from audio_search.store.sqlite.backup import backup
from audio_search.store.sqlite.opening import check
from audio_search.store.sqlite.restore import restore
from audio_search.store.sqlite.store import SqliteStore

__all__ = ['SqliteStore', 'backup', 'check', 'restore']
