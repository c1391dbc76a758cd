"""Queries of several examples: each is found and encoded as a query of its own would be."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from docarray import DocList

from audio_search.audio import sources
from audio_search.documents import AudioChunk, AudioClip, Rows, note_gone
from audio_search.roots import Roots
from audio_search.service.pipeline import ENCODERS, Pipeline
from audio_search.service.recordings import plan, send
from audio_search.service.requests import ClipRequest, Item, resolve
from audio_search.service.uploads import Upload, Uploads
from audio_search.settings import Settings

WITH_VECTORS = {'include': ['embedding']}


@dataclass
class Query(Item):
    """A query, and the examples that it is made of where these are several."""

    wanted: Sequence[Item] = ()
    unwanted: Sequence[Item] = ()

    @property
    def examples(self) -> list[Item]:
        return [*self.wanted, *self.unwanted]


def resolve_query(request: ClipRequest, uploads: Uploads, roots: Roots) -> Item:
    """As `requests.resolve`. One wanted example and no other is that example as the query."""
    if not (request.like or request.unlike):
        return resolve(request, uploads, roots, keep=False)
    wanted = [*request.like]
    if request.words is not None:
        wanted.append(ClipRequest(words=request.words))
    if _has_sound(request):
        query = Query(AudioClip(id=request.id, uri=request.uri, tags=request.tags))
        query.fail(
            ValueError(
                'a query has examples, or a sound, and both were given; put the sound into like'
            )
        )
        return query
    if len(wanted) == 1 and not request.unlike:
        return resolve(replace(wanted[0], tags=request.tags), uploads, roots, keep=False)
    return Query(
        AudioClip(tags=request.tags),
        answer_id=_id(wanted, request.unlike),
        wanted=[resolve(one, uploads, roots, keep=False) for one in wanted],
        unwanted=[resolve(one, uploads, roots, keep=False) for one in request.unlike],
    )


def examples_of(items: Iterable[Item]) -> list[Item]:
    """Those of all queries that can be used."""
    return [
        one
        for item in items
        if isinstance(item, Query) and not item.clip.error
        for one in item.examples
    ]


async def encode_examples(pipeline: Pipeline, items: Sequence[Item], settings: Settings) -> None:
    """Give queries the windows of their examples, and say which are whose: those that are sounds
    are encoded first, stored ones are read by the indexer. An example that cannot be used becomes
    the error of its query. Raises as Pipeline does."""
    sounds = [one for one in examples_of(items) if one.has_sound and not one.clip.error]
    if sounds:
        await asyncio.to_thread(plan, sounds, settings, index=False)
        usable = [one for one in sounds if not one.clip.error]
        await send(pipeline, '/search', usable, WITH_VECTORS, ENCODERS)
    for item in items:
        if isinstance(item, Query) and not item.clip.error:
            _gather(item)


def uploads_of(requests: Iterable[ClipRequest], items: Iterable[Item]) -> list[Upload]:
    """What came with a search, with its examples and as data: URIs."""
    asked = [one for request in requests for one in (request, *request.like, *request.unlike)]
    found = [one for item in items for one in (item, *_examples(item))]
    uploads = [*(one.upload for one in asked), *(one.upload for one in found)]
    return [upload for upload in uploads if upload]


def _examples(item: Item) -> list[Item]:
    return item.examples if isinstance(item, Query) else []


def _gather(query: Query) -> None:
    rows, chunks, gone = Rows(), DocList[AudioChunk](), list[str]()
    for name, items in (('like', query.wanted), ('unlike', query.unwanted)):
        for number, item in enumerate(items):
            clip = item.clip
            if clip.error and item.may_be_gone:
                gone.append(clip.uri or str(clip.id))
                continue
            if clip.error:
                query.clip.error = f'{name}[{number}]: {clip.error}'
                query.clip.error_kind = clip.error_kind
                return
            row: dict[str, Any] = {'is_wanted': name == 'like', 'id': clip.id, 'uri': clip.uri}
            if item.may_be_gone:
                row['may_be_gone'] = True
            if clip.chunks:
                row |= {'first': len(chunks), 'end': len(chunks) + len(clip.chunks)}
                chunks.extend(AudioChunk(embedding=one.embedding) for one in clip.chunks)
            rows.append(row)
            query.clip.note = query.clip.note or clip.note
    query.clip.examples, query.clip.chunks = rows, chunks
    note_gone(query.clip, gone)


def _has_sound(request: ClipRequest) -> bool:
    is_sound = (request.uri, request.upload, request.vector)
    return any(one is not None for one in is_sound) or bool(request.chunks)


def _id(*examples: Sequence[ClipRequest]) -> str:
    """Of the query: the same ones have the same."""
    return sources.clip_id(repr([[_name(one) for one in some] for some in examples]))


def _name(example: ClipRequest) -> str:
    return str(example.id or example.uri or example.words or example.upload or example.vector)
