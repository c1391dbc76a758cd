"""What is asked of the service: clips and chunks as clients name them, and what becomes of each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from docarray import DocList

from audio_search.audio import sources
from audio_search.audio.windows import in_ms
from audio_search.documents import MAX_MS, AudioChunk, AudioClip, Embedding, Tags, fail
from audio_search.errors import Kind
from audio_search.roots import Roots
from audio_search.service.uploads import Upload, Uploads
from audio_search.service.vectors import in_8_bits

TIMES = ('beg_in_ms', 'end_in_ms')


@dataclass(frozen=True)
class ChunkRequest:
    """A window that the client cut itself.

    `tensor` is a waveform [samples] or [channels, samples] at `sample_rate` Hz (a tag). `location`
    is [begin, end) in samples at 16 kHz of the whole file, or empty.
    """

    tensor: Any
    tags: dict[str, Any] = field(default_factory=dict)
    location: Sequence[int] = ()


@dataclass(frozen=True)
class ClipRequest:
    """A clip, named by its `id`, its `uri`, or the file it came in (`upload`); or a query of
    `words` or of its windows' vectors, [dimensions] or [windows, dimensions], without a sound.

    A query may have examples instead, each a request as for a query: it finds what is `like` some
    and `unlike` others. The `id` of a query may name a part of a stored clip, as in ID#t=4,8. A
    search that is `saved` by that name adds its own examples; one that `may_be_gone` is left out
    where it is, and named in the note of the query.

    Without `tags` (None) a stored clip keeps those it has, and a new one gets `new_tags`.
    """

    id: str | None = None
    uri: str | None = None
    tags: dict[str, Any] | None = None
    new_tags: dict[str, Any] | None = None
    chunks: Sequence[ChunkRequest] = ()
    upload: Upload | None = None
    words: str | None = None
    vector: Any = None
    like: Sequence['ClipRequest'] = ()
    unlike: Sequence['ClipRequest'] = ()
    saved: str | None = None
    may_be_gone: bool = False


@dataclass
class Item:
    """One document of a request: its clip, and what is known of it before the executors run."""

    clip: AudioClip
    source: sources.Source | None = None
    upload: Upload | None = None  # where its sound came in the request
    is_stored: bool = False
    duration_s: float = 0.0
    # Of a long recording that is indexed part by part: in how many pieces it is read, the parts
    # that the index does not have yet, and what it has (documents.AudioClip.kept_parts).
    piece_count: int = 1
    parts: Sequence[int] = ()
    kept_parts: dict[str, Any] | None = None
    # What a query without a sound is called in its answer: it has no clip whose id it could have.
    answer_id: str | None = None
    may_be_gone: bool = False

    @property
    def has_sound(self) -> bool:
        """Whether there is something to decode or to encode."""
        return self.source is not None or any(one.embedding is None for one in self.clip.chunks)

    def fail(self, error: Exception, kind: Kind = Kind.UNUSABLE) -> None:
        """Mark as failed. Every answer has an id; without one, hash the uri's text."""
        self.clip.id = self.clip.id or sources.clip_id(self.clip.uri or self.clip.words or '')
        fail(self.clip, error, kind)

    def name_as(self, request: ClipRequest) -> None:
        """Call a query in its answer as the client called it."""
        self.clip.uri = self.upload.name if self.upload else request.uri or self.clip.uri
        self.clip.id = request.id or self.answer_id or self.clip.id


def resolve(request: ClipRequest, uploads: Uploads, roots: Roots, keep: bool) -> Item:
    """Find the sound of a request. What is wrong with it becomes its clip's error.

    `keep` is for clips that are to be stored; a query may be named by its id alone, or have words.
    """
    clip = AudioClip(id=request.id, uri=request.uri, tags=request.tags)
    item = Item(clip, upload=request.upload, may_be_gone=request.may_be_gone)
    try:
        if request.words is not None:
            _take_words(item, request, request.words, keep)
        elif request.vector is not None:
            _take_vectors(item, request)
        elif request.chunks:
            if not (request.id or request.uri):
                raise ValueError('chunks need the id or the uri of their clip; add one')
            item.clip.uri = request.uri and sources.stored_uri(request.uri, roots)
            item.clip.chunks = DocList[AudioChunk](
                _chunk(chunk, offset, request) for offset, chunk in enumerate(request.chunks)
            )
        elif request.uri or request.upload:
            _find_sound(item, request, uploads, roots, keep)
        elif keep or not request.id:
            raise ValueError('neither a uri nor chunks were given; give the uri of a sound')
    except OSError as error:
        reason = f'the sound cannot be kept ({error.strerror}); make room or try again'
        item.fail(ValueError(reason), Kind.STORAGE)
    except ValueError as error:
        item.fail(error)
    return item


def resolve_name(request: ClipRequest, roots: Roots) -> Item:
    """The clip that a request names by its id or uri, whether or not there is a file."""
    item = Item(AudioClip(id=request.id, uri=request.uri, tags=request.tags))
    if request.uri:
        item.clip.uri = sources.stored_uri(request.uri, roots)
    if not (request.id or request.uri):
        reason = 'neither an id nor a uri was given; name the clip by one of them'
        item.fail(ValueError(reason))
    return item


def mark_known(items: Sequence[Item], stored: Sequence[AudioClip]) -> None:
    """Give each item the id it is stored under, and mark those whose file did not change."""
    for item, known in zip(items, stored, strict=True):
        assert item.source
        item.kept_parts = known.kept_parts
        if not known.chunk_count:
            continue
        item.is_stored = True
        if item.clip.id == item.source.id:  # not one that the user gave
            item.clip.id = known.id
        if item.clip.id == known.id and item.source.is_unchanged_since(known.source):
            item.clip.chunk_count = known.chunk_count


def like(winner: AudioClip, clip: AudioClip) -> AudioClip:
    """The answer for a clip that the same request indexed again later."""
    return AudioClip(
        id=winner.id,
        uri=clip.uri,
        tags=winner.tags if clip.tags is None else clip.tags,
        chunk_count=winner.chunk_count,
        error=winner.error,
        error_kind=winner.error_kind,
    )


def with_sound(id_: str, sound: np.ndarray) -> AudioClip:
    """A document that names a clip and has the windows of a sound, int8 [windows, dimensions]."""
    return AudioClip(id=id_, chunks=DocList[AudioChunk](_windows(sound)))


def _windows(vectors: np.ndarray) -> Iterator[AudioChunk]:
    return (AudioChunk(embedding=Embedding.from_int8(vector)) for vector in vectors)


def _take_words(item: Item, request: ClipRequest, words: str, keep: bool) -> None:
    if keep:
        raise ValueError('words are searched with and never indexed; give the uri of a sound')
    if request.uri or request.upload or request.chunks or request.vector is not None:
        raise ValueError(
            'a query has words or a sound, and both were given; send them as two documents'
        )
    item.clip.words = words
    item.clip.id = sources.clip_id(words)  # in place of its own, which may be that of a clip


def _take_vectors(item: Item, request: ClipRequest) -> None:
    if request.uri or request.upload or request.chunks:
        raise ValueError('a query has a vector or a sound, and both were given; leave one out')
    windows = in_8_bits(request.vector)
    item.answer_id = sources.clip_id(windows.tobytes().hex())
    item.clip.chunks = DocList[AudioChunk](_windows(windows))


def _find_sound(
    item: Item, request: ClipRequest, uploads: Uploads, roots: Roots, keep: bool
) -> None:
    if request.uri and request.uri.startswith('data:'):
        item.upload = uploads.save_data_uri(request.uri, keep)
    if item.upload:
        item.clip.uri = item.upload.uri
    item.source = sources.resolve(str(item.clip.uri), roots)
    if not item.upload:  # whose uri is relative to the media folder
        item.clip.uri = item.source.relative_uri(roots)
    # A query's own id is only given back: its clip is the one of that sound.
    item.clip.id = (keep and request.id) or item.source.id
    if item.upload and not (keep and request.id):
        item.clip.id = sources.clip_id(uploads.folder / item.upload.kept_uri)


def _chunk(chunk: ChunkRequest, offset: int, clip: ClipRequest) -> AudioChunk:
    location = list(chunk.location)
    own = {key: value for key, value in chunk.tags.items() if key not in TIMES}
    times = {name: chunk.tags.get(name) for name in TIMES}
    if location:
        given = [in_ms(edge) for edge in location]
        times = {
            name: time if times[name] is None else times[name]
            for name, time in zip(TIMES, given, strict=True)
        }
    try:
        tensor = np.asarray(chunk.tensor, dtype=np.float32)
    except (ValueError, TypeError) as error:
        raise ValueError(f'the chunks cannot be read ({error}); send tensors of numbers') from None
    return AudioChunk(
        parent_id=clip.id,
        uri=clip.uri,
        offset=offset,
        location=location,
        beg_in_ms=_checked_ms(times['beg_in_ms'], 'beg_in_ms', offset),
        end_in_ms=_checked_ms(times['end_in_ms'], 'end_in_ms', offset),
        tags=Tags(own),
        tensor=tensor,
    )


def _checked_ms(value: Any, name: str, offset: int) -> int | None:
    if value is None:
        return None
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= MAX_MS:
        raise ValueError(
            f'{name} of chunk {offset} is {sources.shorten(repr(value))}; '
            'give a number of milliseconds'
        )
    return round(value)
