"""What can be asked of the service, whichever way it is asked: over HTTP or from the page."""

import asyncio
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Protocol, Unpack

import numpy as np
from docarray import DocList

from audio_search.documents import AudioChunk, AudioClip
from audio_search.errors import Kind, RequestError
from audio_search.service.admission import Admission
from audio_search.service.beside import Beside
from audio_search.service.choices import Choices, parameters_of
from audio_search.service.clip_map import ClipMap
from audio_search.service.examples import (
    encode_examples,
    examples_of,
    resolve_query,
    uploads_of,
)
from audio_search.service.known import find_known
from audio_search.service.listing import listed, mark_missing, mark_times, scan
from audio_search.service.outcome import WHOLE_REQUEST, check_outcome
from audio_search.service.pipeline import SEARCHERS, Pipeline
from audio_search.service.recordings import plan, send
from audio_search.service.refinement import refine
from audio_search.service.requests import (
    ClipRequest,
    Item,
    like,
    mark_known,
    resolve,
    resolve_name,
    with_sound,
)
from audio_search.service.saved import expanded
from audio_search.service.selection import check_choice, selection
from audio_search.service.uploads import Upload, Uploads
from audio_search.service.views import ClipsPage, KnownClip, Status, status_of
from audio_search.service.within import Within
from audio_search.service.words import Word, fill_words, list_words
from audio_search.settings import Settings
from audio_search.stretches import Stretch


class Observer(Protocol):
    """Who is told what the service did."""

    def clips_failed(self, count: int) -> None: ...


class AudioService:
    """Index, search, update, delete and clear, on documents; status and clips.

    Every method that works takes a place first and has a bound on its time (see Admission). All of
    them raise RequestError, and ExecutorDown or ExecutorFailed (see Pipeline).
    """

    def __init__(
        self, pipeline: Pipeline, settings: Settings, uploads: Uploads, observer: Observer
    ) -> None:
        self.pipeline = pipeline
        self.settings = settings
        self.uploads = uploads
        self.observer = observer
        self.roots = settings.roots.with_folder(uploads.folder)
        self.admission = Admission(settings.concurrency, settings.queue_wait_s, settings.timeout_s)
        self.map = ClipMap(self)
        self.beside = Beside(self)

    async def receive(self, blocks: Iterable[bytes], name: str, *, keep: bool) -> Upload:
        """Write a sound to disk that came in a request: to be indexed if `keep`, else only to be
        searched with, and then dropped."""
        try:
            return await asyncio.to_thread(self.uploads.save, blocks, name, keep)
        except OSError as error:
            raise RequestError(
                Kind.STORAGE,
                f'{name} cannot be kept ({error.strerror}); make room on the disk',
            ) from None

    async def index(
        self, requests: Sequence[ClipRequest], *, include: Sequence[str] = ()
    ) -> list[AudioClip]:
        """Every document answered, in order; each stored, or with an `error` that says why not."""
        try:
            async with self.admission.work():
                items = await self._resolve(requests, keep=True)
                await self._look_up(items)
                for item, request in zip(items, requests, strict=True):
                    if item.clip.tags is None and not item.is_stored:
                        item.clip.tags = request.new_tags
                await self._run('/index', items, {'include': list(include)})
                failed = [item.upload for item in items if item.clip.error and item.upload]
                self.drop([upload for upload in failed if upload.is_new])
                return self._answers(items, (Kind.MISSING, Kind.REFUSED, Kind.DOWN))
        except RequestError as error:
            if error.kind is not Kind.LATE:  # of a request that ran, some clips may be stored
                self.drop([one.upload for one in requests if one.upload and one.upload.is_new])
            raise

    async def search(
        self,
        requests: Sequence[ClipRequest],
        *,
        include: Sequence[str] = (),
        within: Within | None = None,
        **choices: Unpack[Choices],
    ) -> list[AudioClip]:
        """Every document answered, in order, with its matches or an `error`. Drops uploads.

        `match` is window or example: what of a clip is compared. What `per_clip`, `min_gap_s` and
        `group_by` do is said in places.Spread. With `within` it has its `events` inside recordings
        in place of matches; `limit` is then their number, and no other choice of clips goes with
        it.
        """
        items: list[Item] = []
        try:
            async with self.admission.work():
                requests, choices = await expanded(self, requests, choices, within)
                parameters = parameters_of(choices, include, within, self.roots)
                items = await self._resolve(requests, keep=False)
                await self._read_words([*items, *examples_of(items)])
                await encode_examples(self.pipeline, items, self.settings)
                await self._run('/search', items, parameters)
                if within and within.refine:
                    await self._refine([item.clip for item in items], include)
                for item, request in zip(items, requests, strict=True):
                    item.name_as(request)
                await asyncio.to_thread(mark_missing, [item.clip for item in items], self.roots)
                mark_times(item.clip for item in items)
                return self._answers(items)
        finally:
            self.drop(uploads_of(requests, items))

    async def update(self, requests: Sequence[ClipRequest]) -> list[AudioClip]:
        """Replace the tags of stored clips, named by id or uri."""
        async with self.admission.work():
            return await self._by_name('/update', requests)

    async def delete(
        self,
        requests: Sequence[ClipRequest] = (),
        *,
        ids: Sequence[str] = (),
        filter: dict[str, Any] | None = None,
        prefix: str | None = None,
    ) -> list[AudioClip]:
        """Forget clips, and the sound that was uploaded for them: those named by id or uri, or all
        that fit `filter` and whose uri begins with `prefix`. Returns the clips."""
        named = [*requests, *(ClipRequest(id=id_) for id_ in ids)]
        chosen = selection(filter, prefix)
        check_choice(chosen, is_named=bool(named))
        async with self.admission.work():
            if chosen:
                done, _ = await self.pipeline.post('/delete', parameters=chosen, only='indexer')
                clips = self._answers([Item(clip) for clip in done])
            else:
                clips = await self._by_name('/delete', [replace(one, tags=None) for one in named])
            await self._forget_uploads(clips)
            return clips

    async def clear(self) -> list[AudioClip]:
        """Forget every clip."""
        async with self.admission.work():
            docs, _ = await self.pipeline.post('/clear', only='indexer')
            if docs and docs[0].error and docs[0].error_kind:
                raise RequestError(Kind(docs[0].error_kind), docs[0].error)
            await asyncio.to_thread(self.uploads.clear)
            return []

    async def ready(self) -> None:
        """Return when every executor is up; ExecutorDown names those that are not."""
        await self.pipeline.check()

    async def status(self) -> Status:
        """What is stored, where, and how it was made."""
        return status_of(await self.pipeline.ask('/status', {}))

    async def words(self, like: str | None = None) -> list[Word]:
        """What can be searched for by name; see list_words."""
        return await asyncio.to_thread(list_words, like, await self.status(), self.settings.models)

    async def rarity(self) -> dict[str, Any]:
        """How far random windows of different clips are apart; see rarity.Rarity.histogram."""
        found: dict[str, Any] = json.loads(
            (await self.pipeline.ask('/clips', {'rarity': True}))['rarity']
        )
        return found

    async def clips(
        self,
        offset: int,
        limit: int,
        *,
        include: Sequence[str] = (),
        filter: dict[str, Any] | None = None,
        prefix: str | None = None,
        missing: bool | None = None,
        newest_first: bool = False,
    ) -> ClipsPage:
        """A page of what is stored, in the order it was stored or newest first: clips that fit
        `filter`, whose uri begins with `prefix`, and whose file is gone or there (`missing`)."""
        chosen = selection(filter, prefix) | ({'order': 'newest'} if newest_first else {})

        async def read(offset: int, limit: int) -> ClipsPage:
            page = await self.pipeline.ask('/clips', {'offset': offset, 'limit': limit, **chosen})
            found = await asyncio.to_thread(listed, json.loads(page['clips']), self.roots)
            if 'point' in include:
                found = await self.map.with_points(found)
            return ClipsPage(found, int(page['total']))

        if missing is None:
            return await read(offset, limit)
        async with self.admission.work():
            return await scan(read, offset, limit, missing)

    async def known(self, requests: Sequence[ClipRequest]) -> list[KnownClip]:
        """What is stored of each clip, and whether its file changed since; nothing is encoded."""
        self._check_count(len(requests))
        async with self.admission.work():
            return await find_known(self.pipeline.ask, requests, self.roots)

    async def stored(self, id_: str) -> AudioClip | None:
        """A stored clip without its chunks."""
        clip = await self._one('/lookup', AudioClip(id=id_))
        return clip if clip.chunk_count is not None else None

    async def chunks(self, id_: str, start: int = 0, end: int | None = None) -> DocList[AudioChunk]:
        """The chunks of a stored clip from number `start` on, up to `end`, with their embeddings;
        none where there is no such clip."""
        part = {'start': start, 'end': end}
        return (await self._one('/chunks', AudioClip(id=id_), part)).chunks

    async def distances(self, id_: str, sound: np.ndarray, count: int) -> list[Stretch]:
        """How near a stored clip is to a sound, int8 [windows, dimensions], in at most `count`
        stretches; none where there is no such clip."""
        clip = await self._one('/distances', with_sound(id_, sound), {'count': count})
        return [Stretch(**one) for one in clip.stretches or ()]

    async def _one(
        self, endpoint: str, named: AudioClip, parameters: dict[str, Any] | None = None
    ) -> AudioClip:
        docs = DocList[AudioClip]([named])
        clip = (await self.pipeline.post(endpoint, docs, parameters, only='indexer'))[0][0]
        if clip.error and clip.error_kind in (Kind.STORAGE, Kind.DOWN):
            raise RequestError(Kind(clip.error_kind), clip.error)
        return clip

    async def _resolve(self, requests: Sequence[ClipRequest], keep: bool) -> list[Item]:
        self._check_count(sum(1 + len(one.like) + len(one.unlike) for one in requests))

        def found(request: ClipRequest) -> Item:
            if keep:
                return resolve(request, self.uploads, self.roots, keep)
            return resolve_query(request, self.uploads, self.roots)

        return await asyncio.to_thread(lambda: list(map(found, requests)))

    def _check_count(self, count: int) -> None:
        if count > self.settings.max_docs:
            raise RequestError(
                Kind.TOO_LARGE,
                f'{count} documents are more than the {self.settings.max_docs} that one request '
                'may have; send them in several',
            )

    async def _read_words(self, items: Sequence[Item]) -> None:
        worded = [item for item in items if item.clip.words is not None and not item.clip.error]
        if worded:
            made = await self.status()
            await asyncio.to_thread(fill_words, worded, made, self.settings.models)

    async def _look_up(self, items: Sequence[Item]) -> None:
        """Ask the indexer which of the items it has already."""
        unseen = [item for item in items if item.source and not item.clip.chunks]
        if not unseen:
            return
        named = DocList[AudioClip](AudioClip(id=item.clip.id, uri=item.clip.uri) for item in unseen)
        stored, _ = await self.pipeline.post('/lookup', named, only='indexer')
        if stored[0].error_kind == Kind.DOWN:
            raise RequestError(Kind.DOWN, stored[0].error or '')  # before anything is encoded
        await asyncio.to_thread(mark_known, unseen, stored)

    async def _run(self, endpoint: str, items: Sequence[Item], parameters: dict[str, Any]) -> None:
        """Send what can be used through the executors. Of one id indexed twice the last is sent."""
        usable = [item for item in items if not item.clip.error]
        last = {item.clip.id: item for item in usable}
        is_index = endpoint == '/index'
        sent = [item for item in usable if not is_index or last[item.clip.id] is item]
        await asyncio.to_thread(plan, sent, self.settings, index=is_index)
        sent = [item for item in sent if not item.clip.error]
        only = None if is_index or any(item.has_sound for item in sent) else SEARCHERS
        if only:  # it must not wait for an encoder that is busy with a long recording
            await self.admission.lighten()
        await send(self.pipeline, endpoint, sent, parameters, only, self.admission.extend)
        if is_index:
            for item in usable:
                winner = last[item.clip.id]
                if item is not winner:
                    item.clip = like(winner.clip, item.clip)

    async def _refine(self, clips: Sequence[AudioClip], include: Sequence[str]) -> None:
        made = await self.status()
        for clip in clips:
            if clip.events:
                await refine(self.pipeline, clip, made, self.roots)
            if 'embedding' not in include:
                clip.chunks = DocList[AudioChunk]()

    async def _by_name(self, endpoint: str, requests: Sequence[ClipRequest]) -> list[AudioClip]:
        """Ask the indexer to do something to clips named by id or uri."""
        self._check_count(len(requests))
        items = await asyncio.to_thread(
            lambda: [resolve_name(request, self.roots) for request in requests]
        )
        named = [item for item in items if not item.clip.error]
        if named:
            docs = DocList[AudioClip](item.clip for item in named)
            done, _ = await self.pipeline.post(endpoint, docs, only='indexer')
            for item, clip in zip(named, done, strict=True):
                item.clip = clip
        return self._answers(items)

    async def _forget_uploads(self, clips: Iterable[AudioClip]) -> None:
        gone = [clip.uri for clip in clips if not clip.error and self.uploads.holds(clip.uri)]
        for uri in gone:
            await asyncio.to_thread(self.uploads.remove, str(uri))

    def drop(self, uploads: Iterable[Upload]) -> None:
        """Forget uploads that nothing needs any more."""
        for upload in uploads:
            self.uploads.remove(upload.uri)

    def _answers(
        self, items: Sequence[Item], whole_request: Sequence[Kind] = WHOLE_REQUEST
    ) -> list[AudioClip]:
        """Raises RequestError, see check_outcome."""
        clips = [item.clip for item in items]
        self.observer.clips_failed(sum(clip.error is not None for clip in clips))
        check_outcome(clips, whole_request)
        return clips
