"""A search from the page: the sound, its picture, and its matches."""

import asyncio
import base64
import mimetypes
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from audio_search.audio import sources
from audio_search.audio.cutting import cut
from audio_search.audio.decoding import AudioError
from audio_search.documents import AudioChunk, AudioClip, Match
from audio_search.page import spectrogram
from audio_search.page.spectrogram import Picture
from audio_search.page.text import Problem, file_name
from audio_search.paths import audio_path
from audio_search.service.requests import ClipRequest
from audio_search.service.service import AudioService
from audio_search.service.uploads import Upload
from audio_search.service.within import Within

PICTURE_S = 120.0  # of a longer query only the beginning is drawn
MAX_EVENTS = 5000  # drawn of one recording; browsers get slow with more
MAX_INLINE_BYTES = 1 << 20  # a sound that is not indexed has no address: it is put into the page
UPLOAD_BLOCK_BYTES = 1 << 20

Span = tuple[float, float]  # [start, end) in ms of the whole file


@dataclass(frozen=True)
class Sound:
    """What to search with: an indexed clip by its `id`, a file below the roots by its `uri`, or a
    file that was uploaded or recorded, by its `path`."""

    id: str | None = None
    uri: str | None = None
    path: Path | None = None

    @property
    def key(self) -> str:
        """As one string, for the value of a form's choice."""
        return f'id:{self.id}' if self.id else f'uri:{self.uri}'

    @classmethod
    def from_key(cls, key: str) -> 'Sound':
        kind, _, name = key.partition(':')
        return cls(id=name) if kind == 'id' else cls(uri=name)


@dataclass(frozen=True)
class Windows:
    """The windows of a sound: the span of each, and int8 embeddings [windows, dimensions]."""

    spans: list[Span]
    embeddings: np.ndarray

    @classmethod
    def of(cls, chunks: list[AudioChunk]) -> 'Windows':
        # Chunks that a client cut itself may come without times.
        spans = [(float(chunk.beg_in_ms or 0), float(chunk.end_in_ms or 0)) for chunk in chunks]
        vectors = [chunk.embedding.to_int8() for chunk in chunks if chunk.embedding is not None]
        return cls(spans, np.stack(vectors) if vectors else np.zeros((0, 1), np.int8))

    def distances(self, other: 'Windows') -> np.ndarray:
        """Cosine distances [windows, other's windows]; 1 where a vector is all zeros."""
        return 1 - _unit(self.embeddings) @ _unit(other.embeddings).T


@dataclass(frozen=True)
class SearchResult:
    """A query and its matches, nearest first; `farther` are those beyond the greatest distance.

    `audio_src` is where the browser gets the sound from: None where it has it already (an upload),
    where it is too long to be put into the page, or where the file is gone. `note` is what the user
    should know of the query, such as that it is silent; `uri` where it is, or how it was called.
    """

    name: str
    windows: Windows
    picture: Picture | None
    audio_src: str | None
    matches: list[Match] = field(default_factory=list)
    farther: list[Match] = field(default_factory=list)
    note: str | None = None
    uri: str | None = None


async def search(
    service: AudioService,
    sound: Sound,
    limit: int,
    labels: list[str],
    max_distance: float,
    exclude_self: bool,
    among: Sequence[str] = (),
) -> SearchResult:
    """Search among all clips, or those with the ids `among`. Raises Problem, and what the service
    raises."""
    fits: dict[str, Any] = {'label': {'$in': labels}} if labels else {}
    if among:
        fits['$id'] = {'$in': list(among)}
    file = await _file(service, sound)
    drawing = asyncio.create_task(asyncio.to_thread(_draw, file))
    try:
        clip = await _asked(
            service,
            sound,
            limit=limit,
            filter=fits or None,
            exclude_self=exclude_self,
            include=['embedding'],
        )
    except BaseException:
        drawing.cancel()
        raise
    near = [match for match in clip.matches if match.scores['cosine'] <= max_distance]
    return SearchResult(
        name=file_name(clip.uri, clip.tags or {}),
        windows=Windows.of(list(clip.chunks)),
        picture=await drawing,
        audio_src=await asyncio.to_thread(_audio_src, sound, file),
        matches=near,
        farther=list(clip.matches)[len(near) :],
        note=clip.note,
        uri=clip.uri,
    )


async def find_inside(
    service: AudioService, sound: Sound, id_: str, part: Span | None = None
) -> dict[str, Any]:
    """Where in an indexed recording a sound, or a part of it, occurs, as /search answers it:
    `events`, best first, `recordings`, `compared` and `note`. Raises Problem, and what the service
    raises."""
    with tempfile.TemporaryDirectory() as folder:
        if part:
            path = Path(folder) / 'part.wav'
            await _cut(await _file(service, sound), part, path)
            sound = Sound(path=path)
        clip = await _asked(service, sound, limit=MAX_EVENTS, within=Within(id_))
    return {name: getattr(clip, name) for name in ('events', 'recordings', 'compared', 'note')}


async def _cut(source: sources.Source | Path | None, part: Span, target: Path) -> None:
    if source is None:
        raise Problem('The file of your sound is gone, so no part of it can be looked for')
    path = source if isinstance(source, Path) else source.path
    try:
        await asyncio.to_thread(cut, path, part[0] / 1000, part[1] / 1000, target)
    except (AudioError, OSError) as error:
        raise Problem(f'{path.name} cannot be read any more ({error}); search again') from None


async def _asked(service: AudioService, sound: Sound, **options: Any) -> AudioClip:
    """The sound as the service answers a search with it."""
    # The place is taken before the sound is copied, so that searches that wait fill no disk.
    async with service.admission.place():
        upload = await receive(service, sound.path, keep=False) if sound.path else None
        (clip,) = await service.search(
            [ClipRequest(id=sound.id, uri=sound.uri, upload=upload)], **options
        )
    if clip.error:
        raise Problem(clip.error)
    return clip


async def receive(service: AudioService, path: Path, keep: bool) -> Upload:
    """Copy a file that Gradio took to where the service keeps sounds."""
    return await service.receive(_blocks(path), path.name, keep=keep)


async def _file(service: AudioService, sound: Sound) -> sources.Source | Path | None:
    """The file of the sound, or None: what is wrong with it is said by the search itself."""
    if sound.path is not None:
        return sound.path
    uri = sound.uri
    if sound.id:
        stored: AudioClip | None = await service.stored(sound.id)
        uri = stored.uri if stored else None
    try:
        return await asyncio.to_thread(sources.resolve, uri or '', service.roots)
    except sources.MediaError:
        return None


def _draw(source: sources.Source | Path | None) -> Picture | None:
    if source is None:
        return None
    try:
        if isinstance(source, Path):
            return spectrogram.of_file(source, source.stat().st_mtime_ns, 0.0, PICTURE_S)
        end_s = min(source.beg_s + PICTURE_S, source.end_s or np.inf)
        return spectrogram.of_file(source.path, source.mtime_ns, source.beg_s, end_s)
    except (AudioError, OSError):  # indexed once, and gone or damaged since
        return None


def _audio_src(sound: Sound, source: sources.Source | Path | None) -> str | None:
    if not isinstance(source, sources.Source):
        return None
    if sound.id:
        return audio_path(sound.id)
    if source.size > MAX_INLINE_BYTES:
        return None
    media_type = mimetypes.guess_type(source.path.name)[0] or 'audio/mpeg'
    return f'data:{media_type};base64,{base64.b64encode(source.path.read_bytes()).decode()}'


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open('rb') as file:
        while block := file.read(UPLOAD_BLOCK_BYTES):
            yield block


def _unit(vectors: np.ndarray) -> np.ndarray:
    values = vectors.astype(np.float32)
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    return values / np.where(lengths > 0, lengths, 1)
