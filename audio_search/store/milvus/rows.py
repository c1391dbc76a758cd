"""Clips as rows of a Milvus collection, and rows as clips.

A clip has a row for each chunk, with the key number << KEY_BITS | row. Numbers grow with time, so
keys are in the order of storing, which is the order that Milvus answers in. The row 0 is the clip's
head: it alone has id, uri and sound, and what is known of the clip as a whole. Every row has the
values that filters look at, so that a search needs no join.

A clip is there when its head is. A head that is DEAD is that of a clip that was replaced and whose
rows are not deleted yet; a COMING one that of a clip whose rows are not all there yet.
"""

import json
import time
from typing import Any

import numpy as np
from pymilvus import DataType, MilvusClient

from audio_search.errors import Kind
from audio_search.store.configuration import Configuration
from audio_search.store.errors import StorageError
from audio_search.store.milvus.filter_expression import SET, TAGS, tag_values
from audio_search.store.records import Clip, Entry, Neighbour, to_json
from audio_search.store.vectors.nearest import exact_cosines

KEY_BITS = 16
MAX_CHUNKS = 1 << KEY_BITS
WRITER_BITS = 11  # of a number: which process gave it, so that no two give the same one
WRITERS = 1 << WRITER_BITS
TICK_S = 0.01
EPOCH_S = 1_767_225_600  # 2026; 35 bits of ticks last until 2036
HEAD = 0  # as `row` of a head
DEAD = -1
COMING = -2
MAX_TEXT_BYTES = 65_000  # of an id or a uri; Milvus has 65,535
MAX_JSON_BYTES = 65_000  # Milvus has 65,536
HEAD_FIELDS = ['id', 'clip_id', 'uri', 'head']
VALUES = len(SET)
LOOK_UP = 4_000  # names at once


def schema(client: MilvusClient, made: Configuration, description: str) -> Any:
    found = client.create_schema(auto_id=False, description=description)
    found.add_field('id', DataType.INT64, is_primary=True)
    found.add_field('clip', DataType.INT64)
    found.add_field('row', DataType.INT64)
    for name in ('clip_id', 'uri', 'sound'):
        found.add_field(name, DataType.VARCHAR, max_length=65_535)
    found.add_field(TAGS, DataType.JSON)
    found.add_field('head', DataType.JSON)
    found.add_field('chunk', DataType.JSON)
    found.add_field('vector', DataType.FLOAT_VECTOR, dim=made.dimensions)
    return found


class Numbers:
    """Gives clips their numbers, each greater than all that this process gave before."""

    def __init__(self, writer: int) -> None:
        self._writer = writer
        self._tick = 0

    def next(self) -> int:
        self._tick = max(self._tick + 1, tick_now())
        return self._tick << WRITER_BITS | self._writer


def tick_now() -> int:
    return int((time.time() - EPOCH_S) / TICK_S)


def keys(number: int, chunk_count: int) -> list[int]:
    return [number << KEY_BITS | row for row in range(chunk_count)]


def number_of(key: int) -> int:
    return key >> KEY_BITS


def rows_of(number: int, clip: Clip) -> list[dict[str, Any]]:
    """Raise StorageError for a clip that Milvus could not keep."""
    check(clip)
    values = tag_values(clip)
    head = {
        'tags': to_json(clip.tags),  # as text, so that they come back as they are
        'source': None if clip.source is None else to_json(clip.source),
        'sample_rate': clip.sample_rate,
        'chunk_count': clip.chunk_count,
        'words': None if clip.words is None else [list(word) for word in clip.words],
    }
    sound = (clip.source or {}).get('sound')
    vectors = clip.embeddings.astype(np.float32)
    return [
        {
            'id': number << KEY_BITS | row,
            'clip': number,
            'row': row,
            'clip_id': SET + clip.id if row == HEAD else '',
            'uri': SET + clip.uri if row == HEAD and clip.uri is not None else '',
            'sound': SET + sound if row == HEAD and sound and sound != clip.id else '',
            TAGS: values,
            'head': head if row == HEAD else {},
            'chunk': {'at': clip.locations[row].tolist(), 'own': to_json(own) if own else ''},
            'vector': vectors[row],
        }
        for row in range(clip.chunk_count)
        for own in [clip.chunk_tags.get(row)]
    ]


def check(clip: Clip) -> None:
    for name, text in (('id', clip.id), ('uri', clip.uri or '')):
        if len(text.encode(errors='surrogatepass')) > MAX_TEXT_BYTES:
            raise _too_large(clip, f'its {name} is longer than {MAX_TEXT_BYTES:,} bytes')
    if clip.chunk_count > MAX_CHUNKS:
        raise _too_large(clip, f'it has more than {MAX_CHUNKS:,} windows')
    tags = [tag_values(clip), to_json(clip.tags), clip.source]
    tags += list(clip.chunk_tags.values())
    for value in tags:
        if (
            len(json.dumps(value, ensure_ascii=False).encode(errors='surrogatepass'))
            > MAX_JSON_BYTES
        ):
            raise _too_large(clip, f'its tags take more than {MAX_JSON_BYTES:,} bytes')


def _too_large(clip: Clip, why: str) -> StorageError:
    error = StorageError(f'Milvus cannot keep {clip.id[:80]}: {why}; make it smaller')
    error.kind = Kind.UNUSABLE
    return error


def entry_of(head: dict[str, Any]) -> Entry:
    """From HEAD_FIELDS of a head."""
    own = head['head']
    return Entry(
        id=head['clip_id'][VALUES:],
        uri=head['uri'][VALUES:] if head['uri'] else None,
        tags=json.loads(own['tags']),
        source=own['source'] and json.loads(own['source']),
        chunk_count=own['chunk_count'],
        words=words_of(own),
    )


def words_of(own: dict[str, Any]) -> tuple[tuple[str, float], ...] | None:
    words = own['words']
    return None if words is None else tuple((name, float(p)) for name, p in words)


def clip_of(rows: list[dict[str, Any]]) -> Clip:
    """From all rows of a clip, its head first."""
    head, own = rows[0], rows[0]['head']
    entry = entry_of(head)
    return Clip(
        id=entry.id,
        uri=entry.uri,
        tags=entry.tags,
        source=entry.source,
        sample_rate=own['sample_rate'],
        locations=np.array([row['chunk']['at'] for row in rows], np.int64),
        embeddings=vectors_of(rows),
        chunk_tags={
            number: json.loads(row['chunk']['own'])
            for number, row in enumerate(rows)
            if row['chunk']['own']
        },
        words=entry.words,
    )


def vectors_of(rows: list[dict[str, Any]]) -> np.ndarray:
    """int8 [rows, dimensions]: Milvus keeps them as floats, which have these integers exactly."""
    return np.rint(np.array([row['vector'] for row in rows], np.float32)).astype(np.int8)


def neighbour_of(head: dict[str, Any], chunk: dict[str, Any], distance: float) -> Neighbour:
    entry = entry_of(head)
    return Neighbour(
        clip_id=entry.id,
        uri=entry.uri,
        tags=entry.tags,
        sample_rate=head['head']['sample_rate'],
        location=tuple(chunk['at']),
        chunk_tags=json.loads(chunk['own']) if chunk['own'] else {},
        distance=distance,
        has_file=entry.source is not None,
        words=entry.words,
    )


def distances(query: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """float64 [n]: 1 - cos of int8 [dimensions] and int8 [n, dimensions], as `vectors` has it."""
    wide = vectors.astype(np.int64)
    products = wide @ query.astype(np.int64)
    squares = np.einsum('ij,ij->i', wide, wide)
    own = int(query.astype(np.int64) @ query.astype(np.int64))
    return 1 - exact_cosines(products, squares, own)
