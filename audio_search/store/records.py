"""What the index keeps of a clip, and what a search finds."""

import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np

# The columns of `Clip.locations`; -1 stands for "not known".
LOCATION_COLUMNS = ('offset', 'begin', 'end', 'beg_in_ms', 'end_in_ms')
UNKNOWN = -1
EMBEDDING_SCALE = 128  # an embedding is a vector of integers in [-128, 127] over this
Words = tuple[tuple[str, float], ...]

MAX_DEPTH = 100  # of tags; an answer nested more than 254 deep cannot be written by pydantic


@dataclass
class Clip:
    """A clip with its chunks.

    `locations` is int64 [chunks, 5], one row per chunk, with LOCATION_COLUMNS: its number in the
    clip, [begin, end) in samples of `sample_rate` Hz, and the same in ms. `embeddings` is int8
    [chunks, dimensions], EMBEDDING_SCALE times the values that are compared. `chunk_tags` has for
    some rows the tags that the chunk has and its clip has not. `source` says which file it came
    from (`sources.Source.fingerprint`): `path`, and as `sound` the id that a clip of that file has
    unless another one was given. `words` are the names of sounds that are heard in it, each with a
    probability, the most telling first; None where that is not known.
    """

    id: str
    uri: str | None
    tags: dict[str, Any]
    locations: np.ndarray
    embeddings: np.ndarray
    sample_rate: int | None = None
    source: dict[str, Any] | None = None
    chunk_tags: dict[int, dict[str, Any]] = field(default_factory=dict)
    words: Words | None = None

    @property
    def chunk_count(self) -> int:
        return len(self.embeddings)


@dataclass(frozen=True)
class KeptParts:
    """Of a recording that is not stored yet, the parts that are: their numbers, ascending, how many
    there will be, and the version of the file that they are of (`sources.Source.version`)."""

    numbers: tuple[int, ...]
    count: int
    source: dict[str, Any] | None


@dataclass(frozen=True)
class Neighbour:
    """A stored chunk, and its cosine distance from a query: 1 - cos, in [0, 2].

    `location` is the chunk's row of `Clip.locations`, `chunk_tags` the tags that its clip has not.
    """

    clip_id: str
    uri: str | None
    tags: dict[str, Any]
    sample_rate: int | None
    location: tuple[int, ...]
    chunk_tags: dict[str, Any]
    distance: float
    has_file: bool = False  # whether the clip's sound came from a file
    words: Words | None = None  # of its clip


def neighbour_of(clip: Clip, row: int, distance: float) -> Neighbour:
    """The chunk in a row of a clip, at a distance."""
    return Neighbour(
        clip_id=clip.id,
        uri=clip.uri,
        tags=clip.tags,
        sample_rate=clip.sample_rate,
        location=tuple(clip.locations[row].tolist()),
        chunk_tags=clip.chunk_tags.get(row, {}),
        distance=distance,
        has_file=clip.source is not None,
        words=clip.words,
    )


@dataclass(frozen=True)
class Entry:
    """A stored clip without its chunks."""

    id: str
    uri: str | None
    tags: dict[str, Any]
    source: dict[str, Any] | None
    chunk_count: int
    words: Words | None = None


@dataclass(frozen=True)
class Sample:
    """Some of the stored chunks: their embeddings, int8 [n, dimensions], and int64 [n], a number
    for each that is the same for chunks of one clip."""

    vectors: np.ndarray
    clips: np.ndarray


@dataclass(frozen=True)
class ClipRef:
    """A clip by its id or, failing that, its uri."""

    id: str | None
    uri: str | None


def version_of(source: dict[str, Any] | None) -> dict[str, Any] | None:
    """A `Clip.source` without the hash, which of a recording's parts only the last one has."""
    if source is None:
        return None
    return {name: value for name, value in source.items() if name != 'sha256'}


def to_json(value: Any) -> str:
    """JSON text; ValueError for what JSON does not have (NaN, infinity)."""
    return json.dumps(value, allow_nan=False, separators=(',', ':'))


def check_json(*values: Any) -> None:
    """Raise ValueError for what could not be answered later: values that are not JSON, text that is
    not Unicode, or more than MAX_DEPTH levels of nesting."""
    try:
        json.dumps(values, allow_nan=False, ensure_ascii=False).encode()
        if max(map(_depth, values)) > MAX_DEPTH:
            raise ValueError(f'nested more than {MAX_DEPTH} deep')
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(
            f'The id, uri or tags are not valid JSON ({error}); correct them'
        ) from None


def _depth(value: Any) -> int:
    """How many objects or lists the innermost value is in."""
    depth, level = -1, [value]
    while level:
        depth += 1
        inside = (v.values() if isinstance(v, dict) else v for v in level if _is_nest(v))
        level = [inner for values in inside for inner in values]
    return depth


def _is_nest(value: Any) -> bool:
    return isinstance(value, (dict, list))
