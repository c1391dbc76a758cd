"""How an index is opened, and what refuses it before anything is changed."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np

from audio_search.roots import Roots
from audio_search.store.configuration import Configuration
from audio_search.store.errors import IndexFileError
from audio_search.store.sqlite import schema, statements
from audio_search.store.sqlite.lock import Lock, refuse_if_locked
from audio_search.store.sqlite.migrations import migrate, name_files
from audio_search.store.vectors.blocks import Block, Snapshot, changed

LOAD_BATCH_CLIPS = 1024


def check(path: Path, configuration: Configuration) -> None:
    """Raise IndexFileError where `SqliteStore(path, configuration)` would, and change nothing.

    An index of an older schema passes: it is migrated when it is opened.
    """
    path = path.resolve()
    if path.exists():
        _check_configuration(path, configuration)
    _check_writable(path)
    if path.exists():
        refuse_if_locked(path)


def lock(path: Path, configuration: Configuration, roots: Roots) -> Lock:
    """Claim the index at `path`, made if there is none and migrated if it is of an older schema,
    or if folders have names now that had none.

    `roots` are for that: see `migrations`. Raises IndexFileError.
    """
    check(path, configuration)
    _make_folder(path)
    held = Lock(path)
    try:
        if path.exists():
            _check_configuration(path, configuration)
            migrate(path, roots)
            name_files(path, roots)
        else:
            _create(path, configuration)
    except BaseException:
        held.release()
        raise
    return held


def _check_configuration(path: Path, configuration: Configuration) -> None:
    difference = configuration.difference(schema.read_configuration(path))
    if difference:
        raise IndexFileError(f'The index {path} {difference}')


def _check_writable(path: Path) -> None:
    folder = path.parent
    while not folder.exists():
        folder = folder.parent
    for place in (path, folder) if path.exists() else (folder,):
        if not os.access(place, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
            raise IndexFileError(
                f'The index {path} cannot be written: make {place} writable, or set another '
                'workspace'
            )


def _make_folder(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _not_writable(path, error) from error


def _create(path: Path, configuration: Configuration) -> None:
    try:
        schema.create(path, configuration)
    except (OSError, sqlite3.Error) as error:
        raise _not_writable(path, error) from error


def _not_writable(path: Path, error: Exception) -> IndexFileError:
    return IndexFileError(
        f'The index {path} cannot be written ({error}): make the file and its folder writable, or '
        'room on the disk, or set another workspace'
    )


def writer(path: Path) -> sqlite3.Connection:
    """The connection that writes. Raises IndexFileError where it could not."""
    db = schema.connect(path, writable=True)
    try:
        db.execute('PRAGMA journal_mode = WAL')  # a restored backup is not in that mode yet
        db.execute('BEGIN IMMEDIATE')
        db.execute('ROLLBACK')
    except sqlite3.Error as error:
        db.close()
        raise _not_writable(path, error) from error
    return db


def load(path: Path, dimensions: int) -> Snapshot:
    """All embeddings. Raises IndexFileError for a damaged file: every page of embeddings, which is
    nearly all of the file, is read here."""
    blocks: tuple[Block, ...] = ()
    try:
        with closing(schema.connect(path, writable=False)) as db:
            db.execute('BEGIN')
            version = statements.version(db)
            rows = iter(statements.embeddings(db))
            while batch := _rows(rows, dimensions):
                blocks = changed(blocks, [], batch)
    except (sqlite3.Error, ValueError) as error:
        raise schema.unusable(path, error) from error
    return Snapshot(version, blocks)


def _rows(rows: Iterator[tuple[int, int, bytes]], dimensions: int) -> list[tuple[int, np.ndarray]]:
    batch: list[tuple[int, np.ndarray]] = []
    for number, chunk_count, blob in rows:
        vectors = np.frombuffer(blob, np.int8).reshape(-1, dimensions)
        if len(vectors) != chunk_count:
            raise ValueError(f'clip {number} has {len(vectors)} of {chunk_count} embeddings')
        batch.append((number, vectors))
        if len(batch) == LOAD_BATCH_CLIPS:
            break
    return batch
