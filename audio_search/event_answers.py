"""What a search inside recordings answers: where the sound occurs, and in which recordings."""

from pydantic import BaseModel, Field


class EventAnswer(BaseModel):
    """A place in a recording where a sound occurs."""

    id: str = Field(description='of the recording')
    uri: str | None
    beg_s: float = Field(description='when it begins, s of the whole file')
    end_s: float = Field(description='when it ends')
    peak_s: float = Field(description='the middle of what is nearest to the query')
    distance: float = Field(description='1 - cos at its nearest, from 0 (identical) to 2')
    rarity: int = Field(
        description='1 of so many random places of the recording is this near; at most 10,000'
    )
    recorded_at: str | None = Field(
        default=None, description='when it began (ISO 8601); absent where that is not known'
    )


class RecordingAnswer(BaseModel):
    """A recording in which there are events."""

    id: str
    uri: str | None
    duration_s: float | None = Field(description='as far as its windows go; null if unknown')
    recorded_at: str | None = Field(
        default=None, description='when it began (ISO 8601); absent where that is not known'
    )
