"""An index with its uploaded sounds from a backup."""

import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from audio_search.files import sync
from audio_search.store.errors import IndexFileError
from audio_search.store.sqlite import archive, schema
from audio_search.store.sqlite.copying import copy_database
from audio_search.store.sqlite.lock import Lock

ASIDE = 'before-restore'
STAGING = '.restoring'


@dataclass(frozen=True)
class Restored:
    """How many uploaded sounds were put back, and where what was there before is now."""

    sounds: int
    moved_to: Path | None


def restore(backup: Path, index: Path, media: Path, *, replace: bool = False) -> Restored:
    """Put the index and the uploaded sounds of a backup in their places.

    `backup` is a file that `backup` wrote, or a plain copy of an index, which has no sounds: then
    the folder `media` stays as it is. Everything is unpacked beside the index and verified before
    anything is changed; then each file appears whole, the index last. Where that is interrupted
    there is no index, and it can be done again.

    Raises IndexFileError where the backup is cut or altered, naming the member; where a service
    uses the index; where there is no room; and where an index or sounds are there already, unless
    `replace`: then these are moved to a new folder beside them, and nothing of them is deleted.
    """
    index, media = index.resolve(), media.resolve()
    is_plain = _is_database(backup)
    lock = _lock(index)
    staging = index.parent / STAGING
    moved_to = None
    try:
        taken = _taken(index) if is_plain else [*_taken(index), *_sounds(media)]
        if taken and not replace:
            raise IndexFileError(
                f'{taken[0]} is there already: ask for it to be replaced (--replace moves it '
                'aside), or set another workspace'
            )
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir()
        sounds = _stage_copy(backup, staging) if is_plain else archive.unpack(backup, staging)
        _check_staged(backup, staging)
        if taken:
            moved_to = _move_aside(index, None if is_plain else media)
        _place(staging, index, media)
    except (OSError, sqlite3.Error) as error:
        state = f'what was there before is in {moved_to}' if moved_to else 'nothing was changed'
        raise IndexFileError(
            f'The backup {backup} cannot be restored to {index.parent} ({error}): make room on the '
            f'disk and the folder writable, then try again; {state}'
        ) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        lock.release()
    return Restored(sounds, moved_to)


def _is_database(backup: Path) -> bool:
    try:
        with backup.open('rb') as file:
            return file.read(len(schema.SQLITE_MAGIC)) == schema.SQLITE_MAGIC
    except OSError as error:
        raise IndexFileError(
            f'The backup {backup} cannot be read ({error.strerror}): check its path'
        ) from error


def _lock(index: Path) -> Lock:
    try:
        index.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise IndexFileError(
            f'{index.parent} cannot be made ({error.strerror}): set another workspace'
        ) from error
    return Lock(index)


def _taken(index: Path) -> list[Path]:
    """The files of an index that is there, the index last. A WAL alone would ruin another one."""
    files = [index.with_name(index.name + suffix) for suffix in ('-wal', '-journal', '')]
    return [file for file in files if file.exists()]


def _sounds(media: Path) -> list[Path]:
    return list(media.glob('[0-9a-f]' * 32))


def _stage_copy(backup: Path, staging: Path) -> int:
    """Copy a plain copy of an index, which has no sounds. Raises IndexFileError."""
    schema.read_configuration(backup)
    staged = staging / archive.INDEX
    try:
        if schema.wal_bytes(backup):
            copy_database(backup, staged)
        else:  # as a file: SQLite would write beside it
            shutil.copyfile(backup, staged)
        with closing(schema.connect(staged, writable=True)) as db:
            (answer,) = db.execute('PRAGMA quick_check(1)').fetchone()
            db.execute('PRAGMA journal_mode = DELETE')  # no files beside it either
    except sqlite3.Error as error:
        raise schema.unusable(backup, error) from error
    if answer != 'ok':
        raise schema.damaged(backup, answer.splitlines()[-1])
    sync(staged)
    return 0


def _check_staged(backup: Path, staging: Path) -> None:
    staged = staging / archive.INDEX
    try:
        schema.read_configuration(staged)
    except IndexFileError as error:
        reason = str(error).removeprefix('The index ').replace(str(staged), 'its index')
        raise IndexFileError(f'The backup {backup} cannot be restored: {reason}') from error


def _move_aside(index: Path, media: Path | None) -> Path:
    """Move an index, and its sounds, to a folder of their own; the index after its WAL, so that
    the WAL never lies beside another one."""
    aside = index.with_name(ASIDE)
    number = 1
    while aside.exists():
        number += 1
        aside = index.with_name(f'{ASIDE}-{number}')
    aside.mkdir()
    beside = [index.with_name(f'{index.name}-shm'), *index.parent.glob(f'{index.name}.*.ann')]
    for file in (*_taken(index), *beside):
        if file.exists():
            file.rename(aside / file.name)
    if media and media.exists():
        shutil.move(media, aside / media.name)
    sync(aside)
    sync(index.parent)
    return aside


def _place(staging: Path, index: Path, media: Path) -> None:
    for folder in _sounds(staging / archive.MEDIA):
        media.mkdir(parents=True, exist_ok=True)
        shutil.move(folder, media / folder.name)
    if media.exists():
        sync(media)
        sync(media.parent)
    os.replace(staging / archive.INDEX, index)
    sync(index.parent)
