"""The bodies of the HTTP API's answers, with every field explained."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from audio_search.documents import Match
from audio_search.event_answers import EventAnswer, RecordingAnswer

NOTE = 'what to know of a clip that could be used; absent where there is nothing'


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
    note: str | None = Field(default=None, description=NOTE)
    chunk_count: int | None = Field(default=None, description='windows stored')
    chunks: list[ChunkAnswer] | None = None


class WordAnswer(BaseModel):
    """A sound that is heard in a clip."""

    name: str = Field(description='one of GET /words')
    probability: float = Field(description='the mean over the clip; 0.1 already means something')


class MatchAnswer(BaseModel):
    """A clip that sounds like the query, by its best window."""

    id: str
    uri: str | None
    scores: dict[str, float] = Field(
        description='cosine: distance 1 - cos, from 0 (identical) to 2; lower is better. Of a '
        'query of several examples: from the direction that was fitted to them, which is farther '
        'from every sound than sounds are from one another. With hubness: csls also csls, by which '
        'matches are ranked; higher is better'
    )
    score: float | None = Field(
        default=None,
        description='with include: score, of a query of several examples: the probability that the '
        'window is right, 0 to 1; absent where there was nothing to fit it to',
    )
    rarity: float | None = Field(
        default=None,
        description='with include: rarity, the share of random pairs of windows of different clips '
        'of this index that are nearer, 0 to 1; of a query by words or of several examples, of its '
        'windows that are nearer to that',
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
    more_from_same: int | None = Field(
        default=None,
        description='with group_by: how many more of the 1,000 nearest clips are of that value',
    )
    recorded_at: str | None = Field(
        default=None,
        description='when the matching window was recorded (ISO 8601), by the tag recorded_at or '
        'the name of the file; absent where neither tells',
    )
    words: list[WordAnswer] | None = Field(
        default=None,
        description='up to five sounds that are heard in the clip, the most telling first; with '
        'the compact weights',
    )

    @classmethod
    def of(cls, match: Match) -> 'MatchAnswer':
        """Without those of the last fields that say nothing of this match."""
        fields = {name: getattr(match, name) for name in cls.model_fields}
        for name in ('score', 'rarity', 'missing', 'recorded_at', 'more_from_same', 'words'):
            if fields[name] is None or fields[name] is False:
                del fields[name]
        return cls(**fields)


class NamedAnswer(BaseModel):
    """A sound that words name."""

    words: str = Field(description='the words for it, as they were typed')
    names: list[str] = Field(description='the names that they lead to, of those of GET /words')
    sign: int = Field(description='1, or -1 for a counter-example')


class QueryAnswer(BaseModel):
    """A query and its matches, nearest first."""

    id: str | None
    uri: str | None
    tags: dict[str, Any]
    error: str | None = Field(description='why it could not be used, and what to do; else null')
    note: str | None = Field(default=None, description=NOTE)
    words: str | None = Field(default=None, description='those of a query that had some')
    named: list[NamedAnswer] | None = Field(
        default=None, description='with words: the sounds that they name'
    )
    matches: list[MatchAnswer]
    events: list[EventAnswer] | None = Field(
        default=None, description='with within: where the sound occurs, best first'
    )
    recordings: list[RecordingAnswer] | None = Field(
        default=None, description='with within: those of the events, or the only one'
    )
    compared: Literal['example', 'window'] | None = Field(
        default=None,
        description='with within or match: what was compared, examples of 0.96 s, or whole windows '
        'where the index keeps one mean of each',
    )
    max_distance: float | None = Field(
        default=None, description='with within: what is further away is no event'
    )
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
