"""What can be asked of the service, whichever way it is asked: over HTTP or from the page."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from docarray import DocList

from audio_search.audio import sources
from audio_search.audio.decoding import SAMPLE_RATE_HZ
from audio_search.documents import AudioChunk, AudioClip, Tags
from audio_search.schemas import ClipBody, DeleteBody, IndexBody, SearchBody, UpdateBody
from audio_search.service.pipeline import Pipeline
from audio_search.service.uploads import Upload, Uploads
from audio_search.settings import Settings
from audio_search.store.filters import FilterError, validate

# A batch holds at most this many clips and about this much sound, so that a request's memory does
# not grow with its length: 16 kHz float32 is 64 kB/s, and the slowest common codecs 4 kB/s.
BATCH_CLIPS = 16
BATCH_S = 1200.0
SLOWEST_BYTES_PER_S = 4000


class RequestError(Exception):
    """A request that is answered with an HTTP status and one sentence."""

    def __init__(self, status: int, detail: str, retry_after_s: int | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.retry_after_s = retry_after_s


@dataclass
class Item:
    """One document of a request: its clip, and what is known of it before the executors run."""

    clip: AudioClip
    source: sources.Source | None = None
    status: int | None = None  # 403 or 404 where that is the reason it is refused
    upload: Upload | None = None  # where its sound came in the request

    def refuse(self, error: str, status: int | None = None) -> None:
        """Every answer has an id: for a uri that leads nowhere one of its own words."""
        self.clip.id = self.clip.id or sources.clip_id(self.clip.uri or '')
        self.clip.error = error
        self.status = status


class AudioService:
    """Index, search, update, delete and clear, on documents; status and clips."""

    def __init__(self, pipeline: Pipeline, settings: Settings, uploads: Uploads) -> None:
        self.pipeline = pipeline
        self.settings = settings
        self.uploads = uploads
        self.roots = (*settings.roots, uploads.folder)

    async def index(self, body: IndexBody, uploads: Sequence[Upload] = ()) -> list[AudioClip]:
        """Every document answered, in order; each stored, or with an `error` that says why not.

        `uploads` are where the documents' sounds are, if they came as files.
        """
        try:
            asked = await self._ask(body.data, uploads, keep=True)
        except RequestError:
            self._drop([upload for upload in uploads if upload.is_new])
            raise
        await self._look_up(asked)
        await self._run('/index', asked, {'include': list(body.parameters.include)})
        failed = [one.upload for one in asked if one.clip.error and one.upload]
        self._drop([upload for upload in failed if upload.is_new])
        return self._answers(asked)

    async def search(self, body: SearchBody, uploads: Sequence[Upload] = ()) -> list[AudioClip]:
        """Every document answered, in order, with its matches or an `error`. Drops uploads."""
        parameters = body.parameters.model_dump(exclude_none=True)
        asked: list[Item] = []
        try:
            _check_filter(parameters)
            asked = await self._ask(body.data, uploads, keep=False)
            await self._run('/search', asked, parameters)
        finally:
            self._drop([*uploads, *(one.upload for one in asked if one.upload)])
        for one, clip_body in zip(asked, body.data, strict=True):
            if one.upload:
                one.clip.uri = one.upload.name
            one.clip.id = clip_body.id or one.clip.id
            if one.clip.error and not clip_body.uri and not clip_body.chunks and clip_body.id:
                one.status = 404
        return self._answers(asked)

    async def update(self, body: UpdateBody) -> list[AudioClip]:
        """Replace the tags of stored clips, named by id or uri."""
        return await self._by_name('/update', body.data, keep_tags=True)

    async def delete(self, body: DeleteBody) -> list[AudioClip]:
        """Forget clips, named by id or uri, and the sound that was uploaded for them."""
        named = [*body.data, *(ClipBody(id=id_) for id_ in body.parameters.ids)]
        clips = await self._by_name('/delete', named)
        gone = [clip.uri for clip in clips if not clip.error and self.uploads.holds(clip.uri)]
        for uri in gone:
            await asyncio.to_thread(self.uploads.remove, str(uri))
        return clips

    async def clear(self) -> list[AudioClip]:
        """Forget every clip."""
        docs, _ = await self.pipeline.post('/clear', only='indexer')
        if docs and docs[0].error:
            raise RequestError(503, docs[0].error)
        await asyncio.to_thread(self.uploads.clear)
        return []

    async def ready(self) -> None:
        """Return when every executor is up; ExecutorDown names those that are not."""
        await self.pipeline.check()

    async def status(self) -> dict[str, Any]:
        return (await self.pipeline.post('/status', only='indexer'))[1]

    async def clips(self, offset: int, limit: int, include: Sequence[str]) -> dict[str, Any]:
        """A page of what is stored: {'clips': [...], 'total': n}."""
        parameters = {'offset': offset, 'limit': limit, 'include': list(include)}
        page = (await self.pipeline.post('/clips', parameters=parameters, only='indexer'))[1]
        return {'clips': json.loads(page['clips']), 'total': int(page['total'])}

    async def stored(self, id_: str) -> AudioClip | None:
        """A stored clip without its chunks."""
        docs = DocList[AudioClip]([AudioClip(id=id_)])
        clip = (await self.pipeline.post('/lookup', docs, only='indexer'))[0][0]
        return clip if clip.chunk_count is not None else None

    async def chunks(self, id_: str) -> DocList[AudioChunk]:
        """The chunks of a stored clip, with their embeddings."""
        docs = DocList[AudioClip]([AudioClip(id=id_)])
        return (await self.pipeline.post('/chunks', docs, only='indexer'))[0][0].chunks

    async def _ask(
        self, bodies: Sequence[ClipBody], uploads: Sequence[Upload], keep: bool
    ) -> list[Item]:
        if len(bodies) > self.settings.max_docs:
            raise RequestError(
                413,
                f'{len(bodies)} documents are more than the {self.settings.max_docs} that one '
                'request may have; send them in several',
            )
        return await asyncio.to_thread(
            lambda: [
                self._resolve(body, keep, upload)
                for body, upload in zip_longest(bodies, uploads[: len(bodies)])
            ]
        )

    def _resolve(self, body: ClipBody, keep: bool, upload: Upload | None) -> Item:
        """`keep` is for clips that are to be stored; others may be named by their id alone."""
        one = Item(AudioClip(id=body.id, uri=body.uri, tags=body.tags), upload=upload)
        try:
            if body.chunks:
                one.clip.chunks = DocList[AudioChunk](
                    _client_chunk(chunk, offset, body) for offset, chunk in enumerate(body.chunks)
                )
                if not (body.id or body.uri):
                    one.refuse('chunks need the id or the uri of their clip; add one')
            elif body.uri or upload:
                if body.uri and body.uri.startswith('data:'):
                    one.upload = self.uploads.save_data_uri(body.uri, keep)
                if one.upload:
                    one.clip.uri = one.upload.uri
                one.source = sources.resolve(str(one.clip.uri), self.roots)
                # A query's own id is only given back: its clip is the one of that sound.
                one.clip.id = (keep and body.id) or one.source.id
                if one.upload and not (keep and body.id):
                    one.clip.id = sources.clip_id(self.uploads.folder / one.upload.kept_uri)
            elif keep or not body.id:
                one.refuse('neither a uri nor chunks were given; give the uri of a sound')
        except sources.MediaForbidden as error:
            one.refuse(str(error), 403)
        except sources.MediaError as error:
            one.refuse(str(error))
        except (ValueError, TypeError) as error:
            one.refuse(f'the chunks cannot be read ({error}); send tensors of numbers')
        except OSError as error:
            one.refuse(f'the sound cannot be kept ({error.strerror}); make room or try again')
        return one

    async def _look_up(self, asked: list[Item]) -> None:
        """Give each clip the id it is stored under, and mark those whose file did not change."""
        open_ = [one for one in asked if one.source and not one.clip.chunks]
        if not open_:
            return
        named = DocList[AudioClip](AudioClip(id=one.clip.id, uri=one.clip.uri) for one in open_)
        stored, _ = await self.pipeline.post('/lookup', named, only='indexer')
        await asyncio.to_thread(_mark_known, open_, stored)

    async def _run(self, endpoint: str, asked: list[Item], parameters: dict[str, Any]) -> None:
        """Send what can be used through the executors. Of one id asked twice the last is sent."""
        usable = [one for one in asked if not one.clip.error]
        last = {one.clip.id: one for one in usable}
        sent = (
            [one for one in usable if last[one.clip.id] is one] if endpoint == '/index' else usable
        )
        done: list[AudioClip] = []
        async for batch in self.pipeline.stream(endpoint, _batches(sent), parameters):
            done.extend(batch)
        for one, clip in zip(sent, done, strict=True):
            one.clip = clip
        if endpoint == '/index':
            for one in usable:
                if one is not last[one.clip.id]:
                    winner = last[one.clip.id].clip
                    one.clip = AudioClip(
                        id=winner.id,
                        uri=one.clip.uri,
                        tags=one.clip.tags,
                        chunk_count=winner.chunk_count,
                        error=winner.error,
                    )

    async def _by_name(
        self, endpoint: str, bodies: Sequence[ClipBody], keep_tags: bool = False
    ) -> list[AudioClip]:
        """Ask the indexer to do something to clips named by id or uri."""
        if len(bodies) > self.settings.max_docs:
            raise RequestError(
                413, f'more than {self.settings.max_docs} documents; send them in several'
            )
        asked = []
        for body in bodies:
            clip = AudioClip(id=body.id, uri=body.uri, tags=body.tags if keep_tags else {})
            asked.append(Item(clip))
            if not (body.id or body.uri):
                asked[-1].refuse('neither an id nor a uri was given; name the clip by one of them')
        named = [one for one in asked if not one.clip.error]
        if named:
            docs = DocList[AudioClip](one.clip for one in named)
            done, _ = await self.pipeline.post(endpoint, docs, only='indexer')
            for one, clip in zip(named, done, strict=True):
                one.clip = clip
                one.status = 404 if clip.error else None
        return self._answers(asked)

    def _drop(self, uploads: Sequence[Upload]) -> None:
        for upload in uploads:
            self.uploads.remove(upload.uri)

    @staticmethod
    def _answers(asked: list[Item]) -> list[AudioClip]:
        """403 and 404 answer the whole request where every document is refused for that reason."""
        statuses = {one.status for one in asked}
        if len(statuses) == 1 and (status := statuses.pop()):
            first = asked[0].clip.error or ''
            more = f' (and so are the other {len(asked) - 1})' if len(asked) > 1 else ''
            raise RequestError(status, first + more)
        return [one.clip for one in asked]


def _check_filter(parameters: dict[str, Any]) -> None:
    if not parameters['filter']:
        del parameters['filter']
        return
    try:
        validate(parameters['filter'])
    except FilterError as error:
        raise RequestError(422, str(error)) from None


def _mark_known(asked: Sequence[Item], stored: Sequence[AudioClip]) -> None:
    for one, known in zip(asked, stored, strict=True):
        assert one.source
        if not known.chunk_count:
            continue
        if one.clip.id == one.source.id:  # not one that the user gave
            one.clip.id = known.id
        if one.clip.id == known.id and one.source.is_unchanged_since(known.source):
            one.clip.chunk_count = known.chunk_count


def _client_chunk(chunk: Any, offset: int, clip: ClipBody) -> AudioChunk:
    import numpy as np

    location = chunk.location
    times = {}
    if len(location) == 2:
        times = {
            'beg_in_ms': round(location[0] * 1000 / SAMPLE_RATE_HZ),
            'end_in_ms': round(location[1] * 1000 / SAMPLE_RATE_HZ),
        }
    return AudioChunk(
        parent_id=clip.id,
        uri=clip.uri,
        offset=offset,
        location=location,
        tags=Tags(clip.tags | times | chunk.tags),
        tensor=np.asarray(chunk.tensor, dtype=np.float32),
    )


def _batches(asked: Sequence[Item]) -> Iterator[DocList[AudioClip]]:
    batch, seconds = DocList[AudioClip](), 0.0
    for one in asked:
        lasts_s = _lasts_at_most_s(one)
        if batch and (len(batch) == BATCH_CLIPS or seconds + lasts_s > BATCH_S):
            yield batch
            batch, seconds = DocList[AudioClip](), 0.0
        batch.append(one.clip)
        seconds += lasts_s
    if batch:
        yield batch


def _lasts_at_most_s(one: Item) -> float:
    """How much sound may be in a file, without opening it."""
    if one.source is None or one.clip.chunk_count:
        return 0.0
    if one.source.end_s is not None:
        return one.source.end_s - one.source.beg_s
    return one.source.size / SLOWEST_BYTES_PER_S
