"""A copy of an index, also while a service writes to it."""

import sqlite3
from contextlib import closing
from pathlib import Path

from audio_search.store.errors import IndexFileError
from audio_search.store.files import sync
from audio_search.store.sqlite import schema


def backup(path: Path, target: Path) -> None:
    """Copy the index at `path` to `target`, as it is at one moment.

    Raises IndexFileError where `target` exists, is not writable, or `path` is not an index.
    `target` appears when it is whole.
    """
    path = path.resolve()
    if not path.exists():
        raise IndexFileError(f'There is no index {path} to copy; index something first')
    schema.read_configuration(path)
    if target.exists():
        raise _exists(target)
    partial = target.with_name(f'.{target.name}.partial')
    try:
        partial.unlink(missing_ok=True)
        with (
            closing(schema.connect(path, writable=False)) as source,
            closing(sqlite3.connect(partial, isolation_level=None)) as copy,
        ):
            source.backup(copy)
            copy.execute('PRAGMA journal_mode = DELETE')  # no files beside it
        sync(partial)
        # Claims the name, so that a file that came in between is never overwritten.
        target.touch(exist_ok=False)
        partial.replace(target)
        sync(target.parent)
    except FileExistsError:
        raise _exists(target) from None
    except (OSError, sqlite3.Error) as error:
        raise IndexFileError(
            f'{target} cannot be written ({error}): choose a folder that exists, is writable and '
            'has room'
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def _exists(target: Path) -> IndexFileError:
    return IndexFileError(f'{target} exists already: move it away, or choose another name')
