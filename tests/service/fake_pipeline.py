"""The service over executors that are a dict: milliseconds, and no processes."""

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from docarray import DocList

from audio_search.audio import sources
from audio_search.documents import AudioChunk, AudioClip, Embedding, Match, Tags, fail
from audio_search.errors import Kind
from audio_search.roots import Roots
from audio_search.service.examples import ENCODERS
from audio_search.service.pipeline import ExecutorDown, Pipeline
from audio_search.service.service import AudioService
from audio_search.service.uploads import Uploads
from audio_search.settings import Settings
from audio_search.store.records import to_json

Parameters = dict[str, Any]
Answer = tuple[DocList[AudioClip], Parameters]

NOISE = b'not a sound'  # a file that begins so cannot be decoded
DISK_FULL = 'The index cannot be written (disk full): make room on the disk'


class Refused(ValueError):
    def __init__(self, kind: Kind, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


class FakePipeline(Pipeline):
    """Keeps clips in memory, as the executors do on disk; of a filter, only equality is known.

    `stored` are the clips, `encoded` the uris of those that were encoded. `gate`, where set, holds
    requests that run through all executors until it opens. `down` names executors that do not
    answer; with `disk_full` the index can neither be read nor written. `searched` has the
    parameters of searches, and `asked` their documents; inside a recording every query occurs once.
    """

    def __init__(self, roots: Roots) -> None:
        super().__init__(None, {}, lambda executor, seconds: None)
        self.roots = roots
        self.stored: dict[str, AudioClip] = {}
        self.encoded: list[str | None] = []
        self.gate: asyncio.Event | None = None
        self.waiting = asyncio.Event()
        self.down = ''
        self.disk_full = False
        self.notes: dict[str, str] = {}
        self.searched: list[Parameters] = []
        self.asked: list[AudioClip] = []
        self.pooling = 'concat'
        self.dimensions = 512
        self.model_sha256 = '0' * 64

    async def check(self) -> None:
        if self.down:
            raise ExecutorDown(self.down)

    async def _post(
        self, endpoint: str, docs: DocList[AudioClip], parameters: Parameters, only: str | None
    ) -> Answer:
        await self.check()
        if only is None and self.gate:
            self.waiting.set()
            await self.gate.wait()
        if only == ENCODERS:
            return self._encode_only(docs)
        answer: Answer = getattr(self, f'_{endpoint[1:]}')(docs, parameters)
        return answer

    def _index(self, docs: DocList[AudioClip], parameters: Parameters) -> Answer:
        for doc in docs:
            if doc.error:
                continue
            try:
                if doc.chunk_count is None:
                    self._encode(doc)
                self._check_disk()
            except ValueError as error:
                doc.chunk_count = None
                fail(doc, error)
                continue
            former = self.stored.get(str(doc.id))
            if doc.tags is None:
                doc.tags = former.tags if former else Tags()
            self.stored[str(doc.id)] = doc.model_copy()
        return docs, {}

    def _encode_only(self, docs: DocList[AudioClip]) -> Answer:
        """Each sound gets one window, whose vector follows from its uri."""
        for doc in docs:
            try:
                self._encode(doc)
            except ValueError as error:
                fail(doc, error)
                continue
            rng = np.random.default_rng(list(str(doc.uri).encode()))
            vector = rng.integers(-128, 128, self.dimensions).astype(np.int8)
            doc.chunks = DocList[AudioChunk]([AudioChunk(embedding=Embedding.from_int8(vector))])
        return docs, {}

    def _search(self, docs: DocList[AudioClip], parameters: Parameters) -> Answer:
        self.searched.append(parameters)
        self.asked += [doc.model_copy() for doc in docs]
        for doc in docs:
            if doc.error:
                continue
            try:
                self._check_disk()
                if doc.uri:
                    self._encode(doc)
                elif doc.examples is not None:
                    self._check_examples(doc)
                elif not doc.chunks and doc.id not in self.stored:
                    raise Refused(Kind.MISSING, f'there is no clip {doc.id!r}')
            except ValueError as error:
                fail(doc, error)
                continue
            if 'embedding' not in parameters['include']:
                doc.chunks = type(doc.chunks)()
            if parameters.get('within'):
                self._fill_events(doc, parameters)
                continue
            own = self._find(doc)
            found = [
                clip
                for clip in self._chosen(parameters)
                if not (parameters.get('exclude_self') and clip is own)
            ]
            doc.matches = DocList[Match](
                Match(
                    id=clip.id,
                    uri=clip.uri,
                    tags=clip.tags,
                    scores={'cosine': 0.0 if clip is own else 0.5},
                    has_file=clip.source is not None,
                )
                for clip in found[: int(parameters.get('limit', 5))]
            )
        return docs, {}

    def _check_examples(self, doc: AudioClip) -> None:
        for row in doc.examples or ():
            if 'first' not in row and row['id'].partition('#t=')[0] not in self.stored:
                raise Refused(Kind.MISSING, f'there is no clip {row["id"]!r}')

    def _fill_events(self, doc: AudioClip, parameters: Parameters) -> None:
        recording = self._find(AudioClip(id=parameters['within'], uri=parameters.get('within_uri')))
        if recording is None:
            fail(doc, Refused(Kind.MISSING, f'{parameters["within"]} is not indexed'))
            return
        times = {'beg_s': 1.0, 'end_s': 2.5, 'peak_s': 1.5, 'distance': 0.25, 'rarity': 100}
        doc.events = [{'id': recording.id, 'uri': recording.uri, **times}]
        doc.compared, doc.max_distance = 'example', 0.5

    def _lookup(self, docs: DocList[AudioClip], parameters: Parameters) -> Answer:
        for doc in docs:
            if self.disk_full:
                fail(doc, Refused(Kind.STORAGE, DISK_FULL))
            elif clip := self._find(doc):
                doc.id, doc.uri, doc.tags = clip.id, clip.uri, clip.tags
                doc.chunk_count, doc.source = clip.chunk_count, clip.source
        return docs, {}

    def _update(self, docs: DocList[AudioClip], parameters: Parameters) -> Answer:
        for doc in docs:
            clip = self._named(doc)
            if clip and doc.tags is None:
                doc.tags = clip.tags
            elif clip:
                clip.tags = doc.tags
        return docs, {}

    def _delete(self, docs: DocList[AudioClip], parameters: Parameters) -> Answer:
        if {'filter', 'prefix'} & parameters.keys():
            if self.disk_full:
                failed = AudioClip()
                fail(failed, Refused(Kind.STORAGE, DISK_FULL))
                return DocList[AudioClip]([failed]), {}
            chosen = self._chosen(parameters)
            for clip in chosen:
                del self.stored[str(clip.id)]
            return DocList[AudioClip](chosen), {}
        for doc in docs:
            if clip := self._named(doc):
                del self.stored[str(clip.id)]
                doc.id, doc.uri, doc.chunk_count = clip.id, clip.uri, clip.chunk_count
        return docs, {}

    def _clear(self, docs: DocList[AudioClip], parameters: Parameters) -> Answer:
        self.stored.clear()
        return docs, {}

    def _clips(self, docs: DocList[AudioClip], parameters: Parameters) -> Answer:
        if self.disk_full:
            return docs, {'error': DISK_FULL, 'error_kind': Kind.STORAGE}
        if parameters.get('rarity'):
            return docs, {'rarity': to_json({'pairs': 1, 'edges': [0, 1, 2], 'counts': [1, 0]})}
        if names := parameters.get('names'):
            named = [self._find(AudioClip(id=id_, uri=uri)) for id_, uri in json.loads(names)]
            clips = [clip and _listed(clip) | {'source': clip.source} for clip in named]
            kept = to_json([None] * len(clips))
            return docs, {'clips': to_json(clips), 'total': len(clips), 'kept': kept}
        chosen = self._chosen(parameters)[:: -1 if parameters.get('order') == 'newest' else 1]
        start = int(parameters['offset'])
        page = [_listed(clip) for clip in chosen[start : start + int(parameters['limit'])]]
        return docs, {'clips': to_json(page), 'total': len(chosen)}

    def _status(self, docs: DocList[AudioClip], parameters: Parameters) -> Answer:
        if self.disk_full:
            return docs, {'error': DISK_FULL, 'error_kind': Kind.STORAGE}
        return docs, {
            'clips': len(self.stored),
            'chunks': sum(clip.chunk_count or 0 for clip in self.stored.values()),
            'model': {'name': 'fake', 'sha256': self.model_sha256},
            'index': {'path': 'nowhere', 'bytes': 0},
            'pooling': self.pooling,
            'dimensions': self.dimensions,
            'window_s': 4.0,
            'padding': 'repeat',
            'lift_to_dbfs': -12.0,
            'silence': 'zero',
            'stride_s': 2.0,
        }

    def _check_disk(self) -> None:
        if self.disk_full:
            raise Refused(Kind.STORAGE, DISK_FULL)

    def _encode(self, doc: AudioClip) -> None:
        if not doc.chunks:
            source = sources.resolve(str(doc.uri), self.roots)
            if source.path.read_bytes().startswith(NOISE):
                raise Refused(Kind.UNUSABLE, f'{doc.uri} is not audio')
            doc.source = source.fingerprint()
        doc.note = self.notes.get(str(doc.uri))
        doc.chunk_count = max(1, len(doc.chunks))
        doc.chunks = type(doc.chunks)()
        self.encoded.append(doc.uri)

    def _find(self, doc: AudioClip) -> AudioClip | None:
        """By id, else by uri, else by sound."""
        if doc.id in self.stored:
            return self.stored[str(doc.id)]
        for clip in self.stored.values():
            if doc.uri and clip.uri == doc.uri:
                return clip
        for clip in self.stored.values():
            if doc.id and (clip.source or {}).get('sound') == doc.id:
                return clip
        return None

    def _named(self, doc: AudioClip) -> AudioClip | None:
        if self.disk_full:
            fail(doc, Refused(Kind.STORAGE, DISK_FULL))
            return None
        clip = self._find(doc)
        if clip is None:
            fail(doc, Refused(Kind.MISSING, f'there is no clip {doc.id or doc.uri!r}'))
        return clip

    def _chosen(self, parameters: Parameters) -> list[AudioClip]:
        wanted = (parameters.get('filter') or {}).items()
        prefix = parameters.get('prefix') or ''
        return [
            clip
            for clip in self.stored.values()
            if str(clip.uri).startswith(prefix) and wanted <= (clip.tags or {}).items()
        ]


def _listed(clip: AudioClip) -> Parameters:
    return {
        'id': clip.id,
        'uri': clip.uri,
        'tags': clip.tags,
        'chunk_count': clip.chunk_count,
        'has_file': clip.source is not None,
    }


@dataclass
class Failures:
    """Counts as Metrics does."""

    clips: int = 0

    def clips_failed(self, count: int) -> None:
        self.clips += count


@dataclass
class Running:
    """A service over a FakePipeline, with a folder of sounds."""

    folder: Path
    settings: Settings
    pipeline: FakePipeline
    service: AudioService
    failures: Failures = field(default_factory=Failures)

    def write(self, name: str, content: bytes = b'sound') -> str:
        """A file below the roots; returns its uri."""
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        return name

    def media(self) -> list[str]:
        """The uploads that are on disk."""
        folder = self.settings.media
        return sorted(str(p.relative_to(folder)) for p in folder.rglob('*') if p.is_file())


def running(tmp_path: Path, **settings: str) -> Running:
    """Settings are those of the environment, without their prefix: CONCURRENCY='1'."""
    folder = tmp_path / 'sounds'
    folder.mkdir()
    environment = {
        'AUDIO_SEARCH_ROOTS': str(folder),
        'AUDIO_SEARCH_WORKSPACE': str(tmp_path / 'workspace'),
        **{f'AUDIO_SEARCH_{name}': value for name, value in settings.items()},
    }
    checked = Settings.from_env(environment)
    uploads = Uploads(checked.media)
    uploads.open()
    pipeline = FakePipeline(Roots((folder.resolve(), checked.media)))
    failures = Failures()
    service = AudioService(pipeline, checked, uploads, failures)
    return Running(folder, checked, pipeline, service, failures)
