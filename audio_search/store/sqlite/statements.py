"""What is asked of the database and changed in it, a clip at a time."""

import json
import sqlite3
from collections.abc import Iterable
from typing import Any

import numpy as np

from audio_search.store.records import LOCATION_COLUMNS, Clip, Entry, to_json
from audio_search.store.sqlite.filter_sql import tag_rows
from audio_search.store.vectors.graph import GraphFile


def insert(db: sqlite3.Connection, number: int, clip: Clip) -> None:
    """Raise ValueError for tags that are not JSON."""
    tags = to_json(clip.tags)
    source = None if clip.source is None else to_json(clip.source)
    sound = (clip.source or {}).get('sound')
    db.execute(
        'INSERT INTO clips VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
        (
            number,
            clip.id,
            clip.uri,
            None if sound == clip.id else sound,
            tags,
            source,
            clip.sample_rate,
            clip.chunk_count,
        ),
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


def find_one(db: sqlite3.Connection, id: str | None, uri: str | None) -> int | None:
    """The number of the clip with that id, else that uri, else with a sound of that id: one that
    was given another id, and another spelling of the uri."""
    for number in find(db, id, uri):
        return number
    row = db.execute(
        'SELECT number FROM clips WHERE sound = ? ORDER BY number LIMIT 1', (id,)
    ).fetchone()
    return row[0] if row else None


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


def saved_graph(db: sqlite3.Connection) -> GraphFile | None:
    token, covered = db.execute('SELECT graph_token, graph_covered FROM state').fetchone()
    return None if token is None else GraphFile(token, covered)


def keep_graph(db: sqlite3.Connection, saved: GraphFile) -> None:
    db.execute('UPDATE state SET graph_token = ?, graph_covered = ?', saved)


def _entry(row: tuple[Any, ...]) -> Entry:
    id, uri, tags, source, chunk_count = row
    return Entry(
        id, uri, json.loads(tags), None if source is None else json.loads(source), chunk_count
    )


def _insert_tags(db: sqlite3.Connection, number: int, tags: dict[str, Any]) -> None:
    rows = [(number, *row) for row in tag_rows(tags)]
    db.executemany('INSERT INTO tags VALUES (?, ?, ?, ?)', rows)
