"""The routes: what reads a request and asks the service."""

import asyncio
import json
import mimetypes
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, TypeVar

from fastapi import FastAPI, File, Form, Query, Request, UploadFile
from fastapi.params import Depends
from fastapi.responses import FileResponse, HTMLResponse, PlainTextResponse, RedirectResponse
from pydantic import BaseModel, ValidationError

from audio_search.audio import sources
from audio_search.clip_answers import IndexAnswer, SearchAnswer
from audio_search.documents import AudioClip
from audio_search.errors import Kind, RequestError
from audio_search.http.answers import (
    PROBLEMS,
    index_answer,
    listed,
    one_sentence,
)
from audio_search.http.formats import RESPONSES, WantedForm, formatted
from audio_search.http.metrics import Metrics, refresh
from audio_search.http.paths import needs_no_token, unlogged, works
from audio_search.http.status import Status, status_answer
from audio_search.keys import unknown_key
from audio_search.paths import PAGE
from audio_search.roots import Roots
from audio_search.schemas import (
    ChunkBody,
    ClearBody,
    ClipBody,
    ClipsQuery,
    DeleteBody,
    IndexBody,
    IndexParameters,
    QueryBody,
    SearchBody,
    SearchParameters,
    UpdateBody,
)
from audio_search.service.pipeline import ExecutorDown, ExecutorFailed
from audio_search.service.requests import TIMES, ChunkRequest, ClipRequest
from audio_search.service.service import AudioService
from audio_search.service.within import Within

B = TypeVar('B', bound=BaseModel)

UPLOAD_BLOCK_BYTES = 1 << 20
HOME = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Audio search</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body{{font:1rem/1.6 system-ui,sans-serif;margin:3rem auto;max-width:34rem;padding:1rem}}
</style>
<h1>Audio search</h1><p>Give it a sound; it finds the clips that sound alike.</p><ul>
{page}<li><a href="/docs">Try the API</a></li>
<li><a href="/redoc">Read the API</a></li><li><a href="/status">What is indexed</a></li>
<li><a href="/health/ready">Is it ready?</a></li><li><a href="/metrics">Metrics</a></li></ul></html>
"""
PAGE_LINK = f'<li><a href="{PAGE}">Search and listen</a></li>'

INSIDE = tuple(field.name for field in fields(Within) if field.name != 'recordings')

Files = Annotated[list[UploadFile], File(description='sound files')]


def add_work(app: FastAPI, service: AudioService, needs: Sequence[Depends]) -> None:
    """Index, search, delete, update and clear. `needs` is what each route depends on."""
    post: dict[str, Any] = {
        'responses': PROBLEMS,
        'response_model_exclude_unset': True,
        'dependencies': needs,
    }

    @app.post('/index', **post)
    @works
    async def index(body: IndexBody) -> IndexAnswer:
        """Index clips. A file that did not change since is not encoded again.

        A clip that is indexed already keeps its tags where none are sent (`tags` absent or null);
        `{}` removes them.
        """
        return index_answer(
            await service.index(_requests(body.data), include=body.parameters.include)
        )

    search_post = post | {'responses': RESPONSES, 'response_model': SearchAnswer}

    @app.post('/search', **search_post)
    @works
    async def search(body: SearchBody, form: WantedForm) -> Any:
        """Find the clips that sound like the given one, or as its words say, nearest first; also
        as a file, see `format`. In a file a query that cannot be used refuses the request.

        A query may have several examples of what is wanted (`like`) and of what is not (`unlike`):
        a linear query is fitted to them, and searched for exactly. `include: score` answers how
        probable it is that a match is right, and `order: doubtful` what to judge next."""
        found = await service.search(_requests(body.data), **_options(body.parameters))
        return await formatted(found, form, service.roots)

    @app.post('/delete', **post)
    @works
    async def delete(body: DeleteBody) -> IndexAnswer:
        """Forget clips, named by `parameters.ids`, or by id or uri in `data`; or all those that
        `parameters.filter` and `parameters.prefix` choose. The answer has those forgotten."""
        return index_answer(
            await service.delete(
                _requests(body.data),
                ids=body.parameters.ids,
                filter=body.parameters.filter,
                prefix=body.parameters.prefix,
            )
        )

    @app.post('/update', **post)
    @works
    async def update(body: UpdateBody) -> IndexAnswer:
        """Replace the tags of indexed clips, named by id or uri. One that is sent without tags
        keeps those it has; `{}` removes them."""
        return index_answer(await service.update(_requests(body.data)))

    @app.post('/clear', **post)
    @works
    async def clear(body: ClearBody | None = None) -> IndexAnswer:
        """Forget every clip."""
        return index_answer(await service.clear())

    @app.post('/index/upload', **post)
    @works
    async def index_upload(
        request: Request,
        files: Files,
        tags: Annotated[
            str,
            Form(
                description='JSON object, for all of them; the name of each is added as file. '
                'Without it, or null, a sound that is indexed already keeps its tags'
            ),
        ] = 'null',
        parameters: Annotated[str, Form(description='JSON object, as in /index')] = '{}',
    ) -> IndexAnswer:
        """Index files sent in the request; the service keeps them."""
        await _check_form(request, ('files', 'tags', 'parameters'), IndexParameters)
        parsed = _parse(IndexParameters, parameters)
        given = None if tags.strip() == 'null' else _parse_json('tags', tags)
        requests = await _receive(service, files, given, keep=True)
        return index_answer(await service.index(requests, include=parsed.include))

    @app.post('/search/upload', **search_post)
    @works
    async def search_upload(
        request: Request,
        files: Files,
        form: WantedForm,
        parameters: Annotated[str, Form(description='JSON object, as in /search')] = '{}',
    ) -> Any:
        """Search by files sent in the request; they are removed afterwards."""
        await _check_form(request, ('files', 'parameters'), SearchParameters)
        parsed = _parse(SearchParameters, parameters)
        requests = await _receive(service, files, {}, keep=False)
        found = await service.search(requests, **_options(parsed))
        return await formatted(found, form, service.roots)


def add_views(
    app: FastAPI, service: AudioService, metrics: Metrics, needs: Sequence[Depends]
) -> None:
    """What is stored: listed, counted, and its sound. `needs` is what each route depends on."""
    get: dict[str, Any] = {'responses': PROBLEMS, 'dependencies': needs}

    @app.get('/clips', **get)
    async def clips(query: Annotated[ClipsQuery, Query()]) -> dict[str, Any]:
        """What is indexed, a page at a time, in the order it was stored. `total` counts all clips
        that fit."""
        page = await service.clips(
            query.offset,
            query.limit,
            include=query.include,
            filter=None if query.filter is None else _parse_json('filter', query.filter),
            prefix=query.prefix,
            missing=query.missing,
        )
        return {'clips': [listed(clip) for clip in page.clips], 'total': page.total}

    @app.get('/status', **get, response_model_exclude_none=True)
    async def status() -> Status:
        """What the service holds and which weights it uses."""
        return status_answer(await service.status())

    @app.get('/audio/{clip_id:path}', **get)
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

    @app.get('/metrics', include_in_schema=False)
    @unlogged
    async def prometheus() -> PlainTextResponse:
        try:
            await refresh(metrics, service)
        except (ExecutorDown, ExecutorFailed, RequestError):
            metrics.errors.labels('metrics').inc()
        return PlainTextResponse(metrics.text(), media_type='text/plain; version=0.0.4')


def add_open(app: FastAPI, service: AudioService, *, has_page: bool) -> None:
    """What answers without the token."""
    home_html = HOME.format(page=PAGE_LINK if has_page else '')
    if not has_page:  # where the login form leads to

        @app.get(PAGE, include_in_schema=False)
        @needs_no_token
        @unlogged
        async def no_page() -> RedirectResponse:
            return RedirectResponse('/')

    @app.get('/', include_in_schema=False)
    @needs_no_token
    @unlogged
    async def home() -> HTMLResponse:
        return HTMLResponse(home_html)

    @app.get('/health/live')
    @needs_no_token
    @unlogged
    async def live() -> dict[str, str]:
        """Answers as long as the gateway runs."""
        return {'status': 'alive'}

    @app.get('/health/ready', responses=PROBLEMS)
    @needs_no_token
    @unlogged
    async def ready() -> dict[str, str]:
        """Answers 200 when the model is loaded and the index open, else 503 and what is not."""
        await service.ready()
        return {'status': 'ready'}


def _path_of(clip: AudioClip, roots: Roots) -> Path:
    try:
        return sources.resolve(clip.uri or '', roots).path
    except sources.MediaForbidden as error:
        raise RequestError(Kind.REFUSED, str(error)) from None
    except sources.MediaError as error:
        raise RequestError(Kind.MISSING, str(error)) from None


async def _receive(
    service: AudioService, files: list[UploadFile], tags: dict[str, Any] | None, keep: bool
) -> list[ClipRequest]:
    """Store the files of a form, one request for each. Those stored before one that cannot be are
    dropped again."""
    requests: list[ClipRequest] = []
    try:
        for file in files:
            name = file.filename or 'sound'
            upload = await service.receive(_blocks(file), name, keep=keep)
            named = {'file': name}
            if tags is None:
                requests.append(ClipRequest(new_tags=named, upload=upload))
            else:
                requests.append(ClipRequest(tags=named | tags, upload=upload))
    except RequestError:
        came = [request.upload for request in requests if request.upload]
        service.drop(upload for upload in came if upload.is_new)
        raise
    return requests


def _blocks(file: UploadFile) -> Iterator[bytes]:
    while block := file.file.read(UPLOAD_BLOCK_BYTES):
        yield block


def _requests(bodies: Sequence[ClipBody]) -> list[ClipRequest]:
    return [
        ClipRequest(
            id=body.id,
            uri=body.uri,
            tags=body.tags,
            chunks=[
                ChunkRequest(
                    tensor=chunk.tensor,
                    tags=chunk.tags | _times(chunk),
                    location=chunk.location,
                )
                for chunk in body.chunks
            ],
            **(_asked(body) if isinstance(body, QueryBody) else {}),
        )
        for body in bodies
    ]


def _asked(body: QueryBody) -> dict[str, Any]:
    return {
        'words': body.words,
        'vector': body.vector,
        'saved': body.saved,
        'like': [ClipRequest(**dict(one)) for one in body.like],
        'unlike': [ClipRequest(**dict(one)) for one in body.unlike],
    }


def _times(chunk: ChunkBody) -> dict[str, float]:
    return {name: ms for name in TIMES if (ms := getattr(chunk, name)) is not None}


def _options(parameters: SearchParameters) -> dict[str, Any]:
    """Only what was given: a saved search may choose the rest."""
    inside = {name: getattr(parameters, name) for name in INSIDE}
    given = {name: getattr(parameters, name) for name in parameters.model_fields_set - {*INSIDE}}
    return given | {'within': Within.of(parameters.within, **inside)}


async def _check_form(request: Request, known: Sequence[str], parameters: type[BaseModel]) -> None:
    """Refuse fields that mean nothing, as Body does for JSON."""
    elsewhere = dict.fromkeys(parameters.model_fields, 'the JSON object of the field parameters')
    for name in await request.form():
        if name not in known:
            raise RequestError(Kind.INVALID, f'the form: {unknown_key(name, known, elsewhere)}')


def _parse(kind: type[B], text: str) -> B:
    try:
        return kind.model_validate(_parse_json('parameters', text))
    except ValidationError as error:
        raise RequestError(Kind.INVALID, one_sentence(error.errors(), 'parameters')) from None


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
