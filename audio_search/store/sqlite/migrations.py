"""An index of an older schema becomes one of today's, a step at a time.

Each step is one transaction, so a crash leaves the schema before it or after it, and the next start
goes on from there. A whole copy of the index as it was is kept beside it.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from audio_search.audio.sources import MediaError, clip_id, relative_uri, split_fragment
from audio_search.files import sha256
from audio_search.logs import log
from audio_search.roots import Roots
from audio_search.store.errors import IndexFileError
from audio_search.store.sqlite import judgements, schema, searches
from audio_search.store.sqlite.copying import claim, copy_database, remove_database


def migrate(path: Path, roots: Roots) -> None:
    """Bring the index at `path` to the schema of today; nothing where it has it already.

    `roots` are the folders that uris are looked up in, in order, resolved. The caller holds the
    lock. Raises IndexFileError where there is no room; the index then has the schema that it had,
    or that of one of the steps.
    """
    before = schema.read_version(path)
    if before == schema.SCHEMA_VERSION:
        return
    copy = _keep_copy(
        path,
        f'v{before}',
        f'has the schema version {before} and would be brought to {schema.SCHEMA_VERSION}',
    )
    try:
        with closing(schema.connect(path, writable=True)) as db:
            for version in range(before, schema.SCHEMA_VERSION):
                _step(db, version, roots)
    except (sqlite3.Error, ValueError) as error:
        raise schema.unusable(path, error) from error
    log.warning(
        'The index %s had the schema version %d and now has %d. As it was, it is kept in %s; '
        'delete that when you do not want to go back to the older program.',
        path,
        before,
        schema.SCHEMA_VERSION,
        copy,
    )


def name_files(path: Path, roots: Roots) -> None:
    """Call files by the names of their folders, in an index that was made when those had none.

    Their uris and the ids made from them change; ids that users gave stay. So the index can go to
    another machine, where its files are in other places. Errors as in `migrate`.
    """
    if not roots.names:
        return
    try:
        with closing(schema.connect(path, writable=True)) as db:
            named = [file for file in _files(db) if roots.place(file.path) != str(file.path)]
            if not named:
                return
            copy = _keep_copy(path, 'unnamed', 'would call its files by the names of their folders')
            with _transaction(db):
                ids = {file.id: _name(db, file, roots) for file in named}
                searches.call_clips(db, ids)
    except (sqlite3.Error, ValueError) as error:
        raise schema.unusable(path, error) from error
    log.warning(
        'The index %s calls %d clips by the names of their folders now (%s). As it was, it is kept '
        'in %s; delete that when all is well.',
        path,
        len(named),
        ', '.join(roots.names),
        copy,
    )


def _name(db: sqlite3.Connection, file: '_File', roots: Roots) -> str:
    """The id that the clip has then. Where another clip has the new id or uri already, this one
    keeps its own."""
    place = roots.place(file.path)
    sound = clip_id(place, *file.part)
    uri = relative_uri(file.path, roots, *file.part)
    own_id = sound if file.id == clip_id(file.path, *file.part) else file.id
    taken = 'SELECT 1 FROM clips WHERE {} = ? AND number != ?'
    if db.execute(taken.format('id'), (own_id, file.number)).fetchone():
        own_id = file.id
    if db.execute(taken.format('uri'), (uri, file.number)).fetchone():
        uri = file.uri
    db.execute(
        'UPDATE clips SET id = ?, uri = ?, sound = ?, '
        "source = json_set(source, '$.path', ?, '$.sound', ?) WHERE number = ?",
        (own_id, uri, None if sound == own_id else sound, place, sound, file.number),
    )
    if own_id != file.id:
        judgements.hand_over(db, file.id, own_id)
    return own_id


def _step(db: sqlite3.Connection, version: int, roots: Roots) -> None:
    with _transaction(db):
        STEPS[version](db, roots)
        db.execute(f'PRAGMA user_version = {version + 1}')


@contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    db.execute('BEGIN IMMEDIATE')
    try:
        yield
        db.execute('COMMIT')
    except BaseException:
        with suppress(sqlite3.Error):
            db.execute('ROLLBACK')
        raise


def _keep_copy(path: Path, label: str, change: str) -> Path:
    """Where a copy of the index is kept: `index.sqlite.LABEL.backup`, or with a number behind it.

    A copy that is there already is never overwritten, and taken where it is the same.
    """
    target = path.with_name(f'{path.name}.{label}.backup')
    partial = path.with_name(f'{path.name}.{label}.partial')
    try:
        copy_database(path, partial)
        number = 1
        while target.exists() and sha256(target) != sha256(partial):
            number += 1
            target = path.with_name(f'{path.name}.{label}.backup.{number}')
        if not target.exists():
            claim(partial, target)
    except (OSError, sqlite3.Error) as error:
        raise IndexFileError(
            f'The index {path} {change}, but the copy that is kept of it cannot be written '
            f'({error}): make room on the disk and its folder writable, then start again; nothing '
            'was changed'
        ) from error
    finally:
        remove_database(partial)
    return target


class _File(NamedTuple):
    """A clip that came from a file, or from a part of it in seconds."""

    number: int
    id: str
    uri: str
    path: Path
    part: tuple[float, float | None]


def _add_sounds(db: sqlite3.Connection, roots: Roots) -> None:
    """1 to 2: the id of a clip's sound, for clips that were stored under an id of their own."""
    db.execute('ALTER TABLE clips ADD COLUMN sound TEXT')
    db.execute('CREATE INDEX sounds ON clips (sound) WHERE sound IS NOT NULL')
    for file in _files(db):
        sound = clip_id(file.path, *file.part)
        db.execute(
            "UPDATE clips SET sound = ?, source = json_set(source, '$.sound', ?) WHERE number = ?",
            (None if sound == file.id else sound, sound, file.number),
        )


def _make_uris_relative(db: sqlite3.Connection, roots: Roots) -> None:
    """2 to 3: an absolute uri becomes the one that its file would be stored under today.

    Ids stay. Of two clips that would have one uri the newer one gets it.
    """
    for file in reversed(_files(db)):
        if not file.uri.startswith('/'):
            continue
        uri = relative_uri(file.path, roots, *file.part)
        taken = db.execute('SELECT 1 FROM clips WHERE uri = ?', (uri,)).fetchone()
        if not uri.startswith('/') and not taken:
            db.execute('UPDATE clips SET uri = ? WHERE number = ?', (uri, file.number))


def _record_front_end(db: sqlite3.Connection, roots: Roots) -> None:
    """3 to 4: what was done to the sound before the network is a part of the configuration."""
    recorded = schema.recorded_configuration(db)
    db.execute('DROP TABLE configuration')  # its values could not be null
    db.execute('CREATE TABLE configuration (key TEXT PRIMARY KEY, value)')
    db.executemany('INSERT INTO configuration VALUES (?, ?)', recorded.items())


def _add_parts(db: sqlite3.Connection, roots: Roots) -> None:
    """4 to 5: a place for the parts of recordings that are not stored yet."""
    db.execute(schema.PARTS)


def _add_words(db: sqlite3.Connection, roots: Roots) -> None:
    """5 to 6: which sounds are heard in a clip; not known until the indexer fills it in."""
    db.execute('ALTER TABLE clips ADD COLUMN words TEXT')
    db.execute(schema.WORDLESS)


def _add_judgements(db: sqlite3.Connection, roots: Roots) -> None:
    """6 to 7: what people judged of clips, and searches with a name."""
    for statement in (schema.JUDGEMENTS, schema.JUDGEMENT_LABELS, schema.SEARCHES):
        db.execute(statement)


STEPS: dict[int, Callable[[sqlite3.Connection, Roots], None]] = {
    1: _add_sounds,
    2: _make_uris_relative,
    3: _record_front_end,
    4: _add_parts,
    5: _add_words,
    6: _add_judgements,
}


def _files(db: sqlite3.Connection) -> list[_File]:
    """In the order they were stored."""
    rows = db.execute(
        'SELECT number, id, uri, source FROM clips '
        'WHERE uri IS NOT NULL AND source IS NOT NULL ORDER BY number'
    )
    files = []
    for number, own_id, uri, source in rows:
        path = json.loads(source).get('path')
        try:
            _, beg_s, end_s = split_fragment(uri)
        except MediaError:  # whoever stored it gave a path that the uri does not name
            continue
        if path:
            files.append(_File(number, own_id, uri, Path(path), (beg_s, end_s)))
    return files
