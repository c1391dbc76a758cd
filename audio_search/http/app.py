"""The HTTP API: routes that read a request, ask the service, and write the answer."""

import asyncio
import json
import mimetypes
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, TypeVar

from fastapi import FastAPI, File, Form, Query, Request, UploadFile
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, Response
from fastapi_offline import FastAPIOffline
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException

from audio_search.audio import sources
from audio_search.documents import AudioChunk, AudioClip, Match
from audio_search.errors import Kind, RequestError
from audio_search.http.limits import BodyLimit, ConcurrencyLimit, OriginCheck, TokenAuth, refusal
from audio_search.http.metrics import Metrics, RequestLog, refresh, request_id
from audio_search.logs import log
from audio_search.page.login import add_login, login_form
from audio_search.schemas import (
    ChunkAnswer,
    ClearBody,
    ClipAnswer,
    ClipBody,
    DeleteBody,
    Header,
    IndexAnswer,
    IndexBody,
    IndexFile,
    IndexParameters,
    MatchAnswer,
    Model,
    Problem,
    QueryAnswer,
    SearchAnswer,
    SearchBody,
    SearchParameters,
    Status,
    UpdateBody,
)
from audio_search.service.pipeline import ExecutorDown, ExecutorFailed
from audio_search.service.requests import ChunkRequest, ClipRequest
from audio_search.service.service import AudioService
from audio_search.service.views import ListedClip
from audio_search.settings import Settings

B = TypeVar('B', bound=BaseModel)

UPLOAD_BLOCK_BYTES = 1 << 20
STATUSES = {
    Kind.MISSING: 404,
    Kind.UNUSABLE: 422,
    Kind.INVALID: 422,
    Kind.REFUSED: 403,
    Kind.STORAGE: 503,
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
        503: 'busy, or a part of the service is down',
        504: 'took too long',
    }.items()
}
HOME = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Audio search</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body{font:1rem/1.6 system-ui,sans-serif;margin:3rem auto;max-width:34rem;padding:1rem}
</style>
<h1>Audio search</h1><p>Give it a sound; it finds the clips that sound alike.</p><ul>
<li><a href="/ui">Search and listen</a></li><li><a href="/docs">Try the API</a></li>
<li><a href="/redoc">Read the API</a></li><li><a href="/status">What is indexed</a></li>
<li><a href="/health/ready">Is it ready?</a></li><li><a href="/metrics">Metrics</a></li></ul></html>
"""


def create_app(service: AudioService, settings: Settings, metrics: Metrics) -> FastAPI:
    """The FastAPI app that Jina's gateway serves."""
    app = FastAPIOffline(
        title='Audio search',
        version='1.0',
        description='Search sounds by sound. Index clips, then send one: the answer is the clips '
        'that sound like it, nearest first, with the part of the query that matched which part of '
        'the clip.',
    )
    _add_work(app, service)
    _add_views(app, service, metrics)
    add_login(app, settings.token)
    _add_error_answers(app)
    _add_middleware(app, service, settings, metrics)
    return app


def _add_work(app: FastAPI, service: AudioService) -> None:
    post: dict[str, Any] = {'responses': PROBLEMS, 'response_model_exclude_unset': True}

    @app.post('/index', **post)
    async def index(body: IndexBody) -> IndexAnswer:
        """Index clips. A file that did not change since is not encoded again."""
        return _index_answer(
            await service.index(_requests(body.data), include=body.parameters.include)
        )

    @app.post('/search', **post)
    async def search(body: SearchBody) -> SearchAnswer:
        """Find the clips that sound like the given one, nearest first."""
        return _search_answer(
            await service.search(_requests(body.data), **_options(body.parameters))
        )

    @app.post('/delete', **post)
    async def delete(body: DeleteBody) -> IndexAnswer:
        """Forget clips, named by `parameters.ids`, or by id or uri in `data`."""
        return _index_answer(await service.delete(_requests(body.data), ids=body.parameters.ids))

    @app.post('/update', **post)
    async def update(body: UpdateBody) -> IndexAnswer:
        """Replace the tags of indexed clips, named by id or uri."""
        return _index_answer(await service.update(_requests(body.data)))

    @app.post('/clear', **post)
    async def clear(body: ClearBody | None = None) -> IndexAnswer:
        """Forget every clip."""
        return _index_answer(await service.clear())

    @app.post('/index/upload', **post)
    async def index_upload(
        files: Annotated[list[UploadFile], File(description='sound files')],
        tags: Annotated[str, Form(description='JSON object, for all of them')] = '{}',
        parameters: Annotated[str, Form(description='JSON object, as in /index')] = '{}',
    ) -> IndexAnswer:
        """Index files sent in the request; the service keeps them."""
        parsed = _parse(IndexParameters, parameters)
        requests = await _receive(service, files, _parse_json('tags', tags), keep=True)
        return _index_answer(await service.index(requests, include=parsed.include))

    @app.post('/search/upload', **post)
    async def search_upload(
        files: Annotated[list[UploadFile], File(description='sound files')],
        parameters: Annotated[str, Form(description='JSON object, as in /search')] = '{}',
    ) -> SearchAnswer:
        """Search by files sent in the request; they are removed afterwards."""
        parsed = _parse(SearchParameters, parameters)
        requests = await _receive(service, files, {}, keep=False)
        return _search_answer(await service.search(requests, **_options(parsed)))


def _add_views(app: FastAPI, service: AudioService, metrics: Metrics) -> None:
    @app.get('/', include_in_schema=False)
    async def home() -> HTMLResponse:
        return HTMLResponse(HOME)

    @app.get('/clips', responses=PROBLEMS)
    async def clips(
        offset: Annotated[int, Query(ge=0, le=2**53)] = 0,
        limit: Annotated[int, Query(ge=1, le=10000)] = 100,
        include: Annotated[
            list[str], Query(description='point: the place of each clip on the map')
        ] = [],  # noqa: B006  FastAPI reads it, and copies it for each request
    ) -> dict[str, Any]:
        """What is indexed, a page at a time."""
        if unknown := set(include) - {'point'}:
            raise RequestError(
                Kind.INVALID, f'include has {sorted(unknown)[0]!r}; point is all there is'
            )
        page = await service.clips(offset, limit, include=include)
        return {'clips': [_listed(clip) for clip in page.clips], 'total': page.total}

    @app.get('/status', responses=PROBLEMS, response_model_exclude_none=True)
    async def status() -> Status:
        """What the service holds and which weights it uses."""
        names = ('jina', 'docarray', 'tensorflow-cpu', 'tensorflow', 'soundfile', 'numpy')
        held = await service.status()
        return Status(
            clips=held.clips,
            chunks=held.chunks,
            model=Model(name=held.model_name, sha256=held.model_sha256),
            index=IndexFile(path=held.index_path, bytes=held.index_bytes),
            pooling=held.pooling,
            window_s=held.window_s,
            stride_s=held.stride_s,
            versions=_versions(names),
        )

    @app.get('/health/live')
    async def live() -> dict[str, str]:
        """Answers as long as the gateway runs."""
        return {'status': 'alive'}

    @app.get('/health/ready', responses=PROBLEMS)
    async def ready() -> dict[str, str]:
        """Answers 200 when the model is loaded and the index open, else 503 and what is not."""
        await service.ready()
        return {'status': 'ready'}

    @app.get('/metrics', include_in_schema=False)
    async def prometheus() -> PlainTextResponse:
        try:
            await refresh(metrics, service)
        except (ExecutorDown, ExecutorFailed):
            metrics.errors.labels('metrics').inc()
        return PlainTextResponse(metrics.text(), media_type='text/plain; version=0.0.4')

    @app.get('/audio/{clip_id:path}', responses=PROBLEMS)
    async def audio(clip_id: str) -> FileResponse:
        """The file of an indexed clip; ranges are answered."""
        clip = await service.stored(clip_id)
        if clip is None:
            raise RequestError(
                Kind.MISSING, f'no clip has the id {sources.shorten(clip_id)}; see /clips'
            )
        path = await asyncio.to_thread(_path_of, clip, service.roots)
        kind = mimetypes.guess_type(path.name)[0] or 'application/octet-stream'
        return FileResponse(path, media_type=kind)


def _path_of(clip: AudioClip, roots: tuple[Path, ...]) -> Path:
    try:
        return sources.resolve(clip.uri or '', roots).path
    except sources.MediaForbidden as error:
        raise RequestError(Kind.REFUSED, str(error)) from None
    except sources.MediaError as error:
        raise RequestError(Kind.MISSING, str(error)) from None


def _add_error_answers(app: FastAPI) -> None:
    @app.exception_handler(RequestError)
    async def refused(request: Request, error: RequestError) -> Response:
        return refusal(STATUSES[error.kind], error.detail, error.retry_after_s)

    @app.exception_handler(ExecutorDown)
    async def down(request: Request, error: ExecutorDown) -> Response:
        return refusal(503, f'the {error} is down; it is being restarted, try again', 2)

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
        return refusal(422, _one_sentence(list(error.errors())))

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        if error.status_code == 400:
            return refusal(422, 'the body cannot be read; send JSON, or a form with files')
        if error.status_code in (404, 405):
            detail = f'{request.method} {request.url.path} does not exist; see /docs'
            return refusal(error.status_code, detail)
        return JSONResponse({'detail': error.detail}, error.status_code)


def _add_middleware(
    app: FastAPI, service: AudioService, settings: Settings, metrics: Metrics
) -> None:
    endpoints = frozenset(path for route in app.routes if (path := getattr(route, 'path', '')))
    # The last one added is the first a request meets.
    app.add_middleware(BodyLimit, most_mb=settings.max_body_mb)
    app.add_middleware(ConcurrencyLimit, admission=service.admission)
    app.add_middleware(TokenAuth, token=settings.token, form=login_form)
    origins = _origin_pattern(settings.cors_origins)
    app.add_middleware(OriginCheck, pattern=origins)
    app.add_middleware(
        CORSMiddleware,
        allow_origin_regex=origins,
        allow_methods=['GET', 'POST'],
        allow_headers=['Authorization', 'Content-Type', 'Range'],
        expose_headers=['X-Request-Id', 'Retry-After'],
    )
    app.add_middleware(RequestLog, metrics=metrics, endpoints=endpoints)


def _origin_pattern(origins: tuple[str, ...]) -> str:
    """'http://localhost:*' -> a pattern in which * stands for any port or name."""
    import re

    return '|'.join(re.escape(origin).replace(r'\*', r'[^/@]*') for origin in origins)


def _index_answer(clips: list[AudioClip]) -> IndexAnswer:
    return IndexAnswer(
        data=[
            ClipAnswer(
                id=clip.id,
                uri=clip.uri,
                tags=clip.tags or {},
                error=clip.error,
                chunk_count=clip.chunk_count,
                **_chunks(clip),
            )
            for clip in clips
        ],
        parameters={},
        header=Header(requestId=request_id.get()),
    )


def _search_answer(clips: list[AudioClip]) -> SearchAnswer:
    return SearchAnswer(
        data=[
            QueryAnswer(
                id=clip.id,
                uri=clip.uri,
                tags=clip.tags or {},
                error=clip.error,
                matches=[_match_answer(match) for match in clip.matches],
                **_chunks(clip),
            )
            for clip in clips
        ],
        parameters={},
        header=Header(requestId=request_id.get()),
    )


def _match_answer(match: Match) -> MatchAnswer:
    fields = {name: getattr(match, name) for name in MatchAnswer.model_fields}
    if not match.missing:
        del fields['missing']
    return MatchAnswer(**fields)


def _listed(clip: ListedClip) -> dict[str, Any]:
    listed: dict[str, Any] = {
        'id': clip.id,
        'uri': clip.uri,
        'tags': clip.tags,
        'chunk_count': clip.chunk_count,
    }
    if clip.point is not None:
        listed['point'] = list(clip.point)
    if clip.missing:
        listed['missing'] = True
    return listed


def _chunk_tags(clip: AudioClip, chunk: AudioChunk) -> dict[str, Any]:
    times = {'beg_in_ms': chunk.beg_in_ms, 'end_in_ms': chunk.end_in_ms}
    return (clip.tags or {}) | times | chunk.tags


def _chunks(clip: AudioClip) -> dict[str, list[ChunkAnswer]]:
    if not clip.chunks:
        return {}
    return {
        'chunks': [
            ChunkAnswer(
                id=chunk.id,
                offset=chunk.offset,
                location=chunk.location,
                tags=_chunk_tags(clip, chunk),
                embedding=None if chunk.embedding is None else chunk.embedding.tolist(),
            )
            for chunk in clip.chunks
        ]
    }


async def _receive(
    service: AudioService, files: list[UploadFile], tags: dict[str, Any], keep: bool
) -> list[ClipRequest]:
    """Store the files of a form, one request for each. Those stored before one that cannot be are
    dropped again."""
    requests: list[ClipRequest] = []
    try:
        for file in files:
            name = file.filename or 'sound'
            upload = await service.receive(_blocks(file), name, keep=keep)
            requests.append(ClipRequest(tags={'file': name, **tags}, upload=upload))
    except RequestError:
        came = [request.upload for request in requests if request.upload]
        service.drop(upload for upload in came if upload.is_new)
        raise
    return requests


def _blocks(file: UploadFile) -> Iterator[bytes]:
    while block := file.file.read(UPLOAD_BLOCK_BYTES):
        yield block


def _requests(bodies: list[ClipBody]) -> list[ClipRequest]:
    return [
        ClipRequest(
            id=body.id,
            uri=body.uri,
            tags=body.tags,
            chunks=[
                ChunkRequest(tensor=chunk.tensor, tags=chunk.tags, location=chunk.location)
                for chunk in body.chunks
            ],
        )
        for body in bodies
    ]


def _options(parameters: SearchParameters) -> dict[str, Any]:
    return {name: getattr(parameters, name) for name in SearchParameters.model_fields}


def _parse(kind: type[B], text: str) -> B:
    try:
        return kind.model_validate(_parse_json('parameters', text))
    except ValidationError as error:
        raise RequestError(Kind.INVALID, _one_sentence(list(error.errors()))) from None


def _parse_json(name: str, text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise RequestError(
            Kind.INVALID, f'{name} is not a JSON object; send text such as {{"label": "bell"}}'
        )
    return value


def _one_sentence(errors: list[Any]) -> str:
    """The first thing wrong: where it is, what it is, and what would do."""
    first = errors[0]
    where = '.'.join(str(part) for part in first['loc'] if part != 'body') or 'the body'
    message = str(first['msg']).removeprefix('Value error, ')
    more = f' (and {len(errors) - 1} more)' if len(errors) > 1 else ''
    return f'{where}: {message[:1].lower()}{message[1:]}{more}; see /docs for the form'


def _versions(names: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except ImportError:  # of the two TensorFlow packages, one is installed
            continue
    return found


def _request_id() -> dict[str, str]:
    return {'request_id': request_id.get()}


def _broken() -> Response:
    return refusal(
        500, f'the service failed; its log has the reason under request {request_id.get()}'
    )
