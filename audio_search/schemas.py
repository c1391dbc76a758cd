"""The bodies of the HTTP API: Jina's envelope, typed, with every field explained."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from audio_search.documents import MAX_SAMPLE
from audio_search.store.records import MAX_DEPTH, check_json

CLIP = 'toy-data/111_churchbell.mp3'


def _writable(value: Any) -> Any:
    """Refuse what JSON text cannot carry: NaN, infinities, and halves of surrogate pairs."""
    try:
        check_json(value)
    except ValueError:
        raise ValueError(
            'has a number or a character that JSON cannot carry, or is nested more than '
            f'{MAX_DEPTH} deep'
        ) from None
    return value


def _no_boolean(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError('is true or false; give a number')
    return value


def _part(location: list[int]) -> list[int]:
    """Either nothing or a part of a file, in numbers that the documents can carry."""
    if location and not (len(location) == 2 and 0 <= location[0] < location[1] <= MAX_SAMPLE):
        raise ValueError(f'is [begin, end) with 0 <= begin < end <= {MAX_SAMPLE}')
    return location


def _empty_for_null(value: Any) -> Any:
    return {} if value is None else value


Text = Annotated[str, AfterValidator(_writable)]
JsonObject = Annotated[dict[str, Any], BeforeValidator(_empty_for_null), AfterValidator(_writable)]
Parameters = BeforeValidator(_empty_for_null)
Data = BeforeValidator(lambda value: [] if value is None else value)


class Body(BaseModel):
    """Unknown keys are ignored: Jina's client sends header, exec_endpoint and nulls."""

    model_config = ConfigDict(extra='ignore')


class ChunkBody(Body):
    """A window that the client cut itself."""

    tensor: list[Any] = Field(
        description='waveform [samples] or [channels, samples]; tags.sample_rate: its rate in Hz'
    )
    tags: JsonObject = Field(default_factory=dict)
    location: Annotated[list[int], AfterValidator(_part)] = Field(
        default_factory=list, description='[begin, end) in samples of the whole file at 16 kHz'
    )


class ClipBody(Body):
    """A sound, named by where it is."""

    id: Text | None = Field(default=None, description='its key; without one, a hash of the uri')
    uri: Text | None = Field(
        default=None,
        description='path below a folder the service may read, with #t=BEGIN,END (s) for a part; '
        'or a data: URI that holds the sound',
    )
    tags: Annotated[dict[str, Any] | None, AfterValidator(_writable)] = Field(
        default=None,
        description='any JSON object, kept and filtered by; without it, or null, a clip that is '
        'indexed already keeps its tags; {} removes them',
    )
    chunks: Annotated[list[ChunkBody], Data] = Field(default_factory=list)


class IndexParameters(Body):
    include: Annotated[list[Literal['embedding']], Data] = Field(
        default_factory=list, description='embedding: answer with the chunks and their vectors'
    )


class SearchParameters(IndexParameters):
    limit: Annotated[int | None, BeforeValidator(_no_boolean)] = Field(
        default=None,
        ge=1,
        le=2**53,
        description='number of clips wanted; 5 unless the service says otherwise',
    )
    filter: JsonObject = Field(
        default_factory=dict,
        description='only clips whose tags fit: {"label": "bell"}, with $in, $ne, $gt, $gte, $lt, '
        '$lte, $exists, $and, $or, $not',
    )
    exclude_self: bool = Field(default=False, description="leave out the query's own clip")


class DeleteParameters(Body):
    ids: Annotated[list[Text], Data] = Field(default_factory=list, description='of the clips')


class IndexBody(Body):
    data: Annotated[list[ClipBody], Data] = Field(default_factory=list)
    parameters: Annotated[IndexParameters, Parameters] = Field(default_factory=IndexParameters)
    model_config = ConfigDict(
        json_schema_extra={'examples': [{'data': [{'uri': CLIP, 'tags': {'label': 'churchbell'}}]}]}
    )


class SearchBody(Body):
    data: Annotated[list[ClipBody], Data] = Field(default_factory=list)
    parameters: Annotated[SearchParameters, Parameters] = Field(default_factory=SearchParameters)
    model_config = ConfigDict(
        json_schema_extra={'examples': [{'data': [{'uri': CLIP}], 'parameters': {'limit': 5}}]}
    )


class DeleteBody(Body):
    data: Annotated[list[ClipBody], Data] = Field(default_factory=list)
    parameters: Annotated[DeleteParameters, Parameters] = Field(default_factory=DeleteParameters)
    model_config = ConfigDict(json_schema_extra={'examples': [{'data': [{'uri': CLIP}]}]})


class UpdateBody(Body):
    data: Annotated[list[ClipBody], Data] = Field(default_factory=list)
    parameters: JsonObject = Field(default_factory=dict)
    model_config = ConfigDict(
        json_schema_extra={'examples': [{'data': [{'uri': CLIP, 'tags': {'label': 'bell'}}]}]}
    )


class ClearBody(Body):
    model_config = ConfigDict(json_schema_extra={'examples': [{}]})


class ChunkAnswer(BaseModel):
    """A window and its vector, where asked for."""

    id: str | None = None
    offset: int = Field(description='number of the window in its clip')
    location: list[int] = Field(description='[begin, end) in samples of the whole file at 16 kHz')
    tags: dict[str, Any] = Field(description='those of the clip, with beg_in_ms and end_in_ms')
    embedding: list[float] | None = Field(description='512 values in [-1, 1)')


class ClipAnswer(BaseModel):
    """What became of a clip."""

    id: str | None
    uri: str | None
    tags: dict[str, Any]
    error: str | None = Field(description='why it could not be used, and what to do; else null')
    chunk_count: int | None = Field(default=None, description='windows stored')
    chunks: list[ChunkAnswer] | None = None


class MatchAnswer(BaseModel):
    """A clip that sounds like the query, by its best window."""

    id: str
    uri: str | None
    scores: dict[str, float] = Field(
        description='cosine: distance 1 - cos, from 0 (identical) to 2; lower is better'
    )
    tags: dict[str, Any]
    beg_in_ms: int | None = Field(
        description='where the matching window begins in the matched file, ms; null for one that '
        'came without its location'
    )
    end_in_ms: int | None = Field(description='where it ends, ms')
    query_beg_in_ms: int | None = Field(description='where the query window begins in its file, ms')
    query_end_in_ms: int | None = Field(description='where it ends, ms')
    missing: bool = Field(default=False, description='true where the file of the clip is gone')


class QueryAnswer(BaseModel):
    """A query and its matches, nearest first."""

    id: str | None
    uri: str | None
    tags: dict[str, Any]
    error: str | None = Field(description='why it could not be used, and what to do; else null')
    matches: list[MatchAnswer]
    chunks: list[ChunkAnswer] | None = None


class Header(BaseModel):
    """As Jina's clients read it."""

    requestId: str = Field(description='stands in the log line of this request')


class IndexAnswer(BaseModel):
    data: list[ClipAnswer]
    parameters: dict[str, Any] = Field(default_factory=dict)
    header: Header


class SearchAnswer(BaseModel):
    data: list[QueryAnswer]
    parameters: dict[str, Any] = Field(default_factory=dict)
    header: Header


class Problem(BaseModel):
    """Why a request was refused."""

    detail: str = Field(description='one sentence that says what to do')


class Model(BaseModel):
    name: str = Field(description='official, compact, or the name of a file')
    sha256: str = Field(description='of the file of its weights')


class IndexFile(BaseModel):
    path: str
    bytes: int = Field(description='size of the file')


class Status(BaseModel):
    """What the service holds and runs on."""

    clips: int
    chunks: int
    model: Model
    index: IndexFile
    pooling: str = Field(description='how the vectors of a window are put together')
    window_s: float = Field(description='length of a window, s')
    stride_s: float = Field(description='from one window to the next, s')
    versions: dict[str, str]
