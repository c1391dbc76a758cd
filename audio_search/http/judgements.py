"""The routes for what people say of clips, and the forms of their bodies and answers."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Query
from fastapi.params import Depends
from fastapi.responses import Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from audio_search.bodies import Body, Data, Null, Text, no_boolean
from audio_search.clip_answers import Header
from audio_search.formats import FORMATS
from audio_search.formats.judgements import JudgementFormat, judged_of, render_judgements
from audio_search.http.answers import PROBLEMS
from audio_search.http.formats import HEADERS
from audio_search.http.metrics import request_id
from audio_search.schemas import Envelope, Parameters
from audio_search.service.judgements import Said
from audio_search.service.service import AudioService
from audio_search.store.judgements import Chosen

DEFAULT_PAGE = 100
MAX_PAGE = 10_000
FORMAT_NAMES: tuple[JudgementFormat, ...] = ('csv', 'audacity', 'raven')
RESPONSES: dict[int | str, dict[str, Any]] = PROBLEMS | {
    200: {
        'description': 'The judgements; as a file where `format` asks for one',
        'content': {
            FORMATS[name].media_types[0]: {'schema': {'type': 'string', 'format': 'binary'}}
            for name in FORMAT_NAMES
        },
    },
}

Seconds = Annotated[float, BeforeValidator(no_boolean)]


class JudgementBody(Body):
    """That a clip, or a part of it, is an example of a label, or is none."""

    id: Text = Field(description='of the clip')
    part: tuple[Seconds, Seconds] | None = Field(
        default=None, description='[begin, end] in seconds of the file; without it the whole clip'
    )
    label: Text = Field(description='what it is, or is not, an example of')
    judgement: Text | None = Field(
        description='right, wrong or unsure; null takes back what was judged of the same id, part '
        'and label by the same person'
    )
    by: Text | None = Field(default=None, description='who says so')
    time: Text | None = Field(
        default=None, description='when, in ISO 8601 with its zone; now unless given'
    )

    passed = ('error', 'uri')  # those of an answer may be sent again


class JudgementsBody(Envelope):
    data: Annotated[list[JudgementBody], Data] = Field(default_factory=list)  # type: ignore[assignment]
    parameters: Annotated[Parameters, Null] = Field(default_factory=Parameters)
    model_config = ConfigDict(
        json_schema_extra={
            'examples': [
                {
                    'data': [
                        {'id': 'ID', 'part': [4, 8], 'label': 'churchbell', 'judgement': 'right'}
                    ]
                }
            ]
        }
    )


class JudgementsQuery(Body):
    label: Text | None = Field(default=None, description='only those of this label')
    id: Text | None = Field(default=None, description='only those of the clip with this id')
    by: Text | None = Field(default=None, description='only those of this person')
    judgement: Literal['right', 'wrong', 'unsure'] | None = Field(
        default=None, description='only these'
    )
    offset: int = Field(default=0, ge=0, le=2**53, description='how many to leave out at the start')
    limit: int | None = Field(
        default=None, ge=1, le=MAX_PAGE, description='100 unless given; in a file all'
    )
    format: Literal['json', JudgementFormat] = Field(
        default='json',
        description='csv: a table; audacity: labels, for several recordings a zip; raven: a '
        'sound selection table',
    )


class JudgementAnswer(BaseModel):
    """A judgement as it is kept."""

    id: str
    part: tuple[float, float] | None
    label: str
    judgement: str | None
    by: str | None
    time: str = Field(description='when it was made, ISO 8601 in UTC')


class JudgedAnswer(JudgementAnswer):
    error: str | None = Field(description='why it is not kept; else null')


class ListedJudgement(JudgementAnswer):
    uri: str | None = Field(description='of its clip')


class JudgedAnswers(BaseModel):
    data: list[JudgedAnswer]
    parameters: dict[str, Any] = Field(default_factory=dict)
    header: Header


class JudgementsAnswer(BaseModel):
    judgements: list[ListedJudgement]
    total: int


def add_judgements(app: FastAPI, service: AudioService, needs: Sequence[Depends]) -> None:
    """`needs` is what each route depends on."""

    @app.post('/judgements', responses=PROBLEMS, dependencies=needs)
    async def judge(body: JudgementsBody) -> JudgedAnswers:
        """Say of clips, or parts of them, that they are right or wrong for a label, or that you are
        unsure. The same clip, part and label by the same person again replaces what was said.

        One that cannot be used gets an `error`, and the others are kept. Deleting a clip deletes
        what was judged of it; indexing it again does not."""
        said = await service.beside.judgements.judge([_said(one) for one in body.data])
        return JudgedAnswers(
            data=[JudgedAnswer(**_fields(one), error=one.error) for one in said],
            header=Header(requestId=request_id.get()),
        )

    @app.get(
        '/judgements', responses=RESPONSES, dependencies=needs, response_model=JudgementsAnswer
    )
    async def judgements(query: Annotated[JudgementsQuery, Query()]) -> Any:
        """What was judged, in the order of time, a page at a time; `total` counts all that fit.
        Also as a file, see `format`."""
        chosen = Chosen(query.label, query.id, query.by, query.judgement)
        kept = service.beside.judgements
        if query.format != 'json' and query.limit is None and not query.offset:
            found = await kept.every(chosen)
            total = len(found)
        else:
            page = await kept.page(query.offset, query.limit or DEFAULT_PAGE, chosen)
            found, total = page.judgements, page.total
        listed = [ListedJudgement(**_fields(one), uri=one.uri) for one in found]
        if query.format == 'json':
            return JudgementsAnswer(judgements=listed, total=total)
        judged = judged_of(one.model_dump() for one in listed)
        made = await asyncio.to_thread(render_judgements, query.format, judged, service.roots)
        headers = HEADERS | {'Content-Disposition': f'attachment; filename="{made.name}"'}
        return Response(made.content, media_type=made.media_type, headers=headers)


def _said(body: JudgementBody) -> Said:
    return Said(
        clip_id=body.id,
        label=body.label,
        verdict=body.judgement,
        part=body.part,
        by=body.by or '',
        time=body.time or '',
    )


def _fields(said: Said) -> dict[str, Any]:
    return {
        'id': said.clip_id,
        'part': said.part,
        'label': said.label,
        'judgement': said.verdict,
        'by': said.by or None,
        'time': said.time,
    }
