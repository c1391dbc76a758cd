"""Documents <-> what the store keeps."""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from docarray import DocList
from docarray.typing import ID

from audio_search.audio import sources
from audio_search.documents import (
    EMBEDDING_SCALE,
    AudioChunk,
    AudioClip,
    Embedding,
    Match,
    Rows,
    Tags,
)
from audio_search.store import Clip, ClipRef, ClipStore, Configuration, Entry, Neighbour
from audio_search.store.records import LOCATION_COLUMNS, UNKNOWN, Words, to_json
from audio_search.wall_clock import recorded_at

EVERY = slice(None)
MAX_MS = 2**53
END_IN_MS = LOCATION_COLUMNS.index('end_in_ms')
SAMPLE_RATE = 'sample_rate'  # of a chunk's tags; kept once per clip where all chunks agree


def record_of(doc: AudioClip, dimensions: int) -> Clip:
    """What is kept of a clip, or of a part of one. Raises ValueError for what cannot be kept."""
    if not doc.id and not doc.uri:
        raise ValueError('A clip needs an id or a uri to be stored under; give it one')
    rates = {chunk.tags.get(SAMPLE_RATE) for chunk in doc.chunks}
    is_empty = doc.part is not None and not doc.chunks  # the recording ends before this part
    return Clip(
        id=doc.id or hashlib.sha256(str(doc.uri).encode()).hexdigest()[:32],
        uri=doc.uri,
        tags=dict(doc.tags or {}),
        source=None if doc.source is None else dict(doc.source),
        sample_rate=rates.pop() if len(rates) == 1 else None,
        locations=np.array([_location(chunk) for chunk in doc.chunks], np.int64).reshape(
            -1, len(LOCATION_COLUMNS)
        ),
        chunk_tags={row: own for row, chunk in enumerate(doc.chunks) if (own := _own_tags(chunk))},
        embeddings=np.zeros((0, dimensions), np.int8)
        if is_empty
        else embeddings_of(doc, dimensions),
    )


def embeddings_of(doc: AudioClip, dimensions: int) -> np.ndarray:
    """int8 [chunks, dimensions]. Raises ValueError where chunks or embeddings are missing."""
    name = doc.uri or doc.id or 'the vector'
    vectors = [chunk.embedding for chunk in doc.chunks if chunk.embedding is not None]
    if not vectors or len(vectors) < len(doc.chunks):
        raise ValueError(f'{name} came without embeddings; send it through the whole Flow')
    for vector in vectors:
        if np.shape(vector) != (dimensions,):
            raise ValueError(
                f'{name} has embeddings of shape {np.shape(vector)}, the index those of '
                f'{dimensions} dimensions; use the same model and pooling'
            )
    values = np.rint(np.stack(vectors) * EMBEDDING_SCALE)
    return np.clip(values, -128, 127).astype(np.int8)


def part_of(parameters: dict[str, Any]) -> slice:
    """The chunks from number `start` on, up to `end`, as far as they are given."""
    edges = (parameters.get(name) for name in ('start', 'end'))
    return slice(*(None if edge is None else max(0, int(edge)) for edge in edges))


def fill_chunks(doc: AudioClip, clip: Clip, part: slice = EVERY) -> None:
    """Give a document the chunks, or a part of them, and the tags and uri of a stored clip."""
    rows = range(clip.chunk_count)[part]
    doc.uri = clip.uri
    doc.tags = Tags(clip.tags)
    doc.chunks = DocList[AudioChunk](
        AudioChunk(
            id=_chunk_id(clip.id, offset),
            parent_id=ID(clip.id),
            uri=clip.uri,
            offset=offset,
            location=[] if begin == UNKNOWN else [begin, end],
            beg_in_ms=_known(beg_in_ms),
            end_in_ms=_known(end_in_ms),
            tags=_chunk_tags(clip.sample_rate, clip.chunk_tags.get(row, {})),
            embedding=Embedding.from_int8(clip.embeddings[row]),
        )
        for row, (offset, begin, end, beg_in_ms, end_in_ms) in zip(
            rows, clip.locations[part].tolist(), strict=True
        )
    )


def fill_entry(doc: AudioClip, entry: Entry) -> None:
    """Give a document the id, uri, chunk count and source of a stored clip."""
    doc.id = ID(entry.id)
    doc.uri = entry.uri
    doc.chunk_count = entry.chunk_count
    doc.source = None if entry.source is None else Tags(entry.source)


def recording_of(clip: Clip) -> dict[str, Any]:
    """A stored clip as an answer names it in which something was looked for: `duration_s` is as far
    as its windows go, and `recorded_at` when its file begins, where that is known."""
    end_in_ms = int(clip.locations[:, END_IN_MS].max(initial=UNKNOWN))
    found = {
        'id': clip.id,
        'uri': clip.uri,
        'duration_s': None if end_in_ms == UNKNOWN else end_in_ms / 1000,
    }
    start = recorded_at(clip.uri, clip.tags, 0)
    return found if start is None else found | {'recorded_at': start}


def known(store: ClipStore, names: Sequence[Sequence[str | None]]) -> dict[str, Any]:
    """The stored clips with these ids or uris, as JSON texts: `clips`, null for each that is not
    stored; and `kept`, how much is kept of a recording that is not stored yet, from 0 to 1."""
    refs = [ClipRef(*name) for name in names]
    found = store.find_many(refs)
    kept = [
        None if entry or not ref.id else store.kept_parts(ref.id)
        for entry, ref in zip(found, refs, strict=True)
    ]
    return {
        'clips': to_json([entry and listed(entry, source=True) for entry in found]),
        'kept': to_json([parts and len(parts.numbers) / parts.count for parts in kept]),
        'total': len(found),
    }


def match_of(neighbour: Neighbour) -> Match:
    """A chunk match: its chunk's tags in `tags`, its clip's in `clip_tags`."""
    offset, _, _, beg_in_ms, end_in_ms = neighbour.location
    return Match(
        id=_chunk_id(neighbour.clip_id, offset),
        parent_id=ID(neighbour.clip_id),
        uri=neighbour.uri,
        beg_in_ms=_known(beg_in_ms),
        end_in_ms=_known(end_in_ms),
        tags=_chunk_tags(neighbour.sample_rate, neighbour.chunk_tags),
        clip_tags=Tags(neighbour.tags),
        scores={'cosine': neighbour.distance},
        has_file=neighbour.has_file,
        words=words_of(neighbour.words) or None,
    )


def listed(entry: Entry, *, source: bool = False) -> dict[str, Any]:
    """A stored clip as /clips lists it; with its `source` where it was asked for by name."""
    found: dict[str, Any] = {
        'id': entry.id,
        'uri': entry.uri,
        'tags': entry.tags,
        'chunk_count': entry.chunk_count,
        'has_file': entry.source is not None,
    }
    if entry.words:
        found['words'] = words_of(entry.words)
    if source:
        found['source'] = entry.source
    return found


def status_of(
    made: Configuration, clips: int, chunks: int, address: str, size_bytes: int
) -> dict[str, Any]:
    """What is stored, where, and how it was made, as `service.views.status_of` reads it."""
    return {
        'clips': clips,
        'chunks': chunks,
        'model': {'name': made.model_name, 'sha256': made.model_sha256},
        'index': {'path': address, 'bytes': size_bytes},
        'pooling': made.pooling,
        'dimensions': made.dimensions,
        'window_s': made.window_s,
        'stride_s': made.stride_s,
        'padding': made.padding,
        'lift_to_dbfs': made.lift_to_dbfs,
        'silence': made.silence,
    }


def words_of(words: Words | None) -> Rows:
    """As answers have them: {name, probability}, the most telling first."""
    return Rows({'name': name, 'probability': p} for name, p in words or ())


def _chunk_id(clip_id: str, offset: int) -> ID:
    return ID(f'{clip_id}.{offset}')


def _known(time_in_ms: int) -> int | None:
    return None if time_in_ms == UNKNOWN else time_in_ms


def _chunk_tags(sample_rate: int | None, own: dict[str, Any]) -> Tags:
    return Tags({SAMPLE_RATE: sample_rate} | own)


def _location(chunk: AudioChunk) -> list[int]:
    """One row of Clip.locations, see store.records.LOCATION_COLUMNS."""
    begin, end = chunk.location if len(chunk.location) == 2 else (UNKNOWN, UNKNOWN)
    times = (_ms(chunk, 'beg_in_ms'), _ms(chunk, 'end_in_ms'))
    return [chunk.offset, begin, end, *times]


def _ms(chunk: AudioChunk, name: str) -> int:
    value = getattr(chunk, name)
    if value is None:
        return UNKNOWN
    if not 0 <= value <= MAX_MS:
        raise ValueError(
            f'{name} of chunk {chunk.offset} is {sources.shorten(repr(value))}; '
            'give a number of milliseconds'
        )
    return int(value)


def _own_tags(chunk: AudioChunk) -> dict[str, Any]:
    return {key: value for key, value in chunk.tags.items() if key != SAMPLE_RATE}
