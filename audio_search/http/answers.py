"""What is answered: typed values of the service as bodies, and errors as statuses."""

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from audio_search.clip_answers import (
    ChunkAnswer,
    ClipAnswer,
    Header,
    IndexAnswer,
    MatchAnswer,
    Problem,
    QueryAnswer,
    SearchAnswer,
)
from audio_search.documents import AudioChunk, AudioClip
from audio_search.errors import Kind, RequestError
from audio_search.http.metrics import request_id
from audio_search.logs import log
from audio_search.service.pipeline import ExecutorDown, ExecutorFailed
from audio_search.service.views import ListedClip

STATUSES = {
    Kind.MISSING: 404,
    Kind.UNUSABLE: 422,
    Kind.INVALID: 422,
    Kind.NOT_ACCEPTABLE: 406,
    Kind.REFUSED: 403,
    Kind.STORAGE: 503,
    Kind.DOWN: 503,
    Kind.TOO_LARGE: 413,
    Kind.BUSY: 503,
    Kind.LATE: 504,
}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {'model': Problem, 'description': why}
    for status, why in {
        401: 'a token is required',
        403: 'every uri is outside the folders audio may be read from',
        404: 'no such id',
        413: 'over a limit',
        422: 'not of the form',
        503: 'busy, or a part of the service is down, or the index cannot be read or written',
        504: 'took too long',
    }.items()
}
RESTART_S = 2  # what an executor takes at least to be up again


def index_answer(clips: Sequence[AudioClip]) -> IndexAnswer:
    return IndexAnswer(
        data=[
            ClipAnswer(**_common(clip), chunk_count=clip.chunk_count, **_optional(clip))
            for clip in clips
        ],
        parameters={},
        header=Header(requestId=request_id.get()),
    )


def search_answer(clips: Sequence[AudioClip]) -> SearchAnswer:
    return SearchAnswer(
        data=[
            QueryAnswer(
                **_common(clip),
                matches=[MatchAnswer.of(match) for match in clip.matches],
                **_optional(clip),
            )
            for clip in clips
        ],
        parameters={},
        header=Header(requestId=request_id.get()),
    )


def _common(clip: AudioClip) -> dict[str, Any]:
    return {'id': clip.id, 'uri': clip.uri, 'tags': clip.tags or {}, 'error': clip.error}


def _optional(clip: AudioClip) -> dict[str, Any]:
    """Fields that an answer has only where there is something in them."""
    fields: dict[str, Any] = {}
    if clip.note:
        fields['note'] = clip.note
    if clip.words is not None:
        fields['words'] = clip.words
    if clip.named is not None:
        fields['named'] = clip.named
    if clip.events is not None:
        fields['events'] = clip.events
        fields['recordings'] = clip.recordings
        fields['max_distance'] = clip.max_distance
    if clip.compared:
        fields['compared'] = clip.compared
    if clip.chunks:
        fields['chunks'] = [_chunk_answer(clip, chunk) for chunk in clip.chunks]
    return fields


def _chunk_answer(clip: AudioClip, chunk: AudioChunk) -> ChunkAnswer:
    times = {'beg_in_ms': chunk.beg_in_ms, 'end_in_ms': chunk.end_in_ms}
    return ChunkAnswer(
        id=chunk.id,
        offset=chunk.offset,
        location=chunk.location,
        tags=(clip.tags or {}) | times | chunk.tags,
        embedding=None if chunk.embedding is None else chunk.embedding.tolist(),
    )


def listed(clip: ListedClip) -> dict[str, Any]:
    """A clip of /clips."""
    fields: dict[str, Any] = {
        'id': clip.id,
        'uri': clip.uri,
        'tags': clip.tags,
        'chunk_count': clip.chunk_count,
    }
    if clip.point is not None:
        fields['point'] = list(clip.point)
    if clip.missing:
        fields['missing'] = True
    if clip.words:
        fields['words'] = [{'name': name, 'probability': p} for name, p in clip.words]
    return fields


def refusal(status: int, detail: str, retry_after_s: int | None = None) -> JSONResponse:
    """The form of every error: one sentence that says what to do."""
    headers = {'Retry-After': str(retry_after_s)} if retry_after_s else None
    return JSONResponse({'detail': detail}, status, headers)


def refused(error: RequestError) -> JSONResponse:
    return refusal(STATUSES[error.kind], error.detail, error.retry_after_s)


def add_error_answers(app: FastAPI) -> None:
    """Answer whatever is raised on the way in the form of `refusal`."""

    @app.exception_handler(RequestError)
    async def request_error(request: Request, error: RequestError) -> Response:
        return refused(error)

    @app.exception_handler(ExecutorDown)
    async def down(request: Request, error: ExecutorDown) -> Response:
        return refusal(503, f'the {error} is down; it is being restarted, try again', RESTART_S)

    @app.exception_handler(ExecutorFailed)
    async def failed(request: Request, error: ExecutorFailed) -> Response:
        log.error('executor failed', extra={'fields': {'error': str(error), **_request_id()}})
        return _broken()

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> Response:
        log.error('request failed', exc_info=error, extra={'fields': _request_id()})
        return _broken()

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        return refusal(422, one_sentence(error.errors()))

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        if error.status_code == 400:
            return refusal(422, 'the body cannot be read; send JSON, or a form with files')
        if error.status_code in (404, 405):
            detail = f'{request.method} {request.url.path} does not exist; see /docs'
            return refusal(error.status_code, detail)
        return JSONResponse({'detail': error.detail}, error.status_code)


def one_sentence(errors: Sequence[Any], inside: str = '') -> str:
    """The first of pydantic's errors: where it is, what it is, and where the form is explained.

    `inside` is what was validated, where that is not the whole request.
    """
    first = errors[0]
    root, path = 'the body', [inside] if inside else []
    for part in first['loc']:
        if part == 'query':
            root = 'the query'
        elif part != 'body':
            path.append(str(part))
    message = str(first['msg']).removeprefix('Value error, ')
    more = f' (and {len(errors) - 1} more)' if len(errors) > 1 else ''
    where = '.'.join(path) or root
    return f'{where}: {message[:1].lower()}{message[1:]}{more}; see /docs for the form'


def _request_id() -> dict[str, str]:
    return {'request_id': request_id.get()}


def _broken() -> Response:
    return refusal(
        500, f'the service failed; its log has the reason under request {request_id.get()}'
    )
