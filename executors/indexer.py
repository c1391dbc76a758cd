"""Keeps clips with their chunks, and finds the chunks nearest to those of a query."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from docarray import DocList
from docarray.typing import ID
from jina import Executor, requests

from audio_search.audio import sources
from audio_search.documents import (
    CHUNK_TAGS,
    EMBEDDING_SCALE,
    AudioChunk,
    AudioClip,
    Embedding,
    Match,
    Tags,
)
from audio_search.flow.children import end_with_parent
from audio_search.settings import split_roots
from audio_search.store import Clip, ClipRef, Configuration, Entry, Neighbour, StorageError
from audio_search.store.records import UNKNOWN, check_json, to_json
from audio_search.store.sqlite import SqliteStore
from audio_search.store.sqlite.transaction import Transaction
from audio_search.vggish import parameters as vggish
from audio_search.vggish import weights as vggish_weights

# The tags of a chunk that its location has; any other that its clip has not is kept beside them.
TIME_TAGS = ('beg_in_ms', 'end_in_ms')
ABSENT = object()
TRAVERSALS = ('c', ['c'])
DEFAULT_PAGE = 100
MAX_MS = 2**53


Change = Callable[[Transaction, str, AudioClip], object]


class SimpleIndexer(Executor):
    """Keeps clips on one SQLite file at `path`, and their embeddings in memory as well.

    `model_path` and `weights` say which model's vectors these are; `pooling`, `window_size` and
    `stride` (s) how they were made. An index made otherwise is refused. `match_args` are the
    defaults of a search: `limit`, the number of nearest clips, and `distinct: false` for the
    nearest chunks, whichever clip they are of. With `ann: true` searches without a filter are
    approximate and much faster. `roots` and `media` are those of the segmenter: uris in an index of
    an older schema are made relative to them.

    Documents that have an `error` pass untouched, and what cannot be done with one becomes its
    `error`.
    """

    def __init__(
        self,
        path: str = 'workspace/index.sqlite',
        model_path: str = 'models',
        weights: str = 'auto',
        pooling: str = 'concat',
        window_size: float = 4,
        stride: float = 2,
        match_args: dict[str, Any] | None = None,
        roots: str = '.',
        media: str = 'workspace/media',
        traversal_left: str | list[str] | None = None,
        traversal_right: str | list[str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        end_with_parent()
        self.match_args = MatchArgs.parse(match_args or {})
        _check_traversal('traversal_left', traversal_left)
        _check_traversal('traversal_right', traversal_right)
        self.configuration = configuration(model_path, weights, pooling, window_size, stride)
        self.store = SqliteStore(
            Path(path),
            self.configuration,
            ann=self.match_args.ann,
            roots=(*split_roots(roots), Path(media).resolve()),
        )

    def close(self) -> None:
        self.store.close()
        super().close()

    @requests
    def pass_on(self, docs: DocList[AudioClip], **kwargs: Any) -> DocList[AudioClip]:
        return docs

    @requests(on='/index')
    def index(
        self, docs: DocList[AudioClip], parameters: dict[str, Any] | None = None, **kwargs: Any
    ) -> DocList[AudioClip]:
        """Store each clip with its chunks, in the place of any with its id or its uri.

        One that comes with `chunk_count` and no chunks is stored already: it gets its new tags.
        """
        usable: list[tuple[AudioClip, Clip | None]] = []
        for doc in docs:
            if doc.error:
                continue
            try:
                check_json(doc.id, doc.uri, doc.tags, doc.source)
                known = doc.chunk_count is not None and not doc.chunks
                usable.append((doc, None if known else self._clip(doc)))
            except ValueError as error:
                doc.error = str(error)
        try:
            with self.store.transaction() as transaction:
                for doc, clip in usable:
                    if clip is not None:
                        transaction.put(clip)
                    elif not transaction.replace_tags(str(doc.id), doc.tags):
                        doc.error = f'{doc.uri or doc.id} was deleted meanwhile; send it again'
        except StorageError as error:
            for doc, _ in usable:
                doc.error = str(error)
        for doc, clip in usable:
            if clip is not None and not doc.error:
                doc.id = ID(clip.id)
                doc.chunk_count = clip.chunk_count
        if not _includes(parameters, 'embedding'):
            for doc in docs:
                doc.chunks = DocList[AudioChunk]()
        return docs

    @requests(on='/search')
    def search(
        self, docs: DocList[AudioClip], parameters: dict[str, Any] | None = None, **kwargs: Any
    ) -> DocList[AudioClip]:
        """Give each chunk its `matches`: the best chunk of each of the nearest clips, ascending.

        A clip with an id and neither uri nor chunks is searched by its stored chunks. Parameters:
        `limit`, `filter` (audio_search/store/filters.py), `exclude_self`, `distinct`, `include`.
        """
        queries: list[AudioClip] = []
        vectors: list[np.ndarray] = []
        for doc in docs:
            if doc.error:
                continue
            try:
                if doc.id and not doc.uri and not doc.chunks:
                    self._fill_stored(doc)
                elif doc.uri and (entry := self.store.find(None, doc.uri)):
                    doc.id = entry.id
                vectors.append(self._embeddings(doc))
                queries.append(doc)
            except (ValueError, StorageError) as error:
                doc.error = str(error)
        if queries:
            try:
                self._match(queries, vectors, parameters or {})
            except (ValueError, StorageError) as error:
                for doc in queries:
                    doc.error = str(error)
        if not _includes(parameters, 'embedding'):
            for doc in queries:
                for chunk in doc.chunks:
                    chunk.embedding = None
        return docs

    @requests(on='/update')
    def update(self, docs: DocList[AudioClip], **kwargs: Any) -> DocList[AudioClip]:
        """Replace the tags of the clips with these ids or uris."""
        return self._change(
            docs, lambda transaction, id, doc: transaction.replace_tags(id, doc.tags)
        )

    @requests(on='/delete')
    def delete(
        self, docs: DocList[AudioClip], parameters: dict[str, Any] | None = None, **kwargs: Any
    ) -> DocList[AudioClip]:
        """Remove the clips with these ids or uris, and those of `parameters.ids`."""
        ids = (parameters or {}).get('ids') or []
        docs = DocList[AudioClip]([*docs, *(AudioClip(id=id) for id in ids)])
        return self._change(docs, lambda transaction, id, doc: transaction.delete(id))

    @requests(on='/clear')
    def clear(self, docs: DocList[AudioClip], **kwargs: Any) -> DocList[AudioClip]:
        """Remove every clip."""
        try:
            self.store.clear()
        except StorageError as error:
            return DocList[AudioClip]([AudioClip(error=str(error))])
        return docs

    @requests(on='/lookup')
    def lookup(self, docs: DocList[AudioClip], **kwargs: Any) -> DocList[AudioClip]:
        """Fill in what is stored of the clips with these ids or uris; others stay as they are."""
        for doc in docs:
            try:
                check_json(doc.id, doc.uri)
                entry = self.store.find(doc.id, doc.uri)
            except (ValueError, StorageError) as error:
                doc.error = str(error)
                continue
            if entry:
                _fill(doc, entry)
                doc.tags = Tags(entry.tags)
        return docs

    @requests(on='/chunks')
    def chunks(self, docs: DocList[AudioClip], **kwargs: Any) -> DocList[AudioClip]:
        """Fill in the stored chunks, with their embeddings, of the clips with these ids."""
        for doc in docs:
            try:
                self._fill_stored(doc)
            except (ValueError, StorageError) as error:
                doc.error = str(error)
        return docs

    # Jina allows no return annotation but one of documents.
    @requests(on='/clips')
    def clips(  # type: ignore[no-untyped-def]
        self, docs: DocList[AudioClip], parameters: dict[str, Any] | None = None, **kwargs: Any
    ):
        """A page of all clips in the order they were stored: {clips: JSON list, total}.

        Parameters: `offset`, `limit`, and `include: [point]` for the place of each clip in a plane.
        """
        parameters = parameters or {}
        entries, total = self.store.page(
            int(parameters.get('offset') or 0),
            int(parameters.get('limit') or DEFAULT_PAGE),
            points=_includes(parameters, 'point'),
        )
        # As text: Jina's returned objects have float64 for every number.
        return {'clips': to_json([_listed(entry) for entry in entries]), 'total': total}

    @requests(on='/status')
    def status(self, docs: DocList[AudioClip], **kwargs: Any):  # type: ignore[no-untyped-def]
        """What is stored, where, and how it was made."""
        clips, chunks = self.store.counts()
        made = self.configuration
        return {
            'clips': clips,
            'chunks': chunks,
            'model': {'name': made.model_name, 'sha256': made.model_sha256},
            'index': {'path': str(self.store.path), 'bytes': self.store.file_bytes()},
            'pooling': made.pooling,
            'dimensions': made.dimensions,
            'window_s': made.window_s,
            'stride_s': made.stride_s,
        }

    def _match(
        self, queries: list[AudioClip], vectors: list[np.ndarray], parameters: dict[str, Any]
    ) -> None:
        limit, distinct = parameters.get('limit'), parameters.get('distinct')
        excluded = None
        if parameters.get('exclude_self'):
            excluded = [
                ClipRef(doc.id or _sound(doc), doc.uri) for doc in queries for _ in doc.chunks
            ]
        found = iter(
            self.store.search(
                np.concatenate(vectors),
                self.match_args.limit if limit is None else _limit(limit),
                distinct=self.match_args.distinct if distinct is None else bool(distinct),
                filter=parameters.get('filter'),
                excluded=excluded,
            )
        )
        for doc in queries:
            for chunk in doc.chunks:
                chunk.matches = DocList[Match](_match(neighbour) for neighbour in next(found))

    def _change(self, docs: DocList[AudioClip], change: Change) -> DocList[AudioClip]:
        """Do something to each stored clip that a document names."""
        try:
            with self.store.transaction() as transaction:
                for doc in docs:
                    try:
                        check_json(doc.id, doc.uri, doc.tags)
                    except ValueError as error:
                        doc.error = str(error)
                        continue
                    known = transaction.find(doc.id, doc.uri)
                    if known is None:
                        doc.error = _no_clip(doc.id or doc.uri)
                        continue
                    change(transaction, known.id, doc)
                    _fill(doc, known)
        except StorageError as error:
            for doc in docs:
                doc.error = str(error)
        return docs

    def _clip(self, doc: AudioClip) -> Clip:
        """What is kept of a clip. Raises ValueError for one that cannot be."""
        if not doc.id and not doc.uri:
            raise ValueError('A clip needs an id or a uri to be stored under; give it one')
        chunks = doc.chunks
        rates = {chunk.tags.get('sample_rate') for chunk in chunks}
        return Clip(
            id=doc.id or hashlib.sha256(str(doc.uri).encode()).hexdigest()[:32],
            uri=doc.uri,
            tags=dict(doc.tags),
            source=None if doc.source is None else dict(doc.source),
            sample_rate=rates.pop() if len(rates) == 1 else None,
            locations=np.array([_location(chunk) for chunk in chunks], np.int64),
            chunk_tags={
                row: own for row, chunk in enumerate(chunks) if (own := _own_tags(chunk, doc))
            },
            embeddings=self._embeddings(doc),
        )

    def _embeddings(self, doc: AudioClip) -> np.ndarray:
        """int8 [chunks, dimensions]. Raises ValueError where chunks or embeddings are missing."""
        name = doc.uri or doc.id
        vectors = [chunk.embedding for chunk in doc.chunks if chunk.embedding is not None]
        if not vectors or len(vectors) < len(doc.chunks):
            raise ValueError(f'{name} came without embeddings; send it through the whole Flow')
        dimensions = self.configuration.dimensions
        for vector in vectors:
            if np.shape(vector) != (dimensions,):
                raise ValueError(
                    f'{name} has embeddings of shape {np.shape(vector)}, the index those of '
                    f'{dimensions} dimensions; use the same model and pooling'
                )
        values = np.rint(np.stack(vectors) * EMBEDDING_SCALE)
        return np.clip(values, -128, 127).astype(np.int8)

    def _fill_stored(self, doc: AudioClip) -> None:
        """Give a document the chunks that are stored under its id."""
        clip = self.store.clip(str(doc.id))
        if clip is None:
            raise ValueError(_no_clip(doc.id))
        doc.uri = clip.uri
        doc.tags = Tags(clip.tags)
        doc.chunks = DocList[AudioChunk](
            AudioChunk(
                id=_chunk_id(clip.id, location[0]),
                parent_id=ID(clip.id),
                uri=clip.uri,
                offset=location[0],
                location=[] if location[1] == UNKNOWN else list(location[1:3]),
                tags=_chunk_tags(
                    clip.tags, clip.sample_rate, location, clip.chunk_tags.get(row, {})
                ),
                embedding=Embedding.from_int8(clip.embeddings[row]),
            )
            for row, location in enumerate(clip.locations.tolist())
        )


@dataclass(frozen=True)
class MatchArgs:
    """The defaults of a search."""

    limit: int = 5
    distinct: bool = True
    ann: bool = False

    @classmethod
    def parse(cls, args: dict[str, Any]) -> 'MatchArgs':
        """Raise ValueError for an argument that is not known or cannot be used, by its name."""
        args = dict(args)
        for name in ('traversal_rdarray', 'traversal_ldarray'):
            _check_traversal(f'match_args {name}', args.pop(name, None))
        known = [field.name for field in fields(cls)]
        for name, value in args.items():
            if name not in known:
                raise ValueError(f'match_args has no {name}; it takes {", ".join(known)}')
            if name != 'limit' and not isinstance(value, bool):
                raise ValueError(f'match_args {name} is {value!r}; set it to true or false')
        return cls(**args | {'limit': _limit(args.get('limit', cls.limit))})


def configuration(
    model_path: str, weights: str, pooling: str, window_size: float, stride: float
) -> Configuration:
    """How the vectors of an indexer with these arguments are made.

    Raises ValueError (of vggish.weights where the weights cannot be used).
    """
    found = vggish_weights.find(Path(model_path), weights)
    samples = round(window_size * vggish.SAMPLE_RATE_HZ)
    frames = 1 + (samples - vggish.FRAME_LENGTH) // vggish.HOP_LENGTH
    examples = frames // vggish.EXAMPLE_FRAMES
    if examples < 1:
        raise ValueError(
            f'window_size is {window_size:g} s; VGGish needs windows of 0.975 s or more'
        )
    return Configuration(
        model_name=found.name,
        model_sha256=found.sha256,
        pooling=pooling,
        dimensions=vggish.EMBEDDING_SIZE * (examples if pooling == 'concat' else 1),
        window_s=float(window_size),
        stride_s=float(stride),
    )


def _match(neighbour: Neighbour) -> Match:
    return Match(
        id=_chunk_id(neighbour.clip_id, neighbour.location[0]),
        parent_id=ID(neighbour.clip_id),
        uri=neighbour.uri,
        tags=_chunk_tags(
            neighbour.tags, neighbour.sample_rate, neighbour.location, neighbour.chunk_tags
        ),
        scores={'cosine': neighbour.distance},
        clip_tags=Tags((key, neighbour.tags[key]) for key in CHUNK_TAGS if key in neighbour.tags),
    )


def _chunk_id(clip_id: str, offset: int) -> ID:
    return ID(f'{clip_id}.{offset}')


def _chunk_tags(
    clip_tags: dict[str, Any],
    sample_rate: int | None,
    location: Iterable[int],
    own: dict[str, Any],
) -> Tags:
    times = [None if time == UNKNOWN else time for time in list(location)[3:]]
    return Tags(
        clip_tags | {'sample_rate': sample_rate} | dict(zip(TIME_TAGS, times, strict=True)) | own
    )


def _location(chunk: AudioChunk) -> list[int]:
    begin, end = chunk.location if len(chunk.location) == 2 else (UNKNOWN, UNKNOWN)
    return [chunk.offset, begin, end, *(_ms(chunk, name) for name in TIME_TAGS)]


def _ms(chunk: AudioChunk, name: str) -> int:
    value = chunk.tags.get(name)
    if value is None:
        return UNKNOWN
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= MAX_MS:
        raise ValueError(
            f'{name} of chunk {chunk.offset} is {sources.shorten(repr(value))}; '
            'give a number of milliseconds'
        )
    return round(value)


def _own_tags(chunk: AudioChunk, clip: AudioClip) -> dict[str, Any]:
    """The tags of a chunk that neither its clip nor its location has."""
    return {
        key: value
        for key, value in chunk.tags.items()
        if key not in (*TIME_TAGS, 'sample_rate') and clip.tags.get(key, ABSENT) != value
    }


def _sound(doc: AudioClip) -> str | None:
    return (doc.source or {}).get('sound')


def _fill(doc: AudioClip, entry: Entry) -> None:
    doc.id = ID(entry.id)
    doc.uri = entry.uri
    doc.chunk_count = entry.chunk_count
    doc.source = None if entry.source is None else Tags(entry.source)


def _listed(entry: Entry) -> dict[str, Any]:
    listed = {
        'id': entry.id,
        'uri': entry.uri,
        'tags': entry.tags,
        'chunk_count': entry.chunk_count,
    }
    return listed if entry.point is None else listed | {'point': list(entry.point)}


def _no_clip(name: str | None) -> str:
    return f'there is no clip {name!r}; see /clips for those there are'


def _limit(value: Any) -> int:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or value < 1 or value % 1:
        raise ValueError(f'limit is {value!r}; set it to a whole number from 1 on')
    return int(value)


def _check_traversal(name: str, value: Any) -> None:
    if value is not None and value not in TRAVERSALS:
        raise ValueError(f"{name} is {value!r}; only 'c', the chunks, can be matched")


def _includes(parameters: dict[str, Any] | None, name: str) -> bool:
    return name in ((parameters or {}).get('include') or ())
