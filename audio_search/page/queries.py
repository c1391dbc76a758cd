"""A search from the page: the sound, its picture, and its matches."""

import asyncio
import base64
import mimetypes
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from audio_search.audio import sources
from audio_search.audio.cutting import cut
from audio_search.audio.decoding import AudioError
from audio_search.documents import AudioChunk, AudioClip, Match
from audio_search.page import spectrogram
from audio_search.page.asked import Asked, Example
from audio_search.page.spectrogram import Picture
from audio_search.page.text import Problem, file_name, label_of
from audio_search.paths import PAGE, audio_path
from audio_search.service.requests import ClipRequest
from audio_search.service.service import AudioService
from audio_search.service.uploads import Upload
from audio_search.service.within import MAX_REFINED, Within

PICTURE_S = 120.0  # of a longer query only the beginning is drawn
MAX_EVENTS = 5000  # drawn of one recording; browsers get slow with more
INCLUDE = ['embedding', 'rarity', 'score']
MAX_INLINE_BYTES = 1 << 20  # a sound that is not indexed has no address: it is put into the page
UPLOAD_BLOCK_BYTES = 1 << 20

Span = tuple[float, float]  # [start, end) in ms of the whole file


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
    """What was asked and its matches, nearest first; `farther` are those beyond the greatest
    distance, `judged` those that were judged already, `label` what they may be an example of.

    `audio_src` is where the browser gets the sound from: None where it is too long to be put into
    the page, where the file is gone, and for words. `note` is what the user should know of the
    query, such as that it is silent; `uri` where it is, or how it was called. `named` has for each
    of the typed words the names of sounds that they led to. `is_alone` says that nothing is found
    only because the chosen clip itself is left out.
    """

    asked: Asked
    name: str
    windows: Windows
    picture: Picture | None
    audio_src: str | None
    matches: list[Match] = field(default_factory=list)
    farther: list[Match] = field(default_factory=list)
    note: str | None = None
    uri: str | None = None
    named: Sequence[Mapping[str, Any]] = ()
    is_alone: bool = False
    judged: list[Match] = field(default_factory=list)
    label: str = ''

    @property
    def is_of_words(self) -> bool:
        """Whether words alone were searched for."""
        return bool(self.asked.single and self.asked.single.kind == 'words')

    @property
    def is_of_a_sound(self) -> bool:
        """Whether its windows are those of a sound: of words, and of several examples, it is a
        vector that is no part of any."""
        return self.asked.single is not None and not self.is_of_words


async def search(service: AudioService, asked: Asked) -> SearchResult:
    """Search as it was asked. Raises Problem, and what the service raises."""
    example = asked.single
    file = await _file(service, example) if example else None
    drawing = asyncio.create_task(asyncio.to_thread(_draw, file))
    fits, judged_ids = asked.filter(), sorted({one.clip_id for one in asked.judged})
    options: dict[str, Any] = {'limit': asked.limit, 'include': INCLUDE}
    try:
        clip = await _answer(
            service,
            asked,
            **options,
            filter=_without(fits, judged_ids),
            exclude_self=asked.exclude_self,
            order='doubtful' if asked.is_doubtful_first and not asked.single else None,
        )
        judged: list[Match] = []
        if judged_ids:
            options['limit'] = len(judged_ids)
            of_judged = {'$id': {'$in': judged_ids}}
            judged = list((await _answer(service, asked, **options, filter=of_judged)).matches)
        is_alone = False
        if asked.exclude_self and not (clip.matches or clip.note or judged):
            is_alone = bool((await _answer(service, asked, limit=1, filter=fits)).matches)
    except BaseException:
        drawing.cancel()
        raise
    near = [match for match in clip.matches if match.scores['cosine'] <= asked.max_distance]
    return SearchResult(
        asked=asked,
        name=_name(asked, clip),
        label=asked.label or await _label(service, asked),
        windows=Windows.of(list(clip.chunks)),
        picture=await drawing,
        audio_src=await asyncio.to_thread(_audio_src, example, file) if example else None,
        matches=near,
        farther=list(clip.matches)[len(near) :],
        judged=judged,
        note=clip.note,
        uri=clip.uri,
        named=clip.named or (),
        is_alone=is_alone,
    )


def _name(asked: Asked, clip: AudioClip) -> str:
    """What a query is called."""
    if asked.single and asked.single.kind != 'words':
        return file_name(clip.uri, clip.tags or {})
    return ', '.join(one.name or one.value for one in asked.like)


async def _label(service: AudioService, asked: Asked) -> str:
    """What matches may be an example of: the words that were searched with, or the label of the
    first example."""
    for one in asked.like:
        if one.kind == 'words':
            return one.value
        if one.kind == 'id' and (stored := await service.stored(one.clip_id)):
            return label_of(stored.tags or {})
    return ''


def _without(fits: dict[str, Any] | None, ids: list[str]) -> dict[str, Any] | None:
    if not ids:
        return fits
    others = {'$not': {'$id': {'$in': ids}}}
    return {'$and': [fits, others]} if fits else others


async def find_inside(
    service: AudioService, sound: Example, id_: str, part: Span | None = None, *, refine: bool
) -> dict[str, Any]:
    """Where in an indexed recording a sound, or a part of it, occurs, as /search answers it:
    `events`, best first, `recordings`, `compared` and `note`. Raises Problem, and what the service
    raises."""
    limit, within = MAX_REFINED if refine else MAX_EVENTS, Within(id_, refine=refine)
    with tempfile.TemporaryDirectory() as folder:
        if part:
            path = Path(folder) / 'part.wav'
            await _cut(await _file(service, sound), part, path)
            sound = Example('own', str(path), sound.name)
        clip = await _answer(service, Asked(like=(sound,)), limit=limit, within=within)
    return {name: getattr(clip, name) for name in ('events', 'recordings', 'compared', 'note')}


async def _cut(source: sources.Source | Path | None, part: Span, target: Path) -> None:
    if source is None:
        raise Problem('The file of your sound is gone, so no part of it can be looked for')
    path = source if isinstance(source, Path) else source.path
    try:
        await asyncio.to_thread(cut, path, part[0] / 1000, part[1] / 1000, target)
    except (AudioError, OSError) as error:
        raise Problem(f'{path.name} cannot be read any more ({error}); search again') from None


async def _answer(service: AudioService, asked: Asked, **options: Any) -> AudioClip:
    """What the service answers to a search. Raises Problem, and what the service raises."""
    wanted, unwanted = [*asked.like, *asked.right], [*asked.unlike, *asked.wrong]
    for one in (*wanted, *unwanted):
        if one.path is not None and not one.path.exists():
            raise Problem('The sound is not kept any more; upload or record it again')
    # The place is taken before sounds are copied, so that searches that wait fill no disk.
    async with service.admission.place():
        like = [await _request(service, one) for one in wanted]
        unlike = [await _request(service, one) for one in unwanted]
        is_single = len(like) == 1 and not unlike
        request = like[0] if is_single else ClipRequest(like=like, unlike=unlike)
        (clip,) = await service.search([request], **options)
    if clip.error:
        raise Problem(clip.error)
    return clip


async def _request(service: AudioService, example: Example) -> ClipRequest:
    if example.path:
        return ClipRequest(upload=await receive(service, example.path, keep=False))
    named: dict[str, Any] = {example.kind: example.value}
    return ClipRequest(**named)


async def receive(service: AudioService, path: Path, keep: bool) -> Upload:
    """Copy a file that Gradio took to where the service keeps sounds."""
    return await service.receive(_blocks(path), path.name, keep=keep)


async def _file(service: AudioService, example: Example) -> sources.Source | Path | None:
    """The file of the sound, or None: what is wrong with it is said by the search itself."""
    if example.kind in ('words', 'own'):
        return example.path
    uri: str | None = example.value
    if example.kind == 'id':
        stored: AudioClip | None = await service.stored(example.clip_id)
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


def _audio_src(example: Example, source: sources.Source | Path | None) -> str | None:
    if source is None:
        return None
    if example.kind == 'id':
        return audio_path(example.clip_id)
    if isinstance(source, Path):  # kept by Gradio for a while, which serves it
        return f'{PAGE}/gradio_api/file={quote(str(source))}'
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
