"""What people say of clips: that they are, or are not, examples of a label."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from audio_search.errors import Kind, RequestError
from audio_search.store.judgements import EVERY_JUDGEMENT, VERDICTS, Chosen, utc

if TYPE_CHECKING:
    from audio_search.service.service import AudioService

MAX_TEXT = 200  # characters of a label, or of who judged
MAX_PART_S = 2.0**31  # 68 years: so that milliseconds are whole numbers in every store
PAGE = 10_000


@dataclass(frozen=True)
class Said:
    """A judgement as it was sent, or as it is kept: `verdict` is None to take it back, `part` is
    [begin, end) in seconds of the file, `time` ISO 8601, now where it is empty. `error` says why it
    could not be used; `uri` is that of the clip, where it was read."""

    clip_id: str
    label: str
    verdict: str | None
    part: tuple[float, float] | None = None
    by: str = ''
    time: str = ''
    error: str | None = None
    uri: str | None = None


@dataclass(frozen=True)
class JudgementsPage:
    """A part of those that were asked for, in the order they were made, and how many there are."""

    judgements: list[Said]
    total: int


class Judgements:
    """Those of an index. Methods raise RequestError, and what Pipeline does."""

    def __init__(self, service: 'AudioService') -> None:
        self._service = service

    async def judge(self, said: Sequence[Said]) -> list[Said]:
        """Each answered, in order: as it is kept now, or with an `error`. All that can be used are
        on disk then, together. Of the same twice the last counts."""
        at_once = self._service.settings.max_docs
        if len(said) > at_once:
            raise RequestError(
                Kind.TOO_LARGE,
                f'{len(said)} judgements are more than the {at_once} that one request '
                'may have; send them in several',
            )
        now = utc(datetime.now(UTC))
        checked = [_checked(one, now) for one in said]
        usable = [one for one in checked if not one.error]
        if not usable:
            return checked
        async with self._service.admission.work():
            await self._service.admission.lighten()  # it must not wait for sounds that are encoded
            fields = [{name: asdict(one)[name] for name in KEPT} for one in usable]
            problems = await self._service.pipeline.ask_beside('judge', judgements=fields)
        found = iter(
            replace(one, error=problem) for one, problem in zip(usable, problems, strict=True)
        )
        return [one if one.error else next(found) for one in checked]

    async def page(
        self, offset: int, limit: int, chosen: Chosen = EVERY_JUDGEMENT
    ) -> JudgementsPage:
        """Up to `limit` of the chosen ones from number `offset` on."""
        found = await self._service.pipeline.ask_beside(
            'judgements', offset=offset, limit=limit, chosen=asdict(chosen)
        )
        return JudgementsPage([_said(one) for one in found['judgements']], found['total'])

    async def every(self, chosen: Chosen = EVERY_JUDGEMENT) -> list[Said]:
        """All that are chosen."""
        found: list[Said] = []
        while page := (await self.page(len(found), PAGE, chosen)).judgements:
            found += page
        return found


KEPT = ('clip_id', 'label', 'verdict', 'part', 'by', 'time')


def _said(fields: dict[str, Any]) -> Said:
    part = fields.pop('part')
    return Said(**fields, part=part and tuple(part))


def _checked(said: Said, now: str) -> Said:
    """As it is to be kept, or with an `error`."""
    label, by = ' '.join(said.label.split()), ' '.join(said.by.split())
    part = said.part and (round(said.part[0], 3), round(said.part[1], 3))
    tidy = replace(said, label=label, by=by, part=part)
    try:
        return replace(tidy, time=_time(said.time) if said.time else now, error=_problem(tidy))
    except ValueError:
        return replace(
            tidy,
            error=f'the time {said.time[:40]!r} is not ISO 8601 with its zone, such as {now}; '
            'leave it out for now',
        )


def _problem(said: Said) -> str | None:
    """Why it cannot be kept."""
    if said.verdict is not None and said.verdict not in VERDICTS:
        return (
            f'the judgement {said.verdict[:40]!r} is none; send {", ".join(VERDICTS)}, or null to '
            'take one back'
        )
    if not said.label:
        return 'the label is empty; name what the clip is, or is not, an example of'
    for name, text in (('label', said.label), ('name in by', said.by)):
        if len(text) > MAX_TEXT:
            return f'the {name} has {len(text)} characters; {MAX_TEXT} are kept, shorten it'
    if said.part is not None:
        beg_s, end_s = said.part
        if not (math.isfinite(end_s) and 0 <= beg_s < end_s <= MAX_PART_S):
            return (
                f'the part is {beg_s:g} to {end_s:g} s; give [begin, end] in seconds of the file, '
                'the end behind the begin'
            )
    return None


def _time(text: str) -> str:
    """Raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return utc(moment)
