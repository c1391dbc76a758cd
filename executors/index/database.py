"""The file: one SQLite database that holds everything, and how to tell that it is ours."""

import json
import os
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from executors.index.configuration import Configuration
from executors.index.errors import IndexFileError
from executors.index.filters import tag_rows
from executors.index.records import LOCATION_COLUMNS, Clip, Entry, to_json

APPLICATION_ID = int.from_bytes(b'ASIx', 'big')
SCHEMA_VERSION = 1
# Small pages would waste half of themselves: two embeddings of 2 KB do not fit into 4 KB.
PAGE_BYTES = 16384
SQLITE_MAGIC = b'SQLite format 3\0'
HEADER_BYTES = 100
BUSY_TIMEOUT_S = 30

SCHEMA = f"""
PRAGMA page_size = {PAGE_BYTES};
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {SCHEMA_VERSION};
CREATE TABLE configuration (key TEXT PRIMARY KEY, value NOT NULL);
CREATE TABLE state (
    version INTEGER NOT NULL,
    next_number INTEGER NOT NULL,
    graph_token TEXT,
    graph_covered INTEGER
);
INSERT INTO state VALUES (0, 1, NULL, NULL);
CREATE TABLE clips (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    uri TEXT UNIQUE,
    tags TEXT NOT NULL,
    source TEXT,
    sample_rate INTEGER,
    chunk_count INTEGER NOT NULL
);
CREATE TABLE chunks (
    clip INTEGER PRIMARY KEY,
    locations BLOB NOT NULL,
    tags TEXT,
    embeddings BLOB NOT NULL
);
CREATE TABLE tags (
    clip INTEGER NOT NULL,
    path TEXT NOT NULL,
    kind TEXT NOT NULL,
    value,
    PRIMARY KEY (clip, path)
) WITHOUT ROWID;
"""


def create(path: Path, configuration: Configuration) -> None:
    """Make an empty index at `path`, whole or not at all."""
    new = path.with_name(f'{path.name}.new')
    new.unlink(missing_ok=True)
    with closing(sqlite3.connect(new, isolation_level=None)) as db:
        db.executescript(SCHEMA)
        db.executemany('INSERT INTO configuration VALUES (?, ?)', configuration.as_dict().items())
        db.execute('PRAGMA journal_mode = WAL')
    sync(new)
    new.rename(path)
    sync(path.parent)


def read_configuration(path: Path) -> Configuration:
    """The configuration the index at `path` was made with.

    Raises IndexFileError for a file that is foreign, truncated, damaged or of another schema
    version; changes nothing.
    """
    _check_header(path)
    try:
        with closing(connect(path, writable=False, immutable=not log_bytes(path))) as db:
            return Configuration(**dict(db.execute('SELECT key, value FROM configuration')))
    except (sqlite3.Error, TypeError) as error:
        raise damaged(path, str(error)) from error


def damaged(path: Path, how: str) -> IndexFileError:
    return IndexFileError(
        f'The index {path} is damaged ({how}): restore it from a backup, or delete the file and '
        'index anew'
    )


def connect(path: Path, *, writable: bool, immutable: bool = False) -> sqlite3.Connection:
    """A connection in autocommit mode that may be used by one thread after another.

    `immutable` is for what never changes: it makes no files beside the index, and sees no log.
    """
    mode = 'rw' if writable else 'ro&immutable=1' if immutable else 'ro'
    db = sqlite3.connect(
        f'{path.resolve().as_uri()}?mode={mode}',
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=BUSY_TIMEOUT_S,
    )
    if writable:
        # A commit returns when it is on the disk, not only with the operating system.
        db.execute('PRAGMA synchronous = FULL')
    return db


def sync(path: Path) -> None:
    """Wait until a file or a folder's entries are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def insert(db: sqlite3.Connection, number: int, clip: Clip) -> None:
    """Raise ValueError for tags that are not JSON."""
    tags = to_json(clip.tags)
    source = None if clip.source is None else to_json(clip.source)
    db.execute(
        'INSERT INTO clips VALUES (?, ?, ?, ?, ?, ?, ?)',
        (number, clip.id, clip.uri, tags, source, clip.sample_rate, clip.chunk_count),
    )
    db.execute(
        'INSERT INTO chunks VALUES (?, ?, ?, ?)',
        (
            number,
            np.ascontiguousarray(clip.locations, '<i8').tobytes(),
            to_json(clip.chunk_tags) if clip.chunk_tags else None,
            np.ascontiguousarray(clip.embeddings, np.int8).tobytes(),
        ),
    )
    _insert_tags(db, number, clip.tags)


def replace_tags(db: sqlite3.Connection, number: int, tags: dict[str, Any]) -> None:
    db.execute('UPDATE clips SET tags = ? WHERE number = ?', (to_json(tags), number))
    db.execute('DELETE FROM tags WHERE clip = ?', (number,))
    _insert_tags(db, number, tags)


def delete(db: sqlite3.Connection, number: int) -> None:
    db.execute('DELETE FROM clips WHERE number = ?', (number,))
    db.execute('DELETE FROM chunks WHERE clip = ?', (number,))
    db.execute('DELETE FROM tags WHERE clip = ?', (number,))


def clear(db: sqlite3.Connection) -> None:
    for table in ('clips', 'chunks', 'tags'):
        db.execute(f'DELETE FROM {table}')


def find(db: sqlite3.Connection, id: str | None, uri: str | None) -> list[int]:
    """The numbers of the clips with that id or that uri: none, one or two, the id's first."""
    by_id = db.execute('SELECT number FROM clips WHERE id = ?', (id,)).fetchall()
    by_uri = db.execute('SELECT number FROM clips WHERE uri = ?', (uri,)).fetchall()
    return list(dict.fromkeys(number for (number,) in by_id + by_uri))


def entry(db: sqlite3.Connection, number: int) -> Entry:
    row = db.execute(
        'SELECT id, uri, tags, source, chunk_count FROM clips WHERE number = ?', (number,)
    ).fetchone()
    return _entry(row)


def page(db: sqlite3.Connection, offset: int, limit: int) -> list[tuple[int, Entry]]:
    """(number, clip) of a part of all clips, in the order they were stored."""
    rows = db.execute(
        'SELECT number, id, uri, tags, source, chunk_count FROM clips '
        'ORDER BY number LIMIT ? OFFSET ?',
        (limit, offset),
    )
    return [(row[0], _entry(row[1:])) for row in rows]


def clip(db: sqlite3.Connection, number: int, *, embeddings: bool = True) -> Clip:
    """A clip; without its embeddings (an array with no columns) where they are not needed."""
    columns = 'c.id, c.uri, c.tags, c.source, c.sample_rate, k.locations, k.tags'
    if embeddings:
        columns += ', k.embeddings'
    id, uri, tags, source, sample_rate, locations, chunk_tags, *blob = db.execute(
        f'SELECT {columns} FROM clips c JOIN chunks k ON k.clip = c.number WHERE c.number = ?',
        (number,),
    ).fetchone()
    table = np.frombuffer(locations, '<i8').reshape(-1, len(LOCATION_COLUMNS))
    rows = np.frombuffer(blob[0] if blob else b'', np.int8)
    return Clip(
        id=id,
        uri=uri,
        tags=json.loads(tags),
        source=None if source is None else json.loads(source),
        sample_rate=sample_rate,
        locations=table,
        chunk_tags={int(row): own for row, own in json.loads(chunk_tags or '{}').items()},
        embeddings=rows.reshape(len(table), -1) if len(table) else rows.reshape(0, 0),
    )


def embeddings(db: sqlite3.Connection) -> Iterable[tuple[int, int, bytes]]:
    """(number, chunk count, embeddings) of all clips, ascending."""
    return db.execute(
        'SELECT c.number, c.chunk_count, k.embeddings '
        'FROM clips c JOIN chunks k ON k.clip = c.number ORDER BY c.number'
    )


def version(db: sqlite3.Connection) -> int:
    return db.execute('SELECT version FROM state').fetchone()[0]


def clip_count(db: sqlite3.Connection) -> int:
    return db.execute('SELECT count(*) FROM clips').fetchone()[0]


def next_number(db: sqlite3.Connection) -> int:
    """The number of the next clip that is stored; none is ever given twice."""
    return db.execute('SELECT next_number FROM state').fetchone()[0]


def finish(db: sqlite3.Connection, next_number: int) -> int:
    """Mark the end of a transaction; the version of the database from then on."""
    db.execute('UPDATE state SET version = version + 1, next_number = ?', (next_number,))
    return version(db)


class Saved(NamedTuple):
    """Which file holds the graph of an approximate search, and the clips that are in it: all up to
    a number, as they were then."""

    token: str
    covered: int


def saved_graph(db: sqlite3.Connection) -> Saved | None:
    token, covered = db.execute('SELECT graph_token, graph_covered FROM state').fetchone()
    return None if token is None else Saved(token, covered)


def keep_graph(db: sqlite3.Connection, saved: Saved) -> None:
    db.execute('UPDATE state SET graph_token = ?, graph_covered = ?', saved)


def _entry(row: tuple[Any, ...]) -> Entry:
    id, uri, tags, source, chunk_count = row
    return Entry(
        id, uri, json.loads(tags), None if source is None else json.loads(source), chunk_count
    )


def _insert_tags(db: sqlite3.Connection, number: int, tags: dict[str, Any]) -> None:
    rows = [(number, *row) for row in tag_rows(tags)]
    db.executemany('INSERT INTO tags VALUES (?, ?, ?, ?)', rows)


def _check_header(path: Path) -> None:
    """Tell foreign and truncated files by their first bytes (https://sqlite.org/fileformat.html),
    without opening them as a database: that alone may write beside them."""
    try:
        with path.open('rb') as file:
            header = file.read(HEADER_BYTES)
    except OSError as error:
        raise IndexFileError(
            f'The index {path} cannot be read ({error.strerror}): make it readable, or set another '
            'workspace'
        ) from error
    application_id = int.from_bytes(header[68:72], 'big')
    if len(header) < HEADER_BYTES or header[:16] != SQLITE_MAGIC:
        raise IndexFileError(
            f'{path} is not an index, or only the beginning of one: restore it from a backup, '
            'delete it, or set another workspace'
        )
    if application_id != APPLICATION_ID:
        raise IndexFileError(
            f'{path} is a database of another program: move it away, or set another workspace'
        )
    schema_version = int.from_bytes(header[60:64], 'big')
    if schema_version != SCHEMA_VERSION:
        raise IndexFileError(
            f'The index {path} has the schema version {schema_version}, this program writes '
            f'{SCHEMA_VERSION}: use the version of the program that made it, or delete the file '
            'and index anew'
        )
    page_bytes = int.from_bytes(header[16:18], 'big')
    expected = page_bytes * int.from_bytes(header[28:32], 'big')
    # With a log beside it the file may be behind its header: the pages are in the log.
    if path.stat().st_size < expected and not log_bytes(path):
        raise damaged(path, f'it ends after {path.stat().st_size:,} of {expected:,} bytes')


def log_bytes(path: Path) -> int:
    """The size of the write-ahead log that SQLite keeps beside a file in use."""
    try:
        return path.with_name(path.name + '-wal').stat().st_size
    except FileNotFoundError:
        return 0
