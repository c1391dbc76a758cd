"""Rows of the collection of clips: read in pages, written, deleted."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from audio_search.store import filters
from audio_search.store.configuration import Configuration
from audio_search.store.milvus import rows
from audio_search.store.milvus.connection import Connection
from audio_search.store.milvus.filter_expression import ALWAYS, one_of, render, starts_with
from audio_search.store.records import Clip, Sample
from audio_search.store.vectors.sampling import places_of

ROWS = 16_384  # of one answer, and of offset and limit together
KEYS = 4_000  # looked up at once
VECTOR_ROWS = 4_000  # 8 MB of vectors
IS_HEAD = f'row == {rows.HEAD}'


class Reading:
    """The collection `name`. `consistency` is Session or Strong: what its reads have to see."""

    def __init__(
        self, connection: Connection, name: str, configuration: Configuration, consistency: str
    ) -> None:
        self.name = name
        self.configuration = configuration
        self._connection = connection
        self._consistency = consistency

    def selection(self, filter: Any | None, prefix: str | None) -> str:
        """What selects heads, or rows. Raises FilterError."""
        terms = [] if filter is None else [render(filters.parse(filter))]
        if prefix is not None:
            filters.check_prefix(prefix)
            terms.append(starts_with('uri', prefix))
        return ' and '.join(terms) or ALWAYS

    def heads(self, expression: str, fields: list[str] = rows.HEAD_FIELDS) -> list[dict[str, Any]]:
        """Of up to ROWS clips, in the order they were stored."""
        return self._query(f'({expression}) and {IS_HEAD}', fields, limit=ROWS)

    def all_heads(self, expression: str) -> Iterator[dict[str, Any]]:
        return self._all(f'({expression}) and {IS_HEAD}', rows.HEAD_FIELDS, ROWS)

    def page(self, expression: str, offset: int, limit: int) -> list[dict[str, Any]]:
        """Heads from number `offset` on. Beyond what Milvus can skip, by steps from key to key."""
        chosen = f'({expression}) and {IS_HEAD}'
        after = -1
        while offset + min(limit, 1) > ROWS - 1:
            step = min(offset, ROWS)
            keys = self._query(f'({chosen}) and id > {after}', ['id'], limit=step)
            if len(keys) < step:
                return []
            after, offset = keys[-1]['id'], offset - step
        found: list[dict[str, Any]] = []
        while len(found) < limit:
            step = min(limit - len(found), ROWS - offset)
            got = self._query(
                f'({chosen}) and id > {after}', rows.HEAD_FIELDS, limit=step, offset=offset
            )
            found += got
            if len(got) < step:
                break
            after, offset = got[-1]['id'], 0
        return found

    def count(self, expression: str) -> int:
        (found,) = self._connection.read(
            'query',
            self.name,
            filter=expression,
            output_fields=['count(*)'],
            consistency_level=self._consistency,
        )
        return int(found['count(*)'])

    def fetch(self, keys: Sequence[int], fields: list[str]) -> dict[int, dict[str, Any]]:
        """Rows by their keys; those that are not there are left out."""
        found = {}
        for start in range(0, len(keys), KEYS):
            for row in self._query(one_of('id', list(keys[start : start + KEYS])), fields):
                found[row['id']] = row
        return found

    def clip_at(self, number: int) -> Clip | None:
        """The clip of that number, whole; None where it is not there."""
        first = number << rows.KEY_BITS
        expression = f'id >= {first} and id < {(number + 1) << rows.KEY_BITS}'
        found = list(self._all(expression, ['*'], VECTOR_ROWS))
        if not found or found[0]['row'] != rows.HEAD:
            return None
        return rows.clip_of(found)

    def vectors(self, expression: str) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """All selected rows, in pieces: their keys, and int8 [rows, dimensions]."""
        after = -1
        while True:
            got = self._query(
                f'({expression}) and id > {after}', ['id', 'vector'], limit=VECTOR_ROWS
            )
            if got:
                after = got[-1]['id']
                yield np.array([row['id'] for row in got]), rows.vectors_of(got)
            if len(got) < VECTOR_ROWS:
                return

    def sample(self, count: int) -> Sample:
        """As ClipStore.sample."""
        heads = list(self._all(IS_HEAD, ['id', 'head'], ROWS))
        ends = np.cumsum([head['head']['chunk_count'] for head in heads], dtype=np.int64)
        places = places_of(int(ends[-1]) if heads else 0, count)
        owners = np.searchsorted(ends, places, side='right')
        keys = [
            heads[owner]['id'] + place - (ends[owner] - heads[owner]['head']['chunk_count'])
            for owner, place in zip(owners.tolist(), places.tolist(), strict=True)
        ]
        found = self.fetch([int(key) for key in keys], ['id', 'vector'])
        if not found:
            nothing = np.empty((0, self.configuration.dimensions), np.int8)
            return Sample(nothing, np.empty(0, np.int64))
        vectors = rows.vectors_of(list(found.values()))
        sounds = vectors.any(axis=1)
        numbers = np.array([rows.number_of(key) for key in found], np.int64)
        return Sample(vectors[sounds], numbers[sounds])

    def search(
        self, queries: np.ndarray, limit: int, expression: str
    ) -> list[list[tuple[int, float]]]:
        """(key, distance by the server) of the nearest rows of each query, nearest first."""
        found = self._connection.read(
            'search',
            self.name,
            list(queries.astype(np.float32)),
            anns_field='vector',
            limit=limit,
            filter='' if expression == ALWAYS else expression,
            search_params={'metric_type': 'COSINE', 'params': {'ef': max(128, limit)}},
            consistency_level=self._consistency,
        )
        return [[(int(hit['id']), 1 - float(hit['distance'])) for hit in hits] for hits in found]

    def upsert(self, batch: list[dict[str, Any]]) -> None:
        if batch:
            self._connection.write('upsert', self.name, batch)

    def delete(self, keys: list[int]) -> None:
        """By keys: only of these a session knows when readers see that they are gone."""
        if keys:
            self._connection.write('delete', self.name, ids=keys)

    def delete_all(self) -> None:
        for keys in self._pieces(ALWAYS):
            self.delete(keys)

    def clean(self, coming_before: int) -> None:
        """Delete the rows of clips that were replaced, and of those that were begun before the
        number `coming_before` and never finished: what a process that was killed left."""
        abandoned = f'row == {rows.COMING} and clip < {coming_before}'
        dead = self._query(f'row == {rows.DEAD} or ({abandoned})', ['id', 'head'], limit=ROWS)
        for head in dead:
            self.delete(rows.keys(rows.number_of(head['id']), head['head']['chunk_count']))

    def _pieces(self, expression: str) -> Iterator[list[int]]:
        after = -1
        while True:
            got = self._query(f'({expression}) and id > {after}', ['id'], limit=ROWS)
            if got:
                after = got[-1]['id']
                yield [row['id'] for row in got]
            if len(got) < ROWS:
                return

    def _all(self, expression: str, fields: list[str], size: int) -> Iterator[dict[str, Any]]:
        after = -1
        while True:
            got = self._query(f'({expression}) and id > {after}', fields, limit=size)
            yield from got
            if len(got) < size:
                return
            after = got[-1]['id']

    def _query(
        self, expression: str, fields: list[str], limit: int | None = None, offset: int = 0
    ) -> list[dict[str, Any]]:
        """In the order of their keys."""
        bounds = {} if limit is None else {'limit': limit, 'offset': offset}
        found = self._connection.read(
            'query',
            self.name,
            filter=expression,
            output_fields=fields,
            consistency_level=self._consistency,
            **bounds,
        )
        return sorted(found, key=lambda row: row['id'])
