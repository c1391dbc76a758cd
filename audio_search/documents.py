"""The documents that travel through the Flow: clips, their chunks, and matches."""

import audio_search.prepare  # noqa: F401  hides TensorFlow from docarray's import

# isort: split
import glob
import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from docarray import BaseDoc, DocList
from docarray.base_doc.base_node import BaseNode
from docarray.proto import DocProto, NodeProto
from docarray.typing import ID, NdArray
from docarray.typing.proto_register import _register_proto
from pydantic import Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from audio_search.errors import Kind
from audio_search.store.records import EMBEDDING_SCALE

MAX_MS = 2**31 - 1  # of a time: docarray carries numbers in 32 bits, which are 24 days
MAX_SAMPLE = MAX_MS * 16  # of a location, at 16 kHz
# The note of a clip whose vectors are all zero.
GONE = 'examples that are gone were left out: '  # in the note of a query
MAX_NAMED = 3  # of these
SILENT = (
    'nothing can be heard in this sound: it is silent, or nearly so, from beginning to end, so '
    'nothing is near to it'
)


class _JsonText(BaseNode):
    """A JSON value that travels as text: docarray's own dicts and lists cut integers to 32 bits."""

    def _to_node_protobuf(self) -> NodeProto:
        return NodeProto(text=json.dumps(self), type=self._proto_type_name)

    @classmethod
    def from_protobuf(cls, text: str) -> Any:  # type: ignore[override]
        return cls(json.loads(text))  # type: ignore[call-arg]


@_register_proto(proto_type_name='audio_search_json')
class Tags(dict[str, Any], _JsonText):  # type: ignore[misc, type-var]
    """A JSON object."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        json_object = core_schema.dict_schema(core_schema.str_schema(), core_schema.any_schema())
        return core_schema.no_info_after_validator_function(cls, json_object)


@_register_proto(proto_type_name='audio_search_integers')
class Integers(list[int], _JsonText):  # type: ignore[misc, type-var]
    """Whole numbers of any size."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        integers = core_schema.list_schema(core_schema.int_schema())
        return core_schema.no_info_after_validator_function(cls, integers)


@_register_proto(proto_type_name='audio_search_json_list')
class Rows(list[dict[str, Any]], _JsonText):  # type: ignore[misc, type-var]
    """JSON objects."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        rows = core_schema.list_schema(core_schema.dict_schema(core_schema.str_schema()))
        return core_schema.no_info_after_validator_function(cls, rows)


@_register_proto(proto_type_name='audio_search_embedding')
class Embedding(NdArray):
    """A float32 vector of centred 8-bit values / 128; it travels as those integers, one byte each.

    `to_int8` and `from_int8` lose nothing on such a vector; any other is rounded to 8 bits.
    """

    def to_int8(self) -> np.ndarray:
        return np.clip(np.rint(np.asarray(self) * EMBEDDING_SCALE), -128, 127).astype(np.int8)

    @classmethod
    def from_int8(cls, values: np.ndarray) -> 'Embedding':
        return cls._docarray_from_native(values.astype(np.float32) / EMBEDDING_SCALE)

    def _to_node_protobuf(self) -> NodeProto:
        return NodeProto(blob=self.to_int8().tobytes(), type=self._proto_type_name)

    @classmethod
    def from_protobuf(cls, blob: bytes) -> 'Embedding':  # type: ignore[override]
        return cls.from_int8(np.frombuffer(blob, np.int8))


@_register_proto(proto_type_name='audio_search_id')
class Key(ID):
    """An id. docarray's own builds a validator each time one arrives."""

    @classmethod
    def from_protobuf(cls, text: str) -> 'Key':  # type: ignore[override]
        return cls(text)


if TYPE_CHECKING:
    # What may be assigned to such a field: pydantic converts it, which a type checker cannot know.
    Id = str
    ErrorKind = Kind
    JsonObject = dict[str, Any]
    Numbers = list[int]
    JsonRows = list[dict[str, Any]]
    Tensor = np.ndarray
else:
    Id = Key
    ErrorKind = str  # docarray rebuilds documents from their schemas, without enums
    JsonObject = Tags
    Numbers = Integers
    JsonRows = Rows
    Tensor = NdArray


class Match(BaseDoc):
    """A chunk near a query chunk, or (after ranking) a clip near a query clip.

    A chunk match has the tags of the chunk in `tags` and those of its clip in `clip_tags`; a clip
    match has the clip's in `tags`.

    A match travels as one JSON text: a search has some twenty of them, and field by field docarray
    takes longer over them than the search does.
    """

    id: Id | None = None  # type: ignore[assignment]
    parent_id: Id | None = None
    uri: str | None = None
    tags: JsonObject = Field(default_factory=Tags)
    scores: dict[str, float] = Field(
        default_factory=dict, description='{"cosine": 1 - cos}, in [0, 2]: 0 is identical'
    )
    beg_in_ms: int | None = None
    end_in_ms: int | None = None
    query_beg_in_ms: int | None = None
    query_end_in_ms: int | None = None
    clip_tags: JsonObject = Field(
        default_factory=Tags, description='of a chunk match: the tags of its clip'
    )
    has_file: bool = Field(default=False, description='whether its sound came from a file')
    missing: bool | None = Field(default=None, description='true where its file is gone')
    more_from_same: int | None = Field(
        default=None, description='how many clips of its group were left out, see places'
    )
    score: float | None = Field(
        default=None, description='how probable it is to be right, see fitting'
    )
    rarity: float | None = Field(
        default=None, description='which share of random pairs is nearer, see rarity'
    )
    recorded_at: str | None = Field(default=None, description='when its part was, see wall_clock')
    words: JsonRows | None = Field(
        default=None, description='{"name", "probability"} of the sounds heard in its clip'
    )

    def to_protobuf(self) -> DocProto:
        return DocProto(data={'json': NodeProto(text=self.model_dump_json(exclude_defaults=True))})

    @classmethod
    def from_protobuf(cls, message: DocProto) -> 'Match':
        return cls.model_validate_json(message.data['json'].text)


class AudioChunk(BaseDoc):
    """One window of a clip."""

    id: Id | None = None  # type: ignore[assignment]
    parent_id: Id | None = None
    uri: str | None = None
    offset: int = 0
    location: Numbers = Field(
        default_factory=Integers, description='[begin, end) in samples of the whole file'
    )
    beg_in_ms: int | None = Field(default=None, description='of the whole file, as location')
    end_in_ms: int | None = None
    tags: JsonObject = Field(
        default_factory=Tags,
        description='its own, such as sample_rate; those of its clip are added in answers',
    )
    tensor: Tensor | None = None
    embedding: Embedding | None = None
    matches: DocList[Match] = Field(default_factory=DocList[Match])


class AudioClip(BaseDoc):
    """One recording, or a part of one.

    Without `tags` (None) an indexed clip keeps those it has; an empty object removes them.
    """

    id: Id | None = None  # type: ignore[assignment]
    uri: str | None = None
    words: str | None = Field(
        default=None, description='of a query: what it is in place of a sound, see words'
    )
    named: JsonRows | None = Field(
        default=None,
        description='{"words", "names", "sign"} for each sound that the words of a query name',
    )
    examples: JsonRows | None = Field(
        default=None,
        description='of a query with several: whether each "is_wanted"; and the "id" of a stored '
        'clip or a part of one, or the chunks that it is, from number "first" up to "end", with '
        'the "id" and "uri" of their clip; one that "may_be_gone" is left out where it is',
    )
    tags: JsonObject | None = None
    tensor: Tensor | None = Field(
        default=None,
        description='mono waveform at 16 kHz, float32 [samples], beginning where chunks[0] does',
    )
    chunks: DocList[AudioChunk] = Field(default_factory=DocList[AudioChunk])
    chunk_count: int | None = None
    piece: Numbers | None = Field(
        default=None,
        description='of a long recording that is read piece by piece: [number, how many]; its '
        'chunks are those that begin in it',
    )
    part: Numbers | None = Field(
        default=None,
        description='of a long recording that is stored part by part, each of some pieces: '
        '[number, how many]',
    )
    kept_parts: JsonObject | None = Field(
        default=None,
        description='of a recording that is not stored yet: numbers of the parts that are, count '
        'of all, and the source that they are of',
    )
    matches: DocList[Match] = Field(default_factory=DocList[Match])
    events: JsonRows | None = Field(
        default=None,
        description='of a search within recordings: {"id", "uri", "beg_s", "end_s", "peak_s", '
        '"distance", "rarity"} for each place where the sound occurs, best first',
    )
    stretches: JsonRows | None = Field(
        default=None, description='of a stored clip: how near it is to a sound, see stretches'
    )
    recordings: JsonRows | None = Field(
        default=None,
        description='{"id", "uri", "duration_s", "recorded_at"} of the recordings of the events',
    )
    compared: str | None = Field(
        default=None, description='what of the sounds was compared: example or window'
    )
    max_distance: float | None = Field(
        default=None, description='what is further away is none of the events'
    )
    error: str | None = None
    error_kind: ErrorKind | None = None
    note: str | None = Field(
        default=None, description='what the user should know of a clip that could be used'
    )
    source: JsonObject | None = Field(
        default=None, description='of the file the uri names: path, size, mtime_ns, sha256'
    )

    def to_protobuf(self) -> DocProto:
        """Without the fields that are None, which are that on arrival too: most are of one endpoint
        alone."""
        message = super().to_protobuf()
        for name in type(self).model_fields:
            if getattr(self, name) is None:
                message.data.pop(name, None)
        return message


def from_files(patterns: str | Iterable[str]) -> DocList[AudioClip]:
    """One clip for each file that a glob pattern (or any of several) finds, in sorted order."""
    patterns = [patterns] if isinstance(patterns, str) else list(patterns)
    paths = sorted({path for pattern in patterns for path in glob.glob(pattern, recursive=True)})
    return DocList[AudioClip](AudioClip(uri=path) for path in paths)


def note_gone(clip: AudioClip, names: Sequence[str]) -> None:
    """Say in the note of a query which of its examples are gone and were left out."""
    if not names:
        return
    first = ', '.join(name[:80] for name in names[:MAX_NAMED])
    more = f' and {len(names) - MAX_NAMED} more' if len(names) > MAX_NAMED else ''
    said = f'{GONE}{first}{more}'
    clip.note = f'{clip.note}; {said}' if clip.note else said


def fail(clip: AudioClip, error: Exception, default: Kind = Kind.UNUSABLE) -> None:
    """Mark a clip as failed: with the error's sentence, and the kind it was raised with."""
    clip.error = str(error)
    clip.error_kind = getattr(error, 'kind', default)
