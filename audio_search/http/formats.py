"""In which format a search is answered: what the client asked for, and the answer in it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import Depends, Header, Query
from fastapi.responses import Response
from pydantic import Field, field_validator

from audio_search.bodies import Body, Text
from audio_search.clip_answers import Problem, SearchAnswer
from audio_search.documents import AudioClip
from audio_search.errors import Kind, RequestError
from audio_search.formats import FORMATS, Format, render
from audio_search.http.answers import PROBLEMS, search_answer
from audio_search.roots import Roots

JSON = 'application/json'
HEADERS = {'X-Content-Type-Options': 'nosniff'}  # a label in a CSV is never taken for a page

# In which order equal wishes are met: a client that takes everything gets JSON.
OFFERED: dict[str, Format | None] = {JSON: None} | {
    media_type: name for name, kind in FORMATS.items() for media_type in kind.media_types
}

# For the OpenAPI document: what a search may answer besides JSON.
RESPONSES: dict[int | str, dict[str, Any]] = PROBLEMS | {
    406: {'model': Problem, 'description': 'there is no such format'},
    200: {
        'description': 'The matches; as a file where `format` or `Accept` asks for one',
        'content': {
            media_type: {'schema': {'type': 'string', 'format': 'binary'}}
            for media_type in OFFERED
            if media_type != JSON
        },
    },
}


class FormatQuery(Body):
    """The part of the address that says in which form a search is answered."""

    format: Literal['json', Format] | None = Field(
        default=None,
        description='csv: a table; audacity: labels, for several recordings a zip of them; raven: '
        'a sound selection table; m3u: a playlist. Without it the header Accept decides: text/csv, '
        'text/plain or application/zip, text/tab-separated-values, audio/mpegurl; else json',
    )
    base: Text | None = Field(
        default=None,
        description='in a file: the folder that paths are relative to, or / for absolute paths; '
        'without it they are as in uris',
    )

    @field_validator('base')
    @classmethod
    def _check_base(cls, base: str | None) -> str | None:
        if base is not None and (not base.startswith('/') or '\0' in base):
            raise ValueError('is not an absolute path; give one, or / for absolute paths')
        return base


@dataclass(frozen=True)
class Form:
    """The format of the answer, None for JSON, and the folder that its paths are relative to."""

    name: Format | None
    base: str


def _form(
    query: Annotated[FormatQuery, Query()],
    accept: Annotated[str | None, Header(description='see `format`, which goes first')] = None,
) -> Form:
    """Raises RequestError (NOT_ACCEPTABLE) where every type in `accept` is unknown here."""
    if query.format:
        return Form(None if query.format == 'json' else query.format, query.base or '')
    return Form(_negotiated(accept or '*/*'), query.base or '')


WantedForm = Annotated[Form, Depends(_form)]


def _negotiated(accept: str) -> Format | None:
    """The offered type with the highest quality (RFC 9110, 12.5.1)."""
    ranges = [_media_range(part) for part in accept.split(',')]
    qualities = {offered: _quality(offered, ranges) for offered in OFFERED}
    best = max(qualities, key=lambda offered: qualities[offered])
    if not qualities[best]:
        raise RequestError(
            Kind.NOT_ACCEPTABLE,
            f'none of the types in Accept is known here; ask for {", ".join(OFFERED)}, '
            f'or choose ?format=json, {", ".join(FORMATS)}',
        )
    return OFFERED[best]


def _media_range(part: str) -> tuple[str, float]:
    name, *parameters = part.lower().split(';')
    quality = 1.0
    for parameter in parameters:
        key, _, value = parameter.strip().partition('=')
        if key == 'q':
            try:
                quality = float(value)
            except ValueError:
                quality = 0.0
    return name.strip(), quality


def _quality(offered: str, ranges: list[tuple[str, float]]) -> float:
    """That of the most specific range that has the type in it."""
    by_range = dict(ranges)
    for name in (offered, f'{offered.partition("/")[0]}/*', '*/*'):
        if name in by_range:
            return by_range[name]
    return 0.0


async def formatted(
    clips: Sequence[AudioClip], form: Form, roots: Roots
) -> SearchAnswer | Response:
    """The answer to a search, or a file of it.

    A file cannot say that a query failed, so there one with an error refuses the request.
    """
    answer = search_answer(clips)
    if form.name is None:
        return answer
    for query in answer.data:
        if query.events is not None:
            raise RequestError(
                Kind.INVALID,
                f'{form.name} is a form of matches, not of events; ask for format=json',
            )
        if query.error:
            raise RequestError(Kind.UNUSABLE, query.error)
    queries = [query.model_dump() for query in answer.data]
    made = await asyncio.to_thread(render, form.name, queries, roots, form.base)
    headers = HEADERS | {'Content-Disposition': f'attachment; filename="{made.name}"'}
    return Response(made.content, media_type=made.media_type, headers=headers)
