"""The bodies of requests to the HTTP API: Jina's envelope, typed, with every field explained."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from audio_search.bodies import (
    Body,
    Data,
    JsonObject,
    Null,
    Number,
    Text,
    no_boolean,
    writable,
)
from audio_search.documents import MAX_SAMPLE, AudioChunk, AudioClip, Match

CLIP = 'toy-data/111_churchbell.mp3'
OTHER = 'toy-data/161_gunshot.mp3'
MAX_EXAMPLES = 1000  # of a query
MAX_VECTORS = 2000
Finite = Annotated[float, Field(allow_inf_nan=False)]
Vector = (
    Annotated[list[Finite] | list[list[Finite]], Field(min_length=1, max_length=MAX_VECTORS)] | None
)


def _part(location: list[int]) -> list[int]:
    """Either nothing or a part of a file, in numbers that the documents can carry."""
    if location and not (len(location) == 2 and 0 <= location[0] < location[1] <= MAX_SAMPLE):
        raise ValueError(f'is [begin, end) with 0 <= begin < end <= {MAX_SAMPLE}')
    return location


class ChunkBody(Body):
    """A window that the client cut itself."""

    tensor: list[Any] = Field(
        description='waveform [samples] or [channels, samples]; tags.sample_rate: its rate in Hz'
    )
    tags: JsonObject = Field(default_factory=dict)
    location: Annotated[list[int], AfterValidator(_part)] = Field(
        default_factory=list, description='[begin, end) in samples of the whole file at 16 kHz'
    )
    beg_in_ms: Number = Field(default=None, description='where it begins in its file')
    end_in_ms: Number = Field(default=None, description='where it ends')

    # The service numbers and names chunks itself, in the order they are sent in.
    passed = ('id', 'parent_id', 'uri', 'offset')
    read_only = tuple(AudioChunk.model_fields)


class ClipBody(Body):
    """A sound, named by where it is."""

    id: Text | None = Field(default=None, description='its key; without one, a hash of the uri')
    uri: Text | None = Field(
        default=None,
        description='path below a folder the service may read, with #t=BEGIN,END (s) for a part; '
        'or a data: URI that holds the sound',
    )
    tags: Annotated[dict[str, Any] | None, AfterValidator(writable)] = Field(
        default=None,
        description='any JSON object, kept and filtered by; without it, or null, a clip that is '
        'indexed already keeps its tags; {} removes them',
    )
    chunks: Annotated[list[ChunkBody], Data] = Field(default_factory=list)

    # Clips of an earlier answer may be sent again: in a notebook they are what is at hand.
    passed = {*AudioClip.model_fields, *Match.model_fields, 'point'} - {
        'tensor',
        'words',
        'examples',
    }
    read_only = ('tensor', 'embedding', 'words', 'examples')


class ExampleBody(Body):
    """A sound that answers should be like, or unlike; named by one of these."""

    uri: Text | None = Field(default=None, description='as that of a query')
    id: Text | None = Field(
        default=None,
        description='of an indexed clip; ID#t=4,8 for the windows of it that overlap with 4 to 8 s',
    )
    vector: Vector = Field(
        default=None,
        description='of a window, or one for each, as include: embedding answers them; of any '
        'other length, only the direction counts',
    )
    words: Text | None = Field(default=None, description='as those of a query')

    @model_validator(mode='after')
    def _is_one(self) -> 'ExampleBody':
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                'an example is one of uri, id, vector and words, and '
                + (f'{" and ".join(given)} were given' if given else 'none was given')
            )
        return self


class QueryBody(ClipBody):
    """A sound, named by where it is; or words for one; or examples of it and of what it is not."""

    id: Text | None = Field(
        default=None,
        description='of an indexed clip, or ID#t=4,8 for the windows of it that overlap with 4 to '
        '8 s; beside a uri, words, like or a vector only the name of the query in the answer',
    )
    words: Text | None = Field(
        default=None,
        description='names of sounds in place of one: "dog bark", "bird -crow" with a '
        'counter-example; see GET /words for all',
    )
    vector: Vector = Field(
        default=None,
        description='of a window, or one for each, in place of a sound, as include: embedding '
        'answers them',
    )
    like: Annotated[list[ExampleBody], Data] = Field(
        default_factory=list,
        max_length=MAX_EXAMPLES,
        description='examples of what is wanted: of several, or beside unlike, a linear query is '
        'fitted, which finds what they have in common',
    )
    unlike: Annotated[list[ExampleBody], Data] = Field(
        default_factory=list,
        max_length=MAX_EXAMPLES,
        description='counter-examples: matches that were wrong, for one',
    )
    saved: Text | None = Field(
        default=None,
        description='the name of a saved search, see GET /searches: its examples and words, what '
        'was judged right and wrong of its label, and its filter; in a request of its own',
    )


IN_DATA = dict.fromkeys(ClipBody.model_fields, 'an object of data')
IN_QUERY = dict.fromkeys(QueryBody.model_fields, 'an object of data')


class Parameters(Body):
    """Of a request that has none of its own."""

    passed = ('__results__',)  # Jina's clients send back what an earlier answer had
    elsewhere = IN_DATA


class IndexParameters(Parameters):
    include: Annotated[list[Literal['embedding']], Data] = Field(
        default_factory=list, description='embedding: answer with the chunks and their vectors'
    )


class SearchParameters(Parameters):
    elsewhere = IN_QUERY
    include: Annotated[list[Literal['embedding', 'score', 'rarity']], Data] = Field(
        default_factory=list,
        description='embedding: answer with the windows and their vectors. score: of a query of '
        'several examples, the probability that a match is right. rarity: which share of random '
        'pairs of windows of this index is nearer than a match, see GET /rarity',
    )
    limit: Annotated[int | None, BeforeValidator(no_boolean)] = Field(
        default=None,
        ge=1,
        le=2**53,
        description='number of clips wanted; 5 unless the service says otherwise',
    )
    filter: JsonObject = Field(
        default_factory=dict,
        description='only clips whose tags fit: {"label": "bell"}, with $in, $ne, $gt, $gte, $lt, '
        '$lte, $exists, $and, $or, $not; {"$id": {"$in": [ids]}} for ids; '
        '{"$text": "bell 114"} for words that begin so',
    )
    exclude_self: bool = Field(default=False, description="leave out the query's own clip")
    order: Literal['nearest', 'doubtful'] = Field(
        default='nearest',
        description='doubtful: of a query of several examples, the windows that are about as '
        'likely right as wrong (a score of 0.5), each of another clip: to judge these teaches most',
    )
    hubness: Literal['none', 'csls'] = Field(
        default='none',
        description='csls: the 100 nearest clips are ranked anew by 2 cos(q, x) - r(x) - r(q), '
        'with r the mean cosine to the 10 nearest windows of other clips, so that clips which are '
        'near to everything come later; `scores` have it as csls',
    )
    match: Literal['window', 'example'] | None = Field(
        default=None,
        description='what is compared, windows of 4 s as a whole unless given, or the nearest of '
        'their examples of 0.96 s: a short sound among others is found by these',
    )
    within: Annotated[str | dict[str, Any] | None, AfterValidator(writable)] = Field(
        default=None,
        description='an indexed recording, by id or uri, or several by a filter: answer with the '
        '`events` inside them, every place where the sound occurs, and with no matches; `limit` is '
        'then the number of events, all unless given',
    )
    max_distance: Number = Field(
        default=None, gt=0, le=2, description='within: only events that are at least this near'
    )
    false_alarms_per_hour: Number = Field(
        default=None,
        gt=0,
        le=1000,
        description='within: in place of max_distance, how many places that only resemble the '
        'sound may be answered for each hour; 1 unless given',
    )
    refine: bool = Field(
        default=False,
        description='within: read the sound around each event again, to tell begin and end to some '
        'hundredths of a second where it stands out of the background; of 100 events at most',
    )
    per_clip: Annotated[int | None, BeforeValidator(no_boolean)] = Field(
        default=None, ge=1, le=1000, description='several places of a clip, nearest first; else one'
    )
    min_gap_s: Number = Field(
        default=None,
        ge=0,
        le=3600,
        description='per_clip: how far apart places of a clip begin, s; without it they do not '
        'overlap. within: places with less between them are one event; 1 unless given',
    )
    group_by: Text | None = Field(
        default=None,
        min_length=1,
        description='name of a tag, or folder, or recording (the file that clips were cut from as '
        'FILE#t=BEGIN,END): of each of its values at most per_clip matches, and limit counts the '
        'values',
    )


class DeleteParameters(Parameters):
    ids: Annotated[list[Text], Data] = Field(default_factory=list, description='of the clips')
    filter: Annotated[dict[str, Any] | None, AfterValidator(writable)] = Field(
        default=None,
        description='all clips whose tags fit, as in /search; not {}, see /clear',
    )
    prefix: Text | None = Field(
        default=None, description='all clips whose uri begins so; with filter, those that fit both'
    )


class Envelope(Body):
    """What Jina's clients wrap a request in."""

    data: Annotated[list[ClipBody], Data] = Field(default_factory=list)

    passed = (
        'header', 'routes', 'status',
        'request_id', 'requestId',
        'exec_endpoint', 'execEndpoint',
        'target_executor', 'targetExecutor',
    )  # fmt: skip
    elsewhere = IN_DATA


def _beside(parameters: type[Parameters]) -> dict[str, str]:
    return IN_DATA | dict.fromkeys(parameters.model_fields, 'parameters')


# A clip's own keys stand in data; what stands there and is a parameter belongs one level higher.
ClipBody.elsewhere = dict.fromkeys(
    [*SearchParameters.model_fields, *DeleteParameters.model_fields], 'parameters'
) | dict.fromkeys(('words', 'vector', 'like', 'unlike', 'saved'), 'data of /search')
ClipBody.elsewhere['examples'] = 'like and unlike'


class IndexBody(Envelope):
    parameters: Annotated[IndexParameters, Null] = Field(default_factory=IndexParameters)
    elsewhere = _beside(IndexParameters)
    model_config = ConfigDict(
        json_schema_extra={'examples': [{'data': [{'uri': CLIP, 'tags': {'label': 'churchbell'}}]}]}
    )


class SearchBody(Envelope):
    data: Annotated[list[QueryBody], Data] = Field(default_factory=list)  # type: ignore[assignment]
    parameters: Annotated[SearchParameters, Null] = Field(default_factory=SearchParameters)
    elsewhere = _beside(SearchParameters) | IN_QUERY
    model_config = ConfigDict(
        json_schema_extra={
            'examples': [
                {'data': [{'uri': CLIP}], 'parameters': {'limit': 5}},
                {'data': [{'words': 'church bell'}], 'parameters': {'limit': 5}},
                {
                    'data': [
                        {'like': [{'uri': CLIP}, {'words': 'bell'}], 'unlike': [{'uri': OTHER}]}
                    ]
                },
            ]
        }
    )


class DeleteBody(Envelope):
    parameters: Annotated[DeleteParameters, Null] = Field(default_factory=DeleteParameters)
    elsewhere = _beside(DeleteParameters)
    model_config = ConfigDict(json_schema_extra={'examples': [{'data': [{'uri': CLIP}]}]})


class UpdateBody(Envelope):
    parameters: Annotated[Parameters, Null] = Field(default_factory=Parameters)
    model_config = ConfigDict(
        json_schema_extra={'examples': [{'data': [{'uri': CLIP, 'tags': {'label': 'bell'}}]}]}
    )


class ClearBody(Envelope):
    parameters: Annotated[Parameters, Null] = Field(default_factory=Parameters)
    model_config = ConfigDict(json_schema_extra={'examples': [{}]})

    @model_validator(mode='after')
    def _names_nothing(self) -> 'ClearBody':
        if any(clip.id or clip.uri for clip in self.data):
            raise ValueError('clips are named, but this forgets every clip; use /delete')
        return self


class ClipsQuery(Body):
    offset: int = Field(default=0, ge=0, le=2**53, description='clips to leave out at the start')
    limit: int = Field(default=100, ge=1, le=10000)
    include: list[Literal['point']] = Field(
        default_factory=list, description='point: the place of each clip on the map'
    )
    filter: str | None = Field(
        default=None, description='JSON object: only clips whose tags fit, as in /search'
    )
    prefix: Text | None = Field(default=None, description='only clips whose uri begins so')
    missing: bool | None = Field(
        default=None, description='only clips whose file is gone (true), or is there (false)'
    )
    order: Literal['oldest', 'newest'] = Field(
        default='oldest', description='in the order they were stored, or newest first'
    )
