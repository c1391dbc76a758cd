"""Read-only connections, each beside a snapshot of the embeddings of the same moment."""

import queue
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from audio_search.store.errors import StorageError
from audio_search.store.sqlite import schema, statements
from audio_search.store.vectors.blocks import Snapshot

SAME_MOMENT_S = 5.0


class Readers:
    """A pool that grows with the number of threads that read at once. Any thread may read."""

    def __init__(self, path: Path, snapshot: Callable[[], Snapshot]) -> None:
        """`snapshot` gives the latest embeddings of the index at `path`."""
        self._path = path
        self._snapshot = snapshot
        self._idle: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue()

    def close(self) -> None:
        """Close all connections; nobody may be reading."""
        while not self._idle.empty():
            self._idle.get().close()

    @contextmanager
    def read(self) -> Iterator[tuple[sqlite3.Connection, Snapshot]]:
        """A connection in a read transaction, and the snapshot of the same moment.

        Raises StorageError where the index cannot be read, in the block too.
        """
        db: sqlite3.Connection | None = None
        try:
            db = self._connection()
            yield db, self._begin(db)
            _roll_back(db)
        except BaseException as error:
            if db:
                # Statements that were cut off would keep its transaction open: the next writer who
                # needs the file for itself would wait for it, and some errors no rollback mends.
                db.close()
                db = None
            if not isinstance(error, sqlite3.Error):
                raise
            raise StorageError(
                f'The index {self._path} cannot be read ({error}): check the disk, and restore the '
                'file from a backup if it is damaged'
            ) from error
        finally:
            if db:
                self._idle.put(db)

    def _connection(self) -> sqlite3.Connection:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            return schema.connect(self._path, writable=False)

    def _begin(self, db: sqlite3.Connection) -> Snapshot:
        deadline = time.monotonic() + SAME_MOMENT_S
        while True:
            db.execute('BEGIN')
            version = statements.version(db)
            snapshot = self._snapshot()
            if snapshot.version == version:
                return snapshot
            # A writer has committed and takes some microseconds to publish its snapshot.
            db.execute('ROLLBACK')
            if time.monotonic() > deadline:
                raise StorageError(
                    f'The index {self._path} was changed by another program: leave it to this '
                    'service alone, and restart it'
                )


def _roll_back(db: sqlite3.Connection) -> None:
    if db.in_transaction:
        db.execute('ROLLBACK')
