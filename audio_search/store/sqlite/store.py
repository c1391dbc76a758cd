"""The index: clips on disk, their embeddings in memory, and the searches over both."""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from audio_search.roots import Roots
from audio_search.store import filters
from audio_search.store.configuration import Configuration
from audio_search.store.errors import StorageError
from audio_search.store.interface import ClipStore
from audio_search.store.judgements import EVERY_JUDGEMENT, Chosen, Judgement, SavedSearch
from audio_search.store.records import Clip, ClipRef, Entry, KeptParts, Neighbour, Sample
from audio_search.store.sqlite import (
    filter_sql,
    judgements,
    opening,
    parts,
    schema,
    searches,
    statements,
)
from audio_search.store.sqlite.readers import Readers
from audio_search.store.sqlite.transaction import Transaction
from audio_search.store.vectors.approximate import Approximate
from audio_search.store.vectors.around import search_around
from audio_search.store.vectors.blocks import Snapshot, changed, ordinals_of
from audio_search.store.vectors.graph import GraphFile, keys_of
from audio_search.store.vectors.nearest import Nearest
from audio_search.store.vectors.parts import search_parts
from audio_search.store.vectors.sampling import sample
from audio_search.store.vectors.scan import Scanner, Selected
from audio_search.store.vectors.shared import SharedScanner

# SQLite checkpoints the WAL by itself, but can restart it only while nobody reads. Under constant
# searches it would grow forever, so above this size a RESTART checkpoint is forced.
WAL_LIMIT_BYTES = 64 << 20
NOWHERE = Roots()


class SqliteStore(ClipStore):
    """The clips of one file, as `ClipStore` says; embeddings are in memory as well."""

    def __init__(
        self,
        path: Path,
        configuration: Configuration,
        *,
        ann: bool = False,
        roots: Roots = NOWHERE,
    ) -> None:
        """Open the index at `path`, or make one. Raises IndexFileError, see `check`.

        With `ann` searches without a filter are approximate. `roots` are the folders that uris are
        looked up in, in order, resolved: an index of an older schema gets uris relative to them,
        and files below a folder that has a name since are called by it.
        """
        # Resolve symlinks: the lock and the WAL live beside the real file.
        path = path.resolve()
        self.path = path
        self.address = str(path)
        self.configuration = configuration
        self._lock = opening.lock(path, configuration, roots)
        try:
            self.snapshot = opening.load(path, configuration.dimensions)
            self._writer = opening.writer(path)
        except BaseException:
            self._lock.release()
            raise
        self._write_lock = threading.Lock()
        self._readers = Readers(path, lambda: self.snapshot)
        self.scanner = Scanner()
        self._shared = SharedScanner(self.scanner)
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
        self._readers.close()
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
            self.snapshot = Snapshot(version, blocks)
            if self._approximate:
                self._approximate.follow(self.snapshot, _removed_keys(transaction, before))
            if schema.wal_bytes(self.path) > WAL_LIMIT_BYTES:
                with suppress(sqlite3.Error):  # what was to be stored is stored
                    db.execute('PRAGMA wal_checkpoint(RESTART)')

    def _keep_graph(self, saved: GraphFile) -> None:
        with self._write_lock:
            try:
                statements.keep_graph(self._writer, saved)
            except sqlite3.Error as error:
                raise StorageError(str(error)) from error

    def wait_for_ann(self) -> None:
        """Return when the graph of the approximate search has every stored chunk."""
        if self._approximate:
            self._approximate.wait()

    def clear(self) -> None:
        with self.transaction() as transaction:
            transaction.clear()
        with self._write_lock, suppress(sqlite3.Error):  # it is empty either way
            self._writer.execute('VACUUM')
            self._writer.execute('PRAGMA wal_checkpoint(TRUNCATE)')

    def search(
        self,
        queries: np.ndarray,
        limit: int,
        *,
        distinct: bool = True,
        filter: Any | None = None,
        excluded: Sequence[ClipRef] | None = None,
        by_example: bool = False,
    ) -> list[list[Neighbour]]:
        condition = None if filter is None else filters.parse(filter)
        with self._readers.read() as (db, snapshot):
            selected = _selected(db, condition)
            numbers = None
            if excluded is not None:
                stored = {one: statements.find_one(db, one.id, one.uri) for one in set(excluded)}
                numbers = [stored[one] for one in excluded]
            found = self.nearest(
                queries,
                limit,
                distinct=distinct,
                selected=selected,
                excluded=numbers,
                snapshot=snapshot,
                parts=self.configuration.examples_per_chunk if by_example else 1,
            )
            return _neighbours(db, found)

    def search_around(
        self, query: np.ndarray, distance: float, limit: int, *, filter: Any | None = None
    ) -> list[Neighbour]:
        condition = None if filter is None else filters.parse(filter)
        with self._readers.read() as (db, snapshot):
            found = search_around(
                snapshot.blocks, query, distance, limit, selected=_selected(db, condition)
            )
            return _neighbours(db, [found])[0]

    def nearest(
        self,
        queries: np.ndarray,
        limit: int,
        *,
        distinct: bool = True,
        selected: np.ndarray | None = None,
        excluded: Sequence[int | None] | None = None,
        snapshot: Snapshot | None = None,
        parts: int = 1,
    ) -> list[Nearest]:
        """The search alone, by the numbers of clips; see Scanner.search, and with more `parts` than
        one `search_parts`."""
        snapshot = snapshot or self.snapshot
        if parts > 1:
            return search_parts(
                snapshot.blocks,
                queries,
                limit,
                parts,
                distinct=distinct,
                selected=selected,
                excluded=excluded,
            )
        if self._approximate and selected is None:
            return self._approximate.search(
                snapshot, queries, limit, distinct=distinct, excluded=excluded
            )
        return self._shared.search(
            snapshot.blocks,
            queries,
            limit,
            distinct=distinct,
            selected=selected,
            excluded=excluded,
        )

    def sample(self, count: int) -> Sample:
        return sample(self.snapshot.blocks, self.configuration.dimensions, count)

    def find(self, clip_id: str | None = None, uri: str | None = None) -> Entry | None:
        with self._readers.read() as (db, _):
            number = statements.find_one(db, clip_id, uri)
            return None if number is None else statements.entry(db, number)

    def find_many(self, names: Sequence[ClipRef]) -> list[Entry | None]:
        with self._readers.read() as (db, _):
            return statements.entries(db, names)

    def kept_parts(self, clip_id: str) -> KeptParts | None:
        with self._readers.read() as (db, _):
            return parts.kept(db, clip_id)

    def clip(self, clip_id: str) -> Clip | None:
        with self._readers.read() as (db, _):
            numbers = statements.find(db, clip_id, None)
            return statements.clip(db, numbers[0]) if numbers else None

    def page(
        self,
        offset: int,
        limit: int,
        *,
        filter: Any | None = None,
        prefix: str | None = None,
    ) -> tuple[list[Entry], int]:
        chosen = filter_sql.selection(filter, prefix)
        with self._readers.read() as (db, _):
            numbered = statements.page(db, offset, limit, chosen)
            return [entry for _, entry in numbered], statements.clip_count(db, chosen)

    def without_words(self, limit: int) -> list[str]:
        """The ids of up to `limit` clips whose words are not known."""
        with self._readers.read() as (db, _):
            return statements.without_words(db, limit)

    def judgements(
        self, offset: int, limit: int, chosen: Chosen = EVERY_JUDGEMENT
    ) -> tuple[list[Judgement], int]:
        with self._readers.read() as (db, _):
            return judgements.page(db, offset, limit, chosen)

    def searches(self) -> list[SavedSearch]:
        with self._readers.read() as (db, _):
            return searches.every(db)

    def saved_search(self, name: str) -> SavedSearch | None:
        with self._readers.read() as (db, _):
            return searches.find(db, name)

    def counts(self) -> tuple[int, int]:
        with self._readers.read() as (db, snapshot):
            return statements.clip_count(db), snapshot.chunk_count

    def version(self) -> int:
        return self.snapshot.version

    def stored_bytes(self) -> int:
        """What the index takes on disk, with its WAL."""
        return self.path.stat().st_size + schema.wal_bytes(self.path)


def _selected(db: sqlite3.Connection, condition: filters.Condition | None) -> Selected:
    """The numbers of the clips that a filter selects, ascending; None for all."""
    if condition is None:
        return None
    return np.array(statements.numbers(db, filter_sql.render(condition)), np.int32)


def _neighbours(db: sqlite3.Connection, found: Sequence[Nearest]) -> list[list[Neighbour]]:
    """What is stored of the chunks that were found."""
    wanted = sorted(
        {
            place
            for one in found
            for place in zip(one.clips.tolist(), one.ordinals.tolist(), strict=True)
        }
    )
    chunks = {
        (number, ordinal): chunk
        for number, group in groupby(wanted, key=itemgetter(0))
        for ordinal, chunk in statements.chunks(db, number, [one for _, one in group])
    }
    return [
        [
            replace(chunks[clip, ordinal], distance=distance)
            for clip, ordinal, distance in zip(
                one.clips.tolist(), one.ordinals.tolist(), one.distances.tolist(), strict=True
            )
        ]
        for one in found
    ]


def _removed_keys(transaction: Transaction, before: Snapshot) -> np.ndarray | None:
    """The keys that the graph has of the chunks that a transaction removed; None for all."""
    if transaction.cleared:
        return None
    keys = [keys_of(number, ordinals_of(before.blocks, number)) for number in transaction.removed]
    return np.concatenate([np.empty(0, np.uint64), *keys])


def _roll_back(db: sqlite3.Connection) -> None:
    with suppress(sqlite3.Error):  # what led here is what has to be said
        if db.in_transaction:
            db.execute('ROLLBACK')
