"""What the index keeps beside clips: what people said of them, and searches with a name."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

VERDICTS = ('right', 'wrong', 'unsure')
WHOLE_CLIP = -1  # in ms, in the place of both ends of a part


class JudgementKey(NamedTuple):
    """What one judgement is told from another by; ends in ms of the file, or WHOLE_CLIP."""

    clip_id: str
    label: str
    beg_in_ms: int
    end_in_ms: int
    by: str


@dataclass(frozen=True)
class Judgement:
    """That a clip, or a part of it, is an example of a label (right), or is none (wrong).

    `part` is where in the file, in seconds, kept to the millisecond; None for the whole clip. `by`
    is who said so, empty where nobody is named. `time` is when, as `utc` writes it.
    """

    clip_id: str
    label: str
    verdict: str  # one of VERDICTS
    time: str
    part: tuple[float, float] | None = None
    by: str = ''

    @property
    def key(self) -> JudgementKey:
        beg_in_ms, end_in_ms = (
            (WHOLE_CLIP, WHOLE_CLIP)
            if self.part is None
            else (round(1000 * self.part[0]), round(1000 * self.part[1]))
        )
        return JudgementKey(self.clip_id, self.label, beg_in_ms, end_in_ms, self.by)

    @property
    def order(self) -> tuple[str, JudgementKey]:
        """Judgements are listed ascending by this: as they were made."""
        return self.time, self.key

    def of_clip(self, clip_id: str) -> 'Judgement':
        """The same of another clip."""
        return replace(self, clip_id=clip_id)


def judgement_of(key: JudgementKey, verdict: str, time: str) -> Judgement:
    """The judgement that has this key."""
    whole = key.beg_in_ms == WHOLE_CLIP
    part = None if whole else (key.beg_in_ms / 1000, key.end_in_ms / 1000)
    return Judgement(key.clip_id, key.label, verdict, time, part, key.by)


@dataclass(frozen=True)
class Chosen:
    """Which judgements are meant: those that have every value that is given here."""

    label: str | None = None
    clip_id: str | None = None
    by: str | None = None
    verdict: str | None = None


EVERY_JUDGEMENT = Chosen()


@dataclass(frozen=True)
class SavedSearch:
    """A search with a name. `query` is JSON: `label`, `like`, `unlike`, `words`, `filter` and
    `parameters`, as PUT /searches has them, each where it was given. `made` is as `utc` writes."""

    name: str
    made: str
    query: dict[str, Any] = field(default_factory=dict)


def utc(moment: datetime) -> str:
    """ISO 8601 in UTC to the millisecond, so that texts are in the order of time."""
    return f'{moment.astimezone(UTC).isoformat(timespec="milliseconds").partition("+")[0]}Z'
