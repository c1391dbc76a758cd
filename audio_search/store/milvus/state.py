"""What is kept beside the clips, in a collection of its own: parts of recordings that are not whole
yet, which process gives which numbers, and what `beside` keeps there."""

import base64
import io
import json
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pymilvus import DataType, MilvusClient

from audio_search.store.errors import IndexFileError
from audio_search.store.milvus.connection import Connection
from audio_search.store.milvus.filter_expression import literal, one_of
from audio_search.store.milvus.rows import LOOK_UP, WRITERS
from audio_search.store.records import LOCATION_COLUMNS, Clip, KeptParts, version_of

PIECE = 60_000  # characters; Milvus has 65,535 in a field
KEEP_S = 30 * 24 * 3600  # parts that nobody goes on with
LEASE_S = 24 * 3600  # a writer renews its number long before that
ROWS = 16_384  # of one answer
FIELDS = ['id', 'owner', 'at', 'meta', 'piece']
IS_PART = 'id like "part/%"'
NOWHERE = [0.0, 0.0]  # Milvus 2.3 wants a vector in every collection


def schema(client: MilvusClient) -> Any:
    found = client.create_schema(auto_id=False)
    found.add_field('id', DataType.VARCHAR, max_length=65_535, is_primary=True)
    found.add_field('owner', DataType.VARCHAR, max_length=65_535)  # clip id, or token of a writer
    found.add_field('at', DataType.INT64)
    found.add_field('meta', DataType.JSON)
    found.add_field('piece', DataType.VARCHAR, max_length=65_535)
    found.add_field('vector', DataType.FLOAT_VECTOR, dim=2)
    return found


@dataclass(frozen=True)
class Parts:
    """Of a recording, parts of one version of its file, by their numbers, and how many there will
    be. `new` are the numbers of those that are not kept on the server yet."""

    clip_id: str
    parts: dict[int, Clip]
    count: int
    new: frozenset[int] = frozenset()

    def with_part(self, clip: Clip, number: int, count: int) -> 'Parts':
        """With one more; those of another version of the file, or another division, are dropped."""
        known = {
            place: part
            for place, part in self.parts.items()
            if self.count == count and version_of(part.source) == version_of(clip.source)
        }
        return Parts(clip.id, known | {number: clip}, count, (self.new & set(known)) | {number})

    def whole(self, clip: Clip) -> Clip:
        """The recording with the id, uri and tags of `clip`, put together from its parts."""
        parts = [part for _, part in sorted(self.parts.items())]
        # A part that lies behind the end of the recording has no chunks.
        full = [part for part in parts if part.chunk_count] or parts[:1]
        starts = np.cumsum([0, *(part.chunk_count for part in full)])
        return Clip(
            id=clip.id,
            uri=clip.uri,
            tags=clip.tags,
            source=parts[-1].source,
            sample_rate=parts[0].sample_rate,
            locations=np.concatenate([part.locations for part in full]),
            embeddings=np.concatenate([part.embeddings for part in full]),
            chunk_tags={
                int(start) + row: own
                for start, part in zip(starts, full, strict=False)
                for row, own in part.chunk_tags.items()
            },
        )


class State:
    """The collection `name` of a server."""

    def __init__(self, connection: Connection, name: str) -> None:
        self._connection = connection
        self._name = name
        self._token = secrets.token_hex(8)

    def claim_writer(self) -> int:
        """A number from 0 on that no other process has, so that theirs are all different."""
        for writer in (secrets.randbelow(WRITERS) for _ in range(50)):
            key = f'writer/{writer}'
            held = self.rows(f'id == {literal(key)}')
            if held and held[0]['at'] > time.time() - LEASE_S:
                continue
            self.put([row_of(key, self._token, {}, '')])
            (mine, *_) = self.rows(f'id == {literal(key)}')
            if mine['owner'] == self._token:
                return writer
        raise IndexFileError(
            f'Too many processes write to {self._name}: {WRITERS} within a day; stop some'
        )

    def parts(self, clip_id: str) -> 'Parts':
        """What is kept of a recording."""
        found: dict[int, list[dict[str, Any]]] = {}
        for row in self.rows(_of(clip_id)):
            found.setdefault(row['meta']['number'], []).append(row)
        parts, count = {}, 0
        for number, pieces in found.items():
            meta = pieces[0]['meta']
            if len(pieces) == meta['pieces']:
                pieces.sort(key=lambda row: int(row['id'].rpartition('/')[2]))
                parts[number] = _unpacked(clip_id, meta, ''.join(row['piece'] for row in pieces))
                count = meta['count']
        return Parts(clip_id, parts, count)

    def keep(self, kept: 'Parts') -> None:
        """Keep these parts of a recording, and no others."""
        before = {row['id'] for row in self.rows(_of(kept.clip_id), ['id'])}
        now = set()
        for number, part in kept.parts.items():
            text = _packed(part)
            pieces = [text[start : start + PIECE] for start in range(0, len(text), PIECE)]
            meta = {
                'number': number,
                'count': kept.count,
                'pieces': len(pieces),
                'source': json.dumps(part.source),
                'sample_rate': part.sample_rate,
            }
            new = [
                row_of(f'part/{kept.clip_id}/{number}/{place}', kept.clip_id, meta, piece)
                for place, piece in enumerate(pieces)
            ]
            now |= {row['id'] for row in new}
            if number in kept.new:
                self.put(new)
        self.delete(sorted(before - now))

    def kept(self, clip_id: str) -> KeptParts | None:
        found = self.parts(clip_id)
        if not found.parts:
            return None
        source = next(iter(found.parts.values())).source
        return KeptParts(tuple(sorted(found.parts)), found.count, version_of(source))

    def forget(self, clip_ids: Sequence[str]) -> None:
        """The parts of these clips."""
        for start in range(0, len(clip_ids), LOOK_UP):
            some = one_of('owner', list(clip_ids[start : start + LOOK_UP]))
            self.delete([row['id'] for row in self.rows(f'{some} and {IS_PART}', ['id'])])

    def forget_old(self) -> None:
        old = self.rows(f'{IS_PART} and at < {int(time.time() - KEEP_S)}', ['id'])
        self.delete([row['id'] for row in old])

    def forget_all(self) -> None:
        self.delete([row['id'] for row in self.rows(IS_PART, ['id'])])

    def rows(self, expression: str, fields: list[str] = FIELDS) -> list[dict[str, Any]]:
        """All that fit, in the order of their keys, as any process stored them."""
        found: list[dict[str, Any]] = []
        after = ''
        while True:
            got = self._connection.read(
                'query',
                self._name,
                filter=f'({expression}) and id > {literal(after)}',
                output_fields=fields,
                limit=ROWS,
                consistency_level='Strong',
            )
            found += sorted(got, key=lambda row: row['id'])
            if len(got) < ROWS:
                return found
            after = found[-1]['id']

    def put(self, rows: list[dict[str, Any]]) -> None:
        if rows:
            self._connection.write('upsert', self._name, rows)

    def delete(self, keys: list[str]) -> None:
        """By an expression: pymilvus writes a list of texts as Python does, without escapes."""
        for start in range(0, len(keys), LOOK_UP):
            some = one_of('id', keys[start : start + LOOK_UP])
            self._connection.write('delete', self._name, filter=some)


def row_of(key: str, owner: str, meta: dict[str, Any], piece: str) -> dict[str, Any]:
    return {
        'id': key,
        'owner': owner,
        'at': int(time.time()),
        'meta': meta,
        'piece': piece,
        'vector': NOWHERE,
    }


def _of(clip_id: str) -> str:
    return f'{one_of("owner", [clip_id])} and {IS_PART}'


def _packed(part: Clip) -> str:
    file = io.BytesIO()
    np.savez_compressed(
        file,
        locations=part.locations,
        embeddings=part.embeddings,
        tags=json.dumps({str(row): own for row, own in part.chunk_tags.items()}),
    )
    return base64.b64encode(file.getvalue()).decode()


def _unpacked(clip_id: str, meta: dict[str, Any], text: str) -> Clip:
    with np.load(io.BytesIO(base64.b64decode(text)), allow_pickle=False) as arrays:
        tags = json.loads(str(arrays['tags']))
        return Clip(
            id=clip_id,
            uri=None,
            tags={},
            source=json.loads(meta['source']),
            sample_rate=meta['sample_rate'],
            locations=arrays['locations'].reshape(-1, len(LOCATION_COLUMNS)),
            embeddings=arrays['embeddings'],
            chunk_tags={int(row): own for row, own in tags.items()},
        )
