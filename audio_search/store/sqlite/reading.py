"""An index file read by another process than the service that may be writing to it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np

from audio_search.store.configuration import Configuration
from audio_search.store.errors import IndexFileError
from audio_search.store.records import Clip, Entry
from audio_search.store.sqlite import schema, statements


class Reading:
    """All clips as they are at one moment, however many are stored meanwhile.

    Every method raises IndexFileError where the file cannot be read.
    """

    def __init__(self, path: Path, db: sqlite3.Connection, configuration: Configuration) -> None:
        self.configuration = configuration
        self._path = path
        self._db = db

    def outlines(self) -> np.ndarray:
        """Clip numbers and chunk counts, int64 [clips, 2], in the order they were stored."""
        with self._errors():
            rows = self._db.execute('SELECT number, chunk_count FROM clips ORDER BY number')
            return np.array(rows.fetchall(), np.int64).reshape(-1, 2)

    def clips(self) -> Iterator[Clip]:
        """Every clip with its chunks, one at a time, in the order they were stored."""
        for number in self.outlines()[:, 0].tolist():
            yield self.clip(number)

    def clip(self, number: int) -> Clip:
        with self._errors():
            return statements.clip(self._db, number)

    def entry(self, number: int) -> Entry:
        with self._errors():
            return statements.entry(self._db, number)

    def embeddings(self, number: int) -> np.ndarray:
        """int8 [chunks, dimensions]."""
        with self._errors():
            row = self._db.execute('SELECT embeddings FROM chunks WHERE clip = ?', (number,))
            (blob,) = row.fetchone()
            return np.frombuffer(blob, np.int8).reshape(-1, self.configuration.dimensions)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, ValueError, TypeError) as error:
            raise schema.unusable(self._path, error) from error


@contextmanager
def reading(path: Path) -> Iterator[Reading]:
    """The index at `path`, whether a service runs on it or none.

    It is in WAL mode, where a reader and a writer do not wait for each other, and no lock of
    `lock.py` is needed: that one keeps a second *service* out, whose copy of the vectors would not
    follow the first one's. The WAL cannot shrink until the reader ends.

    Raises IndexFileError for what is not an index, or one that no service of this version opened.
    """
    path = path.resolve()
    if not path.exists():
        raise IndexFileError(f'There is no index {path}; index something first')
    configuration = schema.read_configuration(path)
    if schema.read_version(path) != schema.SCHEMA_VERSION:
        raise IndexFileError(
            f'The index {path} is of an older version: start the service once, which brings it up '
            'to date'
        )
    try:
        db = schema.connect(path, writable=False)
    except sqlite3.Error as error:
        raise schema.unusable(path, error) from error
    with closing(db):
        db.execute('BEGIN')
        yield Reading(path, db, configuration)
