"""The index: clips on disk, their embeddings in memory, and the searches over both."""

import queue
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from audio_search.store import filters
from audio_search.store.configuration import Configuration
from audio_search.store.errors import StorageError
from audio_search.store.records import Clip, ClipRef, Entry, Neighbour
from audio_search.store.sqlite import filter_sql, opening, schema, statements
from audio_search.store.sqlite.transaction import Transaction
from audio_search.store.vectors.approximate import Approximate
from audio_search.store.vectors.blocks import Snapshot, changed, ordinals_of
from audio_search.store.vectors.graph import GraphFile, keys_of
from audio_search.store.vectors.nearest import Nearest
from audio_search.store.vectors.projection import Plane, project
from audio_search.store.vectors.scan import Scanner

# SQLite writes its log back into the file by itself, but begins it anew only in a moment without
# searches. Where these overlap all the time, the log is told to wait for such a moment.
LOG_LIMIT_BYTES = 64 << 20
SAME_MOMENT_S = 5.0


class SqliteStore:
    """The clips of one file. Any number of threads may search while others write.

    A search sees whole clips, as they were at one moment.
    """

    def __init__(self, path: Path, configuration: Configuration, *, ann: bool = False) -> None:
        """Open the index at `path`, or make one. Raises IndexFileError, see `check`.

        With `ann` searches without a filter are approximate.
        """
        # By a link it would have another lock, and other files beside it.
        path = path.resolve()
        self.path = path
        self.configuration = configuration
        self._lock = opening.lock(path, configuration)
        try:
            self.snapshot = opening.load(path, configuration.dimensions)
            self._writer = opening.writer(path)
        except BaseException:
            self._lock.release()
            raise
        self._write_lock = threading.Lock()
        self._readers: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue()
        self.scanner = Scanner()
        self._plane_lock = threading.Lock()
        self._plane_of: tuple[int, Plane] | None = None
        self._approximate: Approximate | None = None
        if ann:
            self._approximate = Approximate(
                path,
                configuration.dimensions,
                self.scanner,
                self.snapshot,
                statements.saved_graph(self._writer),
                self._keep_graph,
            )

    def close(self) -> None:
        if self._approximate:
            self._approximate.close()
        self.scanner.close()
        while not self._readers.empty():
            self._readers.get().close()
        self._writer.close()
        self._lock.release()

    def __enter__(self) -> 'SqliteStore':
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Changes that are all on disk when the block ends, or none of them is.

        Raises StorageError where the disk refuses them.
        """
        with self._write_lock:
            db = self._writer
            before = self.snapshot
            try:
                db.execute('BEGIN IMMEDIATE')
                transaction = Transaction(db)
                yield transaction
                version = transaction.finish()
                blocks = changed(
                    () if transaction.cleared else before.blocks,
                    transaction.removed,
                    ((number, clip.embeddings) for number, clip in transaction.added.items()),
                )
                db.execute('COMMIT')
            except sqlite3.Error as error:
                _roll_back(db)
                raise StorageError(
                    f'The index {self.path} cannot be written ({error}): make room on the disk, or '
                    'make the file writable, and send it again'
                ) from error
            except BaseException:
                _roll_back(db)
                raise
            generation = before.generation + (blocks is not before.blocks)
            self.snapshot = Snapshot(version, generation, blocks)
            if self._approximate:
                self._approximate.follow(self.snapshot, _removed_keys(transaction, before))
            if schema.log_bytes(self.path) > LOG_LIMIT_BYTES:
                with suppress(sqlite3.Error):  # what was to be stored is stored
                    db.execute('PRAGMA wal_checkpoint(RESTART)')

    def _keep_graph(self, saved: GraphFile) -> None:
        with self._write_lock:
            try:
                statements.keep_graph(self._writer, saved)
            except sqlite3.Error as error:
                raise StorageError(str(error)) from error

    def wait_for_ann(self) -> None:
        """Return when the approximate search has taken in all that is stored."""
        if self._approximate:
            self._approximate.wait()

    def clear(self) -> None:
        """Remove every clip, and give the file's room back. Raises StorageError."""
        with self.transaction() as transaction:
            transaction.clear()
        with self._write_lock, suppress(sqlite3.Error):  # it is empty either way
            self._writer.execute('VACUUM')
            self._writer.execute('PRAGMA wal_checkpoint(TRUNCATE)')

    @contextmanager
    def _read(self) -> Iterator[tuple[sqlite3.Connection, Snapshot]]:
        """A connection and a snapshot that show the same moment."""
        try:
            db = self._readers.get_nowait()
        except queue.Empty:
            db = schema.connect(self.path, writable=False)
        try:
            deadline = time.monotonic() + SAME_MOMENT_S
            while True:
                db.execute('BEGIN')
                version = statements.version(db)
                snapshot = self.snapshot
                if snapshot.version == version:
                    break
                # A writer is between its commit and its snapshot, some microseconds.
                db.execute('ROLLBACK')
                if time.monotonic() > deadline:
                    raise StorageError(
                        f'The index {self.path} was changed by another program: leave it to this '
                        'service alone, and restart it'
                    )
            yield db, snapshot
        except sqlite3.Error as error:
            raise StorageError(
                f'The index {self.path} cannot be read ({error}): check the disk, and restore the '
                'file from a backup if it is damaged'
            ) from error
        finally:
            _roll_back(db)
            self._readers.put(db)

    def search(
        self,
        queries: np.ndarray,
        limit: int,
        *,
        distinct: bool = True,
        filter: Any = None,
        excluded: Sequence[ClipRef] | None = None,
    ) -> list[list[Neighbour]]:
        """The nearest stored chunks of each query, nearest first: one for each of the `limit`
        nearest clips, or with `distinct=False` the `limit` nearest chunks.

        `queries` is int8 [queries, dimensions]. `filter` selects the clips to search (see
        `filters`; raises FilterError). `excluded` names for each query a clip to leave out.
        """
        with self._read() as (db, snapshot):
            selected = None if filter is None else _select(db, filter)
            numbers = None
            if excluded is not None:
                known = {one: statements.find_one(db, one.id, one.uri) for one in set(excluded)}
                numbers = [known[one] for one in excluded]
            found = self.nearest(
                queries,
                limit,
                distinct=distinct,
                selected=selected,
                excluded=numbers,
                snapshot=snapshot,
            )
            wanted = {clip for one in found for clip in one.clips.tolist()}
            clips = {number: statements.clip(db, number, embeddings=False) for number in wanted}
        return [
            [
                _neighbour(clips[clip], ordinal, distance)
                for clip, ordinal, distance in zip(
                    one.clips.tolist(), one.ordinals.tolist(), one.distances.tolist(), strict=True
                )
            ]
            for one in found
        ]

    def nearest(
        self,
        queries: np.ndarray,
        limit: int,
        *,
        distinct: bool = True,
        selected: np.ndarray | None = None,
        excluded: Sequence[int | None] | None = None,
        snapshot: Snapshot | None = None,
    ) -> list[Nearest]:
        """The bare search, by the numbers of clips; see Scanner.search."""
        snapshot = snapshot or self.snapshot
        if self._approximate and selected is None:
            return self._approximate.search(
                snapshot, queries, limit, distinct=distinct, excluded=excluded
            )
        return self.scanner.search(
            snapshot.blocks,
            queries,
            limit,
            distinct=distinct,
            selected=selected,
            excluded=excluded,
        )

    def find(self, id: str | None = None, uri: str | None = None) -> Entry | None:
        """The clip with that id, else the one with that uri, else one whose sound has that id."""
        with self._read() as (db, _):
            number = statements.find_one(db, id, uri)
            return None if number is None else statements.entry(db, number)

    def clip(self, id: str) -> Clip | None:
        """A clip with its chunks and their embeddings."""
        with self._read() as (db, _):
            numbers = statements.find(db, id, None)
            return statements.clip(db, numbers[0]) if numbers else None

    def page(self, offset: int, limit: int, *, points: bool = False) -> tuple[list[Entry], int]:
        """A part of all clips, in the order they were stored, and how many there are; on request
        with their points in the plane of all clips (see `projection`)."""
        with self._read() as (db, snapshot):
            numbered = statements.page(db, offset, limit)
            total = statements.clip_count(db)
        if not points:
            return [entry for _, entry in numbered], total
        plane = self._plane(snapshot)
        return [replace(entry, point=plane.point(number)) for number, entry in numbered], total

    def _plane(self, snapshot: Snapshot) -> Plane:
        with self._plane_lock:
            if self._plane_of is None or self._plane_of[0] != snapshot.generation:
                plane = project(snapshot.blocks, self.configuration.dimensions)
                self._plane_of = snapshot.generation, plane
            return self._plane_of[1]

    def counts(self) -> tuple[int, int]:
        """How many clips and chunks are stored."""
        with self._read() as (db, snapshot):
            return statements.clip_count(db), snapshot.chunk_count

    def file_bytes(self) -> int:
        """What the file takes on disk, with its log."""
        return self.path.stat().st_size + schema.log_bytes(self.path)


def _removed_keys(transaction: Transaction, before: Snapshot) -> np.ndarray | None:
    """Of the chunks that a transaction removed, in the graph; None for all."""
    if transaction.cleared:
        return None
    keys = [keys_of(number, ordinals_of(before.blocks, number)) for number in transaction.removed]
    return np.concatenate([np.empty(0, np.uint64), *keys])


def _neighbour(clip: Clip, ordinal: int, distance: float) -> Neighbour:
    return Neighbour(
        clip_id=clip.id,
        uri=clip.uri,
        tags=clip.tags,
        sample_rate=clip.sample_rate,
        location=tuple(clip.locations[ordinal].tolist()),
        chunk_tags=clip.chunk_tags.get(ordinal, {}),
        distance=distance,
    )


def _select(db: sqlite3.Connection, filter: Any) -> np.ndarray:
    """The numbers of the clips that a filter selects, ascending."""
    condition, parameters = filter_sql.render(filters.parse(filter))
    numbers = db.execute(f'SELECT number FROM clips WHERE {condition} ORDER BY number', parameters)
    return np.array([number for (number,) in numbers], np.int32)


def _roll_back(db: sqlite3.Connection) -> None:
    if db.in_transaction:
        db.execute('ROLLBACK')
