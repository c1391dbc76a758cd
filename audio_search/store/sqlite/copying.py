"""A whole copy of a database in one file, also while others write to it."""

import sqlite3
from contextlib import closing
from pathlib import Path

from audio_search.files import sync
from audio_search.store.sqlite import schema


def copy_database(source: Path, target: Path) -> None:
    """Copy a database to `target`, as it is at one moment, with what is still in its WAL.

    The copy is on the disk when this returns, and needs no other files beside it. `target` is
    overwritten. Raises OSError or sqlite3.Error; then there is no `target`.
    """
    try:
        target.unlink(missing_ok=True)
        with (
            closing(schema.connect(source, writable=False)) as original,
            closing(sqlite3.connect(target, isolation_level=None)) as copy,
        ):
            original.backup(copy)
            # SQLite copies the mode too, and in WAL mode it would make files beside it.
            copy.execute('PRAGMA journal_mode = DELETE')
        sync(target)
    except BaseException:
        remove_database(target)
        raise


def remove_database(path: Path) -> None:
    """Remove a database with what SQLite keeps beside it."""
    for suffix in ('-journal', '-wal', '-shm', ''):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def claim(whole: Path, target: Path) -> None:
    """Give a file its final name, which nobody else has, and keep it over a power cut.

    Raises FileExistsError where `target` exists, OSError where it cannot be made.
    """
    target.touch(exist_ok=False)  # so that a file that came in between is never overwritten
    whole.replace(target)
    sync(target.parent)
