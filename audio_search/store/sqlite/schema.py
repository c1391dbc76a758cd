"""The file: one SQLite database with everything in it, and how to tell it from other files."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from audio_search.files import sync
from audio_search.store.configuration import UNWEIGHTED_MEAN, Configuration
from audio_search.store.errors import IndexFileError

APPLICATION_ID = int.from_bytes(b'ASIx', 'big')
SCHEMA_VERSION = 7  # older ones are migrated: see `migrations`
# A clip of 10 s has 2 KB of embeddings. With the default of 4 KB only one of them fits on a page,
# beside its overhead, and half of the file is unused.
PAGE_BYTES = 16384
SQLITE_MAGIC = b'SQLite format 3\0'
HEADER_BYTES = 100
BUSY_TIMEOUT_S = 30
# Result codes that blame the disk, the permissions or the memory: the file itself may be whole.
ENVIRONMENT_ERRORS = (
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
)

# Of recordings that are indexed part by part, until the last part is there.
PARTS = """
CREATE TABLE parts (
    clip_id TEXT NOT NULL,
    part INTEGER NOT NULL,
    part_count INTEGER NOT NULL,
    kept_at REAL NOT NULL,
    source TEXT,
    sample_rate INTEGER,
    locations BLOB NOT NULL,
    tags TEXT,
    embeddings BLOB NOT NULL,
    PRIMARY KEY (clip_id, part)
)
"""

# Clips that were stored before there were words, or with weights that have none.
WORDLESS = 'CREATE INDEX wordless ON clips (number) WHERE words IS NULL'

# Of clips that are stored, by their ids, since one that is stored again gets another number. Ends
# are in ms of the file, -1 for the whole clip; `judged_by` is empty where nobody is named.
JUDGEMENTS = """
CREATE TABLE judgements (
    clip_id TEXT NOT NULL,
    label TEXT NOT NULL,
    beg_in_ms INTEGER NOT NULL,
    end_in_ms INTEGER NOT NULL,
    judged_by TEXT NOT NULL,
    verdict TEXT NOT NULL,
    time TEXT NOT NULL,
    PRIMARY KEY (clip_id, label, beg_in_ms, end_in_ms, judged_by)
) WITHOUT ROWID
"""
JUDGEMENT_LABELS = 'CREATE INDEX judgement_labels ON judgements (label)'
SEARCHES = """
CREATE TABLE searches (
    name TEXT PRIMARY KEY,
    made TEXT NOT NULL,
    query TEXT NOT NULL
) WITHOUT ROWID
"""

SCHEMA = f"""
PRAGMA page_size = {PAGE_BYTES};
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {SCHEMA_VERSION};
CREATE TABLE configuration (key TEXT PRIMARY KEY, value);
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
    sound TEXT,
    tags TEXT NOT NULL,
    source TEXT,
    sample_rate INTEGER,
    chunk_count INTEGER NOT NULL,
    words TEXT
);
CREATE INDEX sounds ON clips (sound) WHERE sound IS NOT NULL;
{WORDLESS};
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
{PARTS};
{JUDGEMENTS};
{JUDGEMENT_LABELS};
{SEARCHES};
"""


def create(path: Path, configuration: Configuration) -> None:
    """Make an empty index at `path`, whole or not at all."""
    new = path.with_name(f'{path.name}.new')
    new.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(new, isolation_level=None)) as db:
            db.executescript(SCHEMA)
            db.executemany(
                'INSERT INTO configuration VALUES (?, ?)', configuration.as_dict().items()
            )
            db.execute('PRAGMA journal_mode = WAL')
        sync(new)
        new.rename(path)
    finally:
        for suffix in ('', '-journal', '-wal', '-shm'):
            path.with_name(new.name + suffix).unlink(missing_ok=True)
    sync(path.parent)


def read_configuration(path: Path) -> Configuration:
    """The configuration the index at `path` was made with.

    Raises IndexFileError for a file that is foreign, truncated, damaged or of another schema
    version; changes nothing.
    """
    _check_header(path)
    # A `-journal` exists only if a restored backup crashed on its first start, before switching to
    # WAL. Opening it writable rolls it back; nothing acknowledged is lost.
    unfinished = path.with_name(path.name + '-journal').exists()
    try:
        with closing(
            connect(path, writable=unfinished, immutable=not wal_bytes(path) and not unfinished)
        ) as db:
            # The header of the file is behind where a WAL has a newer one.
            _check_version(path, db.execute('PRAGMA user_version').fetchone()[0])
            return Configuration(**recorded_configuration(db))
    except (sqlite3.Error, TypeError) as error:
        raise unusable(path, error) from error


def recorded_configuration(db: sqlite3.Connection) -> dict[str, Any]:
    """The configuration, with what an older index does not say: up to schema 3 nothing was done to
    a sound that was not published, and a mean was not weighted."""
    recorded = dict(db.execute('SELECT key, value FROM configuration'))
    if 'padding' in recorded:
        return recorded
    if recorded.get('pooling') == 'mean':
        recorded['pooling'] = UNWEIGHTED_MEAN
    return recorded | {'padding': 'silence', 'lift_to_dbfs': None, 'silence': 'as_published'}


def read_version(path: Path) -> int:
    """The schema version of the index at `path`. Raises IndexFileError."""
    try:
        with closing(connect(path, writable=False)) as db:
            return db.execute('PRAGMA user_version').fetchone()[0]
    except sqlite3.Error as error:
        raise unusable(path, error) from error


def unusable(path: Path, error: Exception) -> IndexFileError:
    """The error for an index that cannot be opened: damage, or the disk that it is on."""
    code = getattr(error, 'sqlite_errorcode', sqlite3.SQLITE_CORRUPT)
    if code & 0xFF in ENVIRONMENT_ERRORS and code != sqlite3.SQLITE_IOERR_SHORT_READ:
        return IndexFileError(
            f'The index {path} cannot be opened ({error}): make room on the disk, and the file and '
            'its folder readable and writable, then start again'
        )
    return damaged(path, str(error))


def damaged(path: Path, how: str) -> IndexFileError:
    return IndexFileError(
        f'The index {path} is damaged ({how}): restore it from a backup, or delete the file and '
        'index anew'
    )


def connect(path: Path, *, writable: bool, immutable: bool = False) -> sqlite3.Connection:
    """A connection in autocommit mode that may be used by one thread after another.

    `immutable` is for a file that nobody changes meanwhile: it makes no files beside the index, and
    does not see a WAL.
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
        # A commit returns when it is on the disk, so a power cut takes back nothing acknowledged.
        db.execute('PRAGMA synchronous = FULL')
    return db


def wal_bytes(path: Path) -> int:
    """The size of the WAL (write-ahead log) that SQLite keeps beside a file in use."""
    try:
        return path.with_name(path.name + '-wal').stat().st_size
    except FileNotFoundError:
        return 0


def _check_version(path: Path, schema_version: int) -> None:
    if not 1 <= schema_version <= SCHEMA_VERSION:
        raise IndexFileError(
            f'The index {path} has the schema version {schema_version}, this program writes '
            f'{SCHEMA_VERSION}: use the version of the program that made it, or delete the file '
            'and index anew'
        )


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
    _check_version(path, int.from_bytes(header[60:64], 'big'))
    page_bytes = int.from_bytes(header[16:18], 'big')
    expected = page_bytes * int.from_bytes(header[28:32], 'big')
    # With a WAL the file may be shorter than its header says: the missing pages are in the WAL.
    if path.stat().st_size < expected and not wal_bytes(path):
        raise damaged(path, f'it ends after {path.stat().st_size:,} of {expected:,} bytes')
