"""Saved searches, in the database. Whatever the database refuses is a sqlite3.Error."""

import sqlite3
from collections.abc import Mapping

from audio_search.store.judgements import SavedSearch
from audio_search.store.records import to_json
from audio_search.store.sqlite.statements import from_json

COLUMNS = 'name, made, query'


def put(db: sqlite3.Connection, search: SavedSearch) -> None:
    """Raise ValueError for a query that is not JSON."""
    db.execute(
        f'INSERT OR REPLACE INTO searches ({COLUMNS}) VALUES (?, ?, ?)',
        (search.name, search.made, to_json(search.query)),
    )


def delete(db: sqlite3.Connection, name: str) -> bool:
    return db.execute('DELETE FROM searches WHERE name = ?', (name,)).rowcount > 0


def call_clips(db: sqlite3.Connection, names: Mapping[str, str]) -> None:
    """Give clips that are examples of searches the ids that they have now, by those they had."""
    for search in every(db):
        examples = [
            example
            for side in ('like', 'unlike')
            for example in search.query.get(side, ())
            if 'id' in example
        ]
        before = [example['id'] for example in examples]
        for example in examples:
            clip_id, hash_, part = example['id'].partition('#t=')
            example['id'] = names.get(clip_id, clip_id) + hash_ + part
        if before != [example['id'] for example in examples]:
            put(db, search)


def every(db: sqlite3.Connection) -> list[SavedSearch]:
    rows = db.execute(f'SELECT {COLUMNS} FROM searches ORDER BY name')
    return [_search(row) for row in rows.fetchall()]


def find(db: sqlite3.Connection, name: str) -> SavedSearch | None:
    row = db.execute(f'SELECT {COLUMNS} FROM searches WHERE name = ?', (name,)).fetchone()
    return _search(row) if row else None


def _search(row: tuple[str, str, str]) -> SavedSearch:
    name, made, query = row
    return SavedSearch(name, made, from_json(query))
