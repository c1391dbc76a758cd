"""What every indexer does with documents, whichever store it keeps them in."""

import json
from dataclasses import asdict
from typing import Any

from docarray import DocList
from docarray.typing import ID
from jina import requests

from audio_search import fitting
from audio_search.documents import SILENT, AudioChunk, AudioClip, Tags, fail
from audio_search.flow.configuration import configuration
from audio_search.service.admission import LIGHT_AT_ONCE
from audio_search.store import Clip, Entry, FilterError, StorageError
from audio_search.store.interface import ClipStore
from audio_search.store.records import check_json, to_json
from audio_search.vggish import FrontEnd
from executors.base import FlowExecutor, background, serve_at_once
from executors.clip_changes import (
    MissingClip,
    change,
    delete_selected,
    keep_known,
    put,
    remove,
    retag,
)
from executors.clip_events import fill_events
from executors.clip_examples import fit_query
from executors.clip_hubness import Hubness
from executors.clip_judgements import answer_beside
from executors.clip_map import map_page, map_vectors
from executors.clip_parts import stored_part
from executors.clip_records import (
    EVERY,
    embeddings_of,
    fill_chunks,
    fill_entry,
    known,
    listed,
    part_of,
    record_of,
    status_of,
)
from executors.clip_samples import Samples
from executors.clip_search import Query, match
from executors.clip_stretches import fill_stretches
from executors.clip_words import ClipWords
from executors.match_args import MatchArgs, check_traversal

DEFAULT_PAGE = 100


class ClipIndexer(FlowExecutor):
    """Keeps clips with their chunks in `store`, and finds the chunks nearest to those of a query.

    `model_path` and `weights` say which model's vectors these are; `pooling`, `window_size` and
    `stride` (s), `padding`, `lift_to_dbfs` and `silence` how they were made. An index made
    otherwise is refused. `match_args` are the defaults of a search, see MatchArgs.

    Documents that have an `error` pass untouched. What cannot be done with a document becomes its
    `error`, with its `error_kind`; the others go on.
    """

    store: ClipStore
    samples: Samples
    hubness: Hubness

    def __init__(
        self,
        model_path: str = 'models',
        weights: str = 'auto',
        pooling: str = 'concat',
        window_size: float = 4,
        stride: float = 2,
        padding: str = FrontEnd.padding,
        lift_to_dbfs: float | None = FrontEnd.lift_to_dbfs,
        silence: str = FrontEnd.silence,
        match_args: dict[str, Any] | None = None,
        traversal_left: str | list[str] | None = None,
        traversal_right: str | list[str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        serve_at_once(LIGHT_AT_ONCE)
        self._in_background = background()
        self._is_ready_to_fit = False
        self.match_args = MatchArgs.parse(match_args)
        check_traversal('traversal_left', traversal_left)
        check_traversal('traversal_right', traversal_right)
        self.configuration = configuration(
            model_path, weights, pooling, window_size, stride, padding, lift_to_dbfs, silence
        )
        self.words = ClipWords(model_path, self.configuration)

    def close(self) -> None:
        self.store.close()
        super().close()

    @requests(on='/index')
    def index(
        self, docs: DocList[AudioClip], parameters: dict[str, Any] | None = None, **kwargs: Any
    ) -> DocList[AudioClip]:
        """Store each clip with its chunks, in the place of any with its id or its uri.

        One that comes with `chunk_count` and no chunks is stored already: only its tags may change.
        A clip without `tags` keeps those of the clip whose place it takes. A clip with a `part` is
        stored when all of its parts are there; only then it has a `chunk_count`.
        """
        usable: list[tuple[AudioClip, Clip | None]] = []
        for doc in docs:
            if doc.error:
                continue
            try:
                check_json(doc.id, doc.uri, doc.tags, doc.source)
                is_stored = doc.chunk_count is not None and not doc.chunks
                record = None if is_stored else record_of(doc, self.configuration.dimensions)
                usable.append((doc, record))
            except ValueError as error:
                fail(doc, error)
        stored: list[tuple[AudioClip, Clip | Entry]] = []
        try:
            with self.store.transaction() as transaction:
                for doc, record in usable:
                    if record is None:
                        keep_known(transaction, doc)
                    elif whole := put(transaction, doc, record, self.words):
                        stored.append((doc, whole))
        except StorageError as error:
            for doc, _ in usable:
                fail(doc, error)
        for doc, whole in stored:
            if not doc.error:
                doc.id = ID(whole.id)
                doc.chunk_count = whole.chunk_count
        if not _includes(parameters, 'embedding'):
            for doc in docs:
                doc.chunks = DocList[AudioChunk]()
        return docs

    @requests(on='/search')
    def search(
        self, docs: DocList[AudioClip], parameters: dict[str, Any] | None = None, **kwargs: Any
    ) -> DocList[AudioClip]:
        """Give each chunk its `matches`: the best chunk of each of the nearest clips, ascending.

        A clip with an id and neither uri nor chunks is searched by its stored chunks, one with
        `examples` by what is fitted to these (executors/clip_examples.py). Parameters: `limit`,
        `filter` (audio_search/store/filters.py), `exclude_self`, `distinct`, `include`, `match`
        (window, or example: by the nearest of their examples of 0.96 s); `per_clip`, `min_gap_s`,
        `group_by` (audio_search/places.py) for other matches than those.
        With `within`, the document gets its `events` inside recordings instead, see fill_events.
        """
        parameters = parameters or {}
        queries: list[Query] = []
        for doc in docs:
            if doc.error:
                continue
            try:
                if query := self._query(doc, parameters):
                    queries.append(query)
            except (ValueError, StorageError) as error:
                fail(doc, error)
        if queries:
            try:
                match(self.store, self.samples, self.hubness, queries, parameters, self.match_args)
            except (ValueError, StorageError) as error:
                for query in queries:
                    fail(query.doc, error)
        if not _includes(parameters, 'embedding'):
            for doc in docs:
                for chunk in doc.chunks:
                    chunk.embedding = None
        if not self._is_ready_to_fit:
            # Whoever searches may judge the answers next, and should not wait seconds for that.
            # One that only stores clips never takes the memory.
            self._is_ready_to_fit = True
            self._in_background(fitting.load)
        return docs

    @requests(on='/update')
    def update(self, docs: DocList[AudioClip], **kwargs: Any) -> DocList[AudioClip]:
        """Replace the tags of the clips with these ids or uris, where a document has some."""
        return change(self.store, docs, retag)

    @requests(on='/delete')
    def delete(
        self, docs: DocList[AudioClip], parameters: dict[str, Any] | None = None, **kwargs: Any
    ) -> DocList[AudioClip]:
        """Remove the clips with these ids or uris, and those of `parameters.ids`; or the clips that
        `parameters.filter` selects and whose uri begins with `parameters.prefix`."""
        parameters = parameters or {}
        if parameters.get('filter') or parameters.get('prefix'):
            return delete_selected(self.store, parameters)
        ids = parameters.get('ids') or []
        docs = DocList[AudioClip]([*docs, *(AudioClip(id=id_) for id_ in ids)])
        return change(self.store, docs, remove)

    @requests(on='/clear')
    def clear(self, docs: DocList[AudioClip], **kwargs: Any) -> DocList[AudioClip]:
        """Remove every clip."""
        failed = AudioClip()
        try:
            self.store.clear()
        except StorageError as error:
            fail(failed, error)
            return DocList[AudioClip]([failed])
        return docs

    @requests(on='/lookup')
    def lookup(self, docs: DocList[AudioClip], **kwargs: Any) -> DocList[AudioClip]:
        """Fill in what is stored of the clips with these ids or uris; others stay as they are but
        for their `kept_parts`."""
        for doc in docs:
            try:
                check_json(doc.id, doc.uri)
                entry = self.store.find(doc.id, doc.uri)
                kept = self.store.kept_parts(str(entry.id if entry else doc.id))
            except (ValueError, StorageError) as error:
                fail(doc, error)
                continue
            if kept:
                doc.kept_parts = Tags(asdict(kept))
            if entry:
                fill_entry(doc, entry)
                doc.tags = Tags(entry.tags)
        return docs

    @requests(on='/chunks')
    def chunks(
        self, docs: DocList[AudioClip], parameters: dict[str, Any] | None = None, **kwargs: Any
    ) -> DocList[AudioClip]:
        """Fill in the stored chunks, with their embeddings, of the clips with these ids: those from
        number `parameters.start` on, up to `end`; all without them."""
        for doc in docs:
            try:
                self._fill_stored(doc, part_of(parameters or {}))
            except (ValueError, StorageError) as error:
                fail(doc, error)
        return docs

    @requests(on='/distances')
    def distances(
        self, docs: DocList[AudioClip], parameters: dict[str, Any] | None = None, **kwargs: Any
    ) -> DocList[AudioClip]:
        """Give each stored clip with these ids its `stretches`: how near they are to the chunks
        that came with it, in at most `parameters.count` of them."""
        for doc in docs:
            try:
                fill_stretches(self.store, doc, (parameters or {}).get('count'))
            except (ValueError, StorageError) as error:
                fail(doc, error)
        return docs

    # Jina allows no return annotation but one of documents.
    @requests(on='/clips')
    def clips(  # type: ignore[no-untyped-def]
        self, docs: DocList[AudioClip], parameters: dict[str, Any] | None = None, **kwargs: Any
    ):
        """A page of all clips in the order they were stored: {clips: JSON list, total}.

        Parameters: `offset`, `limit`, `filter`, `prefix` of the uri, `order` (oldest, or newest
        for the reverse). Or the clips with these
        `names`, a JSON list of [id, uri], as `known` has them: text both ways, because a look-up of
        thousands is done long before docarray has made documents of them. For the map: a page with
        `map`, see `map_page`, or the `vectors` of the clips of a JSON list of ids. Or how
        far random chunks are from one another (`rarity`), or what is kept `beside` clips, see
        `answer_beside`.
        """
        parameters = parameters or {}
        try:
            if names := parameters.get('names'):
                return known(self.store, json.loads(names))
            if asked := parameters.get('beside'):
                return answer_beside(self.store, asked)
            if ids := parameters.get('vectors'):
                return map_vectors(self.store, json.loads(ids))
            if parameters.get('rarity'):
                return {'rarity': to_json(self.samples.pairs().histogram())}
            offset = int(parameters.get('offset') or 0)
            limit = int(parameters.get('limit') or DEFAULT_PAGE)
            if parameters.get('map'):
                return map_page(self.store, offset, limit)
            entries, total = self.store.page(
                offset,
                limit,
                filter=parameters.get('filter') or None,
                prefix=parameters.get('prefix') or None,
                newest_first=parameters.get('order') == 'newest',
            )
        except (FilterError, StorageError) as error:
            return _failure(error)
        return {'clips': to_json([listed(entry) for entry in entries]), 'total': total}

    @requests(on='/status')
    def status(self, docs: DocList[AudioClip], **kwargs: Any):  # type: ignore[no-untyped-def]
        """What is stored, where, and how it was made."""
        try:
            clips, chunks = self.store.counts()
            size_bytes = self.store.stored_bytes()
        except StorageError as error:
            return _failure(error)
        return status_of(self.configuration, clips, chunks, self.store.address, size_bytes)

    def _query(self, doc: AudioClip, parameters: dict[str, Any]) -> Query | None:
        """What is searched with; None for a document that got its events already."""
        fitted = None
        if doc.examples is not None:
            fitted = fit_query(self.store, self.samples, doc, parameters)
        elif doc.id and not doc.uri and not doc.chunks:
            clip, part = stored_part(self.store, str(doc.id))
            doc.id = ID(clip.id)
            fill_chunks(doc, clip, part)
        elif doc.uri and (entry := self.store.find(None, doc.uri)):
            doc.id = entry.id
        if parameters.get('within') is not None:
            fill_events(self.store, doc, parameters)
            return None
        vectors = embeddings_of(doc, self.configuration.dimensions)
        if not vectors.any():
            doc.note = SILENT
        return Query(doc, vectors, fitted)

    def _fill_stored(self, doc: AudioClip, part: slice = EVERY) -> None:
        clip = self.store.clip(str(doc.id))
        if clip is None:
            raise MissingClip(doc.id)
        fill_chunks(doc, clip, part)


def _failure(error: FilterError | StorageError) -> dict[str, str]:
    """In place of a returned object; Pipeline.ask raises it again."""
    return {'error': str(error), 'error_kind': error.kind}


def _includes(parameters: dict[str, Any] | None, name: str) -> bool:
    return name in ((parameters or {}).get('include') or ())
