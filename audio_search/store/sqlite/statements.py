"""What is asked of the database and changed in it, a clip at a time.

Whatever the database refuses is a sqlite3.Error, and so is content that cannot be decoded.
"""

import json
import sqlite3
import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from audio_search.store.records import (
    LOCATION_COLUMNS,
    Clip,
    ClipRef,
    Entry,
    Neighbour,
    Words,
    to_json,
)
from audio_search.store.sqlite.filter_sql import EVERY_CLIP, Sql, tag_rows
from audio_search.store.vectors.graph import GraphFile

LOCATION = struct.Struct(f'<{len(LOCATION_COLUMNS)}q')  # a row of `Clip.locations`
ENTRY_COLUMNS = 'id, uri, tags, source, chunk_count, words'


def insert(db: sqlite3.Connection, number: int, clip: Clip) -> None:
    """Raise ValueError for tags that are not JSON."""
    tags = to_json(clip.tags)
    source = None if clip.source is None else to_json(clip.source)
    sound = (clip.source or {}).get('sound')
    db.execute(
        'INSERT INTO clips (number, id, uri, sound, tags, source, sample_rate, chunk_count, words) '
        'VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
        (
            number,
            clip.id,
            clip.uri,
            None if sound == clip.id else sound,
            tags,
            source,
            clip.sample_rate,
            clip.chunk_count,
            None if clip.words is None else to_json(clip.words),
        ),
    )
    db.execute(
        'INSERT INTO chunks (clip, locations, tags, embeddings) VALUES (?, ?, ?, ?)',
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


def replace_words(db: sqlite3.Connection, number: int, words: Words) -> None:
    db.execute('UPDATE clips SET words = ? WHERE number = ?', (to_json(words), number))


def delete(db: sqlite3.Connection, number: int) -> None:
    db.execute('DELETE FROM clips WHERE number = ?', (number,))
    db.execute('DELETE FROM chunks WHERE clip = ?', (number,))
    db.execute('DELETE FROM tags WHERE clip = ?', (number,))


def clear(db: sqlite3.Connection) -> None:
    for table in ('clips', 'chunks', 'tags', 'parts', 'judgements'):
        db.execute(f'DELETE FROM {table}')


def find(db: sqlite3.Connection, clip_id: str | None, uri: str | None) -> list[int]:
    """The numbers of the clips with that id or that uri: none, one or two, the id's first."""
    by_id = db.execute('SELECT number FROM clips WHERE id = ?', (clip_id,)).fetchall()
    by_uri = db.execute('SELECT number FROM clips WHERE uri = ?', (uri,)).fetchall()
    return list(dict.fromkeys(number for (number,) in by_id + by_uri))


def find_one(db: sqlite3.Connection, clip_id: str | None, uri: str | None) -> int | None:
    """The number of the clip with that id, else that uri, else with a sound of that id: one that
    was given another id, and another spelling of the uri."""
    for number in find(db, clip_id, uri):
        return number
    row = db.execute(
        'SELECT number FROM clips WHERE sound = ? ORDER BY number LIMIT 1', (clip_id,)
    ).fetchone()
    return row[0] if row else None


def entries(db: sqlite3.Connection, names: Sequence[ClipRef]) -> list[Entry | None]:
    """For each name the clip that `find_one` finds, in one query."""
    asked = json.dumps([[name.id, name.uri] for name in names])
    rows = db.execute(
        "WITH asked AS MATERIALIZED (SELECT key AS place, json_extract(value, '$[0]') AS id, "
        "json_extract(value, '$[1]') AS uri FROM json_each(?)), "
        'found AS (SELECT place, 0 AS rank, number FROM asked JOIN clips USING (id) '
        'UNION ALL SELECT place, 1, number FROM asked JOIN clips USING (uri) '
        'UNION ALL SELECT place, 2, number FROM asked JOIN clips ON clips.sound = asked.id) '
        f'SELECT place, {ENTRY_COLUMNS} FROM found JOIN clips USING (number) '
        'ORDER BY place, rank DESC, number DESC',
        (asked,),
    )
    best: dict[int, Entry] = {row[0]: _entry(row[1:]) for row in rows}  # the last of a place stays
    return [best.get(place) for place in range(len(names))]


def numbers(db: sqlite3.Connection, chosen: Sql) -> list[int]:
    """The numbers of the selected clips, ascending."""
    condition, parameters = chosen
    rows = db.execute(f'SELECT number FROM clips WHERE {condition} ORDER BY number', parameters)
    return [number for (number,) in rows]


def without_words(db: sqlite3.Connection, limit: int) -> list[str]:
    """The ids of up to `limit` clips whose words are not known."""
    rows = db.execute('SELECT id FROM clips WHERE words IS NULL ORDER BY number LIMIT ?', (limit,))
    return [clip_id for (clip_id,) in rows]


def clip_count(db: sqlite3.Connection, chosen: Sql = EVERY_CLIP) -> int:
    condition, parameters = chosen
    return db.execute(f'SELECT count(*) FROM clips WHERE {condition}', parameters).fetchone()[0]


def page(
    db: sqlite3.Connection, offset: int, limit: int, chosen: Sql = EVERY_CLIP
) -> list[tuple[int, Entry]]:
    """(number, clip) of a part of the selected clips, in the order they were stored."""
    condition, parameters = chosen
    rows = db.execute(
        f'SELECT number, {ENTRY_COLUMNS} FROM clips WHERE {condition} '
        'ORDER BY number LIMIT ? OFFSET ?',
        [*parameters, limit, offset],
    )
    # All rows first: a statement that a row of no use cuts off keeps its transaction open.
    return [(row[0], _entry(row[1:])) for row in rows.fetchall()]


def entry(db: sqlite3.Connection, number: int) -> Entry:
    row = db.execute(f'SELECT {ENTRY_COLUMNS} FROM clips WHERE number = ?', (number,)).fetchone()
    if row is None:
        raise sqlite3.DatabaseError(f'clip {number} is in one index and not in another')
    return _entry(row)


def clip(db: sqlite3.Connection, number: int) -> Clip:
    row = db.execute(
        'SELECT c.id, c.uri, c.tags, c.source, c.sample_rate, c.words, '
        'k.locations, k.tags, k.embeddings '
        'FROM clips c JOIN chunks k ON k.clip = c.number WHERE c.number = ?',
        (number,),
    ).fetchone()
    if row is None:
        raise sqlite3.DatabaseError(f'clip {number} has no chunks')
    clip_id, uri, tags, source, sample_rate, words, *blobs = row
    locations, chunk_tags, rows = decoded(number, *blobs)
    return Clip(
        id=clip_id,
        uri=uri,
        tags=from_json(tags),
        source=from_json(source),
        sample_rate=sample_rate,
        locations=locations,
        chunk_tags=chunk_tags,
        embeddings=rows,
        words=_words(words),
    )


def chunks(
    db: sqlite3.Connection, number: int, ordinals: Iterable[int]
) -> Iterator[tuple[int, Neighbour]]:
    """Some chunks of a clip by their ordinals, each as one at the distance 0.

    Their locations are read one by one: those of a long recording are a megabyte.
    """
    row = db.execute(
        'SELECT c.id, c.uri, c.tags, c.source IS NOT NULL, c.sample_rate, c.words, k.tags '
        'FROM clips c JOIN chunks k ON k.clip = c.number WHERE c.number = ?',
        (number,),
    ).fetchone()
    if row is None:
        raise sqlite3.DatabaseError(f'clip {number} has no chunks')
    clip_id, uri, tags, has_file, sample_rate, words, chunk_tags = row
    tags, own = from_json(tags), from_json(chunk_tags) or {}
    with db.blobopen('chunks', 'locations', number, readonly=True) as locations:
        for ordinal in ordinals:
            try:
                locations.seek(ordinal * LOCATION.size)
                location = LOCATION.unpack(locations.read(LOCATION.size))
            except (ValueError, struct.error) as error:
                raise sqlite3.DatabaseError(f'clip {number} has no chunk {ordinal}') from error
            yield (
                ordinal,
                Neighbour(
                    clip_id=clip_id,
                    uri=uri,
                    tags=tags,
                    sample_rate=sample_rate,
                    location=location,
                    chunk_tags=own.get(str(ordinal), {}),
                    distance=0.0,
                    has_file=bool(has_file),
                    words=_words(words),
                ),
            )


def decoded(
    name: object, locations: bytes, chunk_tags: str | None, embeddings: bytes
) -> tuple[np.ndarray, dict[int, dict[str, Any]], np.ndarray]:
    """The columns of a clip's chunks as `Clip` has them; `name` is the clip's, for errors."""
    tags = from_json(chunk_tags) or {}
    try:
        table = np.frombuffer(locations, '<i8').reshape(-1, len(LOCATION_COLUMNS))
        rows = np.frombuffer(embeddings, np.int8)
        rows = rows.reshape(len(table), -1) if len(table) else rows.reshape(0, 0)
        return table, {int(row): own for row, own in tags.items()}, rows
    except (ValueError, TypeError) as error:
        raise sqlite3.DatabaseError(f'clip {name} cannot be decoded: {error}') from error


def embeddings(db: sqlite3.Connection) -> Iterable[tuple[int, int, bytes]]:
    """(number, chunk count, embeddings) of all clips, ascending."""
    return db.execute(
        'SELECT c.number, c.chunk_count, k.embeddings '
        'FROM clips c JOIN chunks k ON k.clip = c.number ORDER BY c.number'
    )


def version(db: sqlite3.Connection) -> int:
    return db.execute('SELECT version FROM state').fetchone()[0]


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
    clip_id, uri, tags, source, chunk_count, words = row
    return Entry(clip_id, uri, from_json(tags), from_json(source), chunk_count, _words(words))


def _words(text: str | None) -> Words | None:
    words = from_json(text)
    return None if words is None else tuple((name, p) for name, p in words)


def from_json(text: str | None) -> Any:
    try:
        return None if text is None else json.loads(text)
    except ValueError as error:
        raise sqlite3.DatabaseError(f'a clip has tags that are not JSON: {error}') from error


def _insert_tags(db: sqlite3.Connection, number: int, tags: dict[str, Any]) -> None:
    rows = [(number, *row) for row in tag_rows(tags)]
    db.executemany('INSERT INTO tags (clip, path, kind, value) VALUES (?, ?, ?, ?)', rows)
