"""The parts of recordings that are not stored yet, each as it was acknowledged."""

import sqlite3
import time
from typing import Any

import numpy as np

from audio_search.store.records import Clip, KeptParts, to_json, version_of
from audio_search.store.sqlite.statements import decoded, from_json

KEPT_S = 30 * 24 * 3600  # a recording that nobody went on with for so long is given up


def keep(db: sqlite3.Connection, clip: Clip, number: int, count: int) -> None:
    """Keep a part, and forget those of other versions of the file, and what was given up."""
    now = time.time()
    db.execute('DELETE FROM parts WHERE kept_at < ?', (now - KEPT_S,))
    former = kept(db, clip.id)
    if former and (former.count != count or former.source != version_of(clip.source)):
        forget(db, clip.id)
    db.execute(
        'INSERT OR REPLACE INTO parts (clip_id, part, part_count, kept_at, source, sample_rate, '
        'locations, tags, embeddings) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
        (
            clip.id,
            number,
            count,
            now,
            None if clip.source is None else to_json(clip.source),
            clip.sample_rate,
            np.ascontiguousarray(clip.locations, '<i8').tobytes(),
            to_json(clip.chunk_tags) if clip.chunk_tags else None,
            np.ascontiguousarray(clip.embeddings, np.int8).tobytes(),
        ),
    )


def kept(db: sqlite3.Connection, clip_id: str) -> KeptParts | None:
    rows = db.execute(
        'SELECT part, part_count, source FROM parts WHERE clip_id = ? ORDER BY part', (clip_id,)
    ).fetchall()
    if not rows:
        return None
    return KeptParts(tuple(row[0] for row in rows), rows[0][1], version_of(from_json(rows[0][2])))


def whole(db: sqlite3.Connection, clip: Clip) -> Clip:
    """The recording with the id, uri and tags of `clip`, put together from its parts."""
    rows = db.execute(
        'SELECT source, sample_rate, locations, tags, embeddings FROM parts '
        'WHERE clip_id = ? ORDER BY part',
        (clip.id,),
    ).fetchall()
    parts = [decoded(clip.id, row[2], row[3], row[4]) for row in rows]
    # A part that lies behind the end of the recording has no chunks, and no dimensions.
    parts_with_chunks = [part for part in parts if len(part[0])] or parts[:1]
    chunk_tags: dict[int, dict[str, Any]] = {}
    first = 0
    for locations, tags, _ in parts_with_chunks:
        chunk_tags |= {first + row: own for row, own in tags.items()}
        first += len(locations)
    return Clip(
        id=clip.id,
        uri=clip.uri,
        tags=clip.tags,
        source=from_json(rows[-1][0]),
        sample_rate=rows[0][1],
        locations=np.concatenate([part[0] for part in parts_with_chunks]),
        chunk_tags=chunk_tags,
        embeddings=np.concatenate([part[2] for part in parts_with_chunks]),
    )


def forget(db: sqlite3.Connection, clip_id: str) -> None:
    db.execute('DELETE FROM parts WHERE clip_id = ?', (clip_id,))
