"""Clips on a Milvus server or cluster."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import grpc
import numpy as np
from pymilvus import MilvusClient, MilvusException

from audio_search.store.configuration import Configuration
from audio_search.store.errors import IndexFileError
from audio_search.store.interface import ClipStore
from audio_search.store.judgements import EVERY_JUDGEMENT, Chosen, Judgement, SavedSearch
from audio_search.store.milvus import rows, state
from audio_search.store.milvus.beside import Beside
from audio_search.store.milvus.connection import Connection, Server
from audio_search.store.milvus.filter_expression import SET, one_of
from audio_search.store.milvus.reading import IS_HEAD, Reading
from audio_search.store.milvus.search import Found, nearest
from audio_search.store.milvus.transaction import Transaction
from audio_search.store.records import Clip, ClipRef, Entry, KeptParts, Neighbour, Sample
from audio_search.store.vectors.around import search_around
from audio_search.store.vectors.blocks import Block, changed
from audio_search.store.vectors.nearest import Nearest
from audio_search.store.vectors.parts import search_parts

FORMAT = 1
INDEXES = {
    'FLAT': {},
    'HNSW': {'M': 16, 'efConstruction': 200},
}
CONSISTENCIES = ('session', 'strong')
ABANDONED_S = 3600


class MilvusStore(ClipStore):
    """The clips of the collection `name`, as ClipStore says, with what Milvus cannot do said in
    docs/milvus.md: a transaction is all or nothing clip by clip, and readers see whole clips."""

    def __init__(
        self,
        server: Server,
        configuration: Configuration,
        *,
        name: str = 'clips',
        consistency: str = 'session',
        index: str = 'FLAT',
    ) -> None:
        """Open the collection, or make it. With `session` a reader sees everything that this
        process stored, with `strong` what any process did. `index` is that of a new collection.

        Raises IndexFileError where there is no server, or the collection is another one's.
        """
        if consistency not in CONSISTENCIES or index not in INDEXES:
            raise IndexFileError(
                f'consistency is {consistency!r} and index {index!r}; set consistency to '
                f'{" or ".join(CONSISTENCIES)}, and index to {" or ".join(INDEXES)}'
            )
        self.configuration = configuration
        self.address = f'{server.uri}/{server.database or "default"}/{name}'
        self._connection = Connection(server)
        self._write_lock = threading.Lock()
        try:
            self._open(name, index)
            self._reading = Reading(self._connection, name, configuration, consistency.title())
            self._state = state.State(self._connection, f'{name}_state')
            self._beside = Beside(self._state)
            self._numbers = rows.Numbers(self._state.claim_writer())
            abandoned = rows.tick_now() - round(ABANDONED_S / rows.TICK_S)
            self._reading.clean(abandoned << rows.WRITER_BITS)
            self._state.forget_old()
            strong = Reading(self._connection, name, configuration, 'Strong')
            self._beside.forget_gone(strong)
        except BaseException:
            self._connection.close()
            raise

    def _open(self, name: str, index: str) -> None:
        client = self._connection.client
        wanted = {'format': FORMAT, 'configuration': self.configuration.as_dict()}
        try:
            if not client.has_collection(name):
                self._create(
                    name, rows.schema(client, self.configuration, json.dumps(wanted)), index
                )
            if not client.has_collection(f'{name}_state'):
                self._create(f'{name}_state', state.schema(client), 'FLAT')
            found = client.describe_collection(name)['description']
            for each in (name, f'{name}_state'):
                client.load_collection(each)
        except (MilvusException, grpc.RpcError) as error:
            raise IndexFileError(
                f'The collection {name} at {self.address} cannot be opened '
                f'({" ".join(str(error).split())[:300]}): look at the server, and start again'
            ) from error
        self._check(found)

    def _create(self, name: str, schema: Any, index: str) -> None:
        """Several processes may do so at once: the same one twice is no error in Milvus."""
        client = self._connection.client
        indexes = client.prepare_index_params()
        indexes.add_index('vector', index_type=index, metric_type='COSINE', params=INDEXES[index])
        client.create_collection(
            name,
            schema=schema,
            index_params=indexes,
            consistency_level='Session',
            num_shards=1,
        )

    def _check(self, description: str) -> None:
        made = _recorded(self.address, description)
        if difference := self.configuration.difference(made):
            raise IndexFileError(f'The index {self.address} {difference}')

    @property
    def client(self) -> MilvusClient:
        """For what the contract does not have, such as waiting for an index to be built."""
        return self._connection.client

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        with self._write_lock:
            transaction = Transaction(self._reading, self._state, self._beside, self._numbers)
            yield transaction
            transaction.apply()

    def clear(self) -> None:
        with self.transaction() as transaction:
            transaction.clear()

    def search(
        self,
        queries: np.ndarray,
        limit: int,
        *,
        distinct: bool = True,
        filter: Any | None = None,
        excluded: Sequence[ClipRef] | None = None,
        by_example: bool = False,
    ) -> list[list[Neighbour]]:
        expression = self._reading.selection(filter, None)
        if not len(queries):
            return []
        out = self._numbers_of(excluded) if excluded is not None else [None] * len(queries)
        if by_example and self.configuration.examples_per_chunk > 1:
            found = self._nearest_examples(queries, limit, distinct, expression, out)
        else:
            found = nearest(
                queries,
                limit,
                distinct=distinct,
                expression=expression,
                excluded=out,
                search=self._reading.search,
                fetch=self._reading.fetch,
            )
        return [
            [rows.neighbour_of(one.head, one.chunk, one.distance) for one in each] for each in found
        ]

    def search_around(
        self, query: np.ndarray, distance: float, limit: int, *, filter: Any | None = None
    ) -> list[Neighbour]:
        expression = self._reading.selection(filter, None)

        def find(blocks: Sequence[Block], places: dict[int, int]) -> list[Nearest]:
            return [search_around(blocks, query, distance, limit)]

        (found,) = self._read_all(expression, find)
        return [rows.neighbour_of(one.head, one.chunk, one.distance) for one in found]

    def _nearest_examples(
        self,
        queries: np.ndarray,
        limit: int,
        distinct: bool,
        expression: str,
        excluded: Sequence[int | None],
    ) -> list[list[Found]]:
        def find(blocks: Sequence[Block], places: dict[int, int]) -> list[Nearest]:
            return search_parts(
                blocks,
                queries,
                limit,
                self.configuration.examples_per_chunk,
                distinct=distinct,
                excluded=[None if one is None else places.get(one) for one in excluded],
            )

        return self._read_all(expression, find)

    def _read_all(
        self, expression: str, find: Callable[[Sequence[Block], dict[int, int]], list[Nearest]]
    ) -> list[list[Found]]:
        """What `find` finds among the selected rows, which are all read, since Milvus compares
        whole vectors alone, and only for the nearest. It gets the place of each clip by its
        number, which its rows are called by."""
        heads = {rows.number_of(head['id']): head for head in self._reading.all_heads(expression)}
        order = sorted(heads)
        places = {number: place for place, number in enumerate(order)}
        found = find(self._blocks(expression, places), places)
        keys = {
            (order[place] << rows.KEY_BITS) + row
            for one in found
            for place, row in zip(one.clips.tolist(), one.ordinals.tolist(), strict=True)
        }
        chunks = self._reading.fetch(sorted(keys), ['id', 'chunk'])
        return [
            [
                Found(key, distance, chunks[key]['chunk'], heads[order[place]])
                for place, row, distance in zip(
                    one.clips.tolist(), one.ordinals.tolist(), one.distances.tolist(), strict=True
                )
                if (key := (order[place] << rows.KEY_BITS) + row) in chunks
            ]
            for one in found
        ]

    def _blocks(self, expression: str, places: dict[int, int]) -> tuple[Block, ...]:
        """The rows of these clips in memory, their clips by their places."""
        clips: dict[int, list[np.ndarray]] = {}
        for keys, vectors in self._reading.vectors(expression):
            numbers = keys >> rows.KEY_BITS
            for number in np.unique(numbers).tolist():
                if number in places:
                    clips.setdefault(places[number], []).append(vectors[numbers == number])
        added = [(place, np.concatenate(clips[place])) for place in sorted(clips)]
        return changed((), [], added)

    def _numbers_of(self, names: Sequence[ClipRef]) -> list[int | None]:
        distinct = list(dict.fromkeys(names))
        heads = self._heads_of(distinct)
        found = dict(zip(distinct, heads, strict=True))
        return [
            None if (head := found[name]) is None else rows.number_of(head['id']) for name in names
        ]

    def _heads_of(self, names: Sequence[ClipRef]) -> list[dict[str, Any] | None]:
        """The head that `find` finds for each name."""
        ids = [SET + name.id for name in names if name.id is not None]
        uris = [SET + name.uri for name in names if name.uri is not None]
        by: dict[str, dict[str, dict[str, Any]]] = {'clip_id': {}, 'uri': {}, 'sound': {}}
        for field, values in (('clip_id', ids), ('uri', uris), ('sound', ids)):
            values = list(dict.fromkeys(values))
            for start in range(0, len(values), rows.LOOK_UP):
                some = values[start : start + rows.LOOK_UP]
                fields = [*rows.HEAD_FIELDS, 'sound']
                for head in self._reading.heads(one_of(field, some), fields):
                    by[field].setdefault(head[field], head)
        return [
            (by['clip_id'].get(SET + name.id) if name.id is not None else None)
            or (by['uri'].get(SET + name.uri) if name.uri is not None else None)
            or (by['sound'].get(SET + name.id) if name.id is not None else None)
            for name in names
        ]

    def sample(self, count: int) -> Sample:
        """Reads the keys of all clips, of which Milvus draws none by itself."""
        return self._reading.sample(count)

    def find(self, clip_id: str | None = None, uri: str | None = None) -> Entry | None:
        return self.find_many([ClipRef(clip_id, uri)])[0]

    def find_many(self, names: Sequence[ClipRef]) -> list[Entry | None]:
        return [None if head is None else rows.entry_of(head) for head in self._heads_of(names)]

    def kept_parts(self, clip_id: str) -> KeptParts | None:
        return self._state.kept(clip_id)

    def clip(self, clip_id: str) -> Clip | None:
        heads = self._reading.heads(one_of('clip_id', [SET + clip_id]))
        return self._reading.clip_at(rows.number_of(heads[-1]['id'])) if heads else None

    def page(
        self,
        offset: int,
        limit: int,
        *,
        filter: Any | None = None,
        prefix: str | None = None,
    ) -> tuple[list[Entry], int]:
        expression = self._reading.selection(filter, prefix)
        heads = self._reading.page(expression, offset, limit)
        total = self._reading.count(f'({expression}) and {IS_HEAD}')
        return [rows.entry_of(head) for head in heads], total

    def judgements(
        self, offset: int, limit: int, chosen: Chosen = EVERY_JUDGEMENT
    ) -> tuple[list[Judgement], int]:
        return self._beside.page(offset, limit, chosen)

    def searches(self) -> list[SavedSearch]:
        return self._beside.searches()

    def saved_search(self, name: str) -> SavedSearch | None:
        return self._beside.search(name)

    def counts(self) -> tuple[int, int]:
        return self._reading.count(IS_HEAD), self._reading.count('id >= 0')

    def stored_bytes(self) -> int:
        """What the vectors take; Milvus does not say what its files do."""
        return self.counts()[1] * 4 * self.configuration.dimensions


def recorded_configuration(server: Server, name: str) -> Configuration:
    """How the vectors of the collection `name` were made. Raises IndexFileError."""
    connection = Connection(server)
    address = f'{server.uri}/{server.database or "default"}/{name}'
    try:
        if not connection.client.has_collection(name):
            raise IndexFileError(f'There is no index {address}; index something first')
        return _recorded(address, connection.client.describe_collection(name)['description'])
    except (MilvusException, grpc.RpcError) as error:
        raise IndexFileError(
            f'The collection {address} cannot be read ({" ".join(str(error).split())[:300]}): look '
            'at the server, and try again'
        ) from error
    finally:
        connection.close()


def _recorded(address: str, description: str) -> Configuration:
    try:
        recorded = json.loads(description)
        made = Configuration(**recorded['configuration'])
        version = recorded['format']
    except (ValueError, KeyError, TypeError):
        raise IndexFileError(
            f'{address} is a collection of another program: set MILVUS_COLLECTION to another name'
        ) from None
    if version != FORMAT:
        raise IndexFileError(
            f'{address} has the format {version}, and this program reads {FORMAT}: use the program '
            'that made it, or set MILVUS_COLLECTION to another name'
        )
    return made
