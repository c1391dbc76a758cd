"""The route that tells which of many files are indexed already, and the form of its answers."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import FastAPI
from fastapi.params import Depends
from pydantic import BaseModel, ConfigDict, Field

from audio_search.bodies import Null
from audio_search.clip_answers import Header
from audio_search.http.answers import PROBLEMS
from audio_search.http.metrics import request_id
from audio_search.http.paths import works
from audio_search.schemas import CLIP, Envelope, Parameters
from audio_search.service.requests import ClipRequest
from audio_search.service.service import AudioService
from audio_search.service.views import KnownClip, State


class KnownBody(Envelope):
    parameters: Annotated[Parameters, Null] = Field(default_factory=Parameters)
    model_config = ConfigDict(json_schema_extra={'examples': [{'data': [{'uri': CLIP}]}]})


class KnownClipAnswer(BaseModel):
    """What is stored of a clip."""

    id: str | None
    uri: str | None
    tags: dict[str, Any] | None
    chunk_count: int | None
    state: State = Field(
        description='new: not stored; missing: its file is gone; stored: it has none, or is asked '
        'for by its id'
    )
    error: str | None = Field(description='why its file cannot be used; else null')
    kept: float | None = Field(
        default=None,
        description='of a long recording that is new: how much of it is kept already, from 0 to 1; '
        'absent for nothing',
    )


class KnownAnswer(BaseModel):
    data: list[KnownClipAnswer]
    parameters: dict[str, Any] = Field(default_factory=dict)
    header: Header


def add_known(app: FastAPI, service: AudioService, needs: Sequence[Depends]) -> None:
    """`needs` is what the route depends on."""

    @app.post(
        '/clips/known', responses=PROBLEMS, dependencies=needs, response_model_exclude_unset=True
    )
    @works
    async def known(body: KnownBody) -> KnownAnswer:
        """What is stored of clips, named by uri or id, and whether their files changed since.

        A file is unchanged if its size and time stamp are, or else its contents. Nothing is encoded
        or stored: thousands of files may be asked for at once, to index only what is new."""
        clips = await service.known([ClipRequest(id=clip.id, uri=clip.uri) for clip in body.data])
        return KnownAnswer(
            data=[_answer(clip) for clip in clips],
            header=Header(requestId=request_id.get()),
        )


def _answer(clip: KnownClip) -> KnownClipAnswer:
    fields = vars(clip)
    return KnownClipAnswer(**{k: v for k, v in fields.items() if k != 'kept' or v is not None})
