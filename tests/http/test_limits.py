"""What stands before every request, around a small app of its own."""

import asyncio
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from audio_search.http.limits import COOKIE, BodyLimit, ConcurrencyLimit, OriginCheck, TokenAuth


async def echo(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


PATHS = ('/', '/search', '/docs', '/health/live', '/audio/x', '/static-offline-docs/x')
ECHO = Starlette(routes=[Route(path, echo, methods=['GET', 'POST']) for path in PATHS])


def client(app: ASGIApp) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url='http://here')


def call(app: ASGIApp, method: str, path: str, **request: Any) -> httpx.Response:
    async def once() -> httpx.Response:
        async with client(app) as http:
            return await http.request(method, path, **request)

    return asyncio.run(once())


@pytest.mark.parametrize(
    'headers',
    [
        {'authorization': 'Bearer right'},
        {'authorization': 'bearer right'},
        {'cookie': f'other=1; {COOKIE}=right'},
    ],
)
def test_the_token_opens(headers: dict[str, str]) -> None:
    assert call(TokenAuth(ECHO, 'right'), 'POST', '/search', headers=headers).text == '0'


@pytest.mark.parametrize(
    'headers',
    [
        {},
        {'authorization': 'Bearer wrong'},
        {'authorization': 'Bearer'},
        {'authorization': 'Basic right'},
        {'authorization': 'Bearer rightx'},
        {'authorization': 'Bearer r\xefght'},
        {'cookie': f'{COOKIE}=wrong'},
        {'cookie': 'broken;;=;"'},
    ],
)
def test_without_the_token_a_401_says_what_to_send(headers: dict[str, str]) -> None:
    response = call(
        TokenAuth(ECHO, 'right'),
        'POST',
        '/search',
        headers={name: value.encode('latin-1') for name, value in headers.items()},
    )
    assert response.status_code == 401
    assert 'Authorization: Bearer' in response.json()['detail']
    assert response.headers['www-authenticate'] == 'Bearer'


@pytest.mark.parametrize('path', ['/', '/docs', '/health/live', '/static-offline-docs/x'])
def test_some_paths_need_no_token(path: str) -> None:
    assert call(TokenAuth(ECHO, 'right'), 'GET', path).status_code == 200


def test_sound_needs_the_token() -> None:
    assert call(TokenAuth(ECHO, 'right'), 'GET', '/audio/x').status_code == 401


def test_no_token_set_opens_everything() -> None:
    assert call(TokenAuth(ECHO, ''), 'GET', '/audio/x').status_code == 200


@pytest.mark.parametrize(
    ('headers', 'status'),
    [
        ({}, 200),
        ({'origin': 'http://here'}, 200),
        ({'origin': 'http://localhost:3000'}, 200),
        ({'origin': 'http://evil.example'}, 403),
        ({'origin': 'http://localhost.evil.example'}, 403),
        ({'origin': 'null'}, 403),
    ],
)
def test_another_web_site_cannot_make_a_browser_post(headers: dict[str, str], status: int) -> None:
    app = OriginCheck(ECHO, r'http://localhost:\d*')
    assert call(app, 'POST', '/search', headers=headers).status_code == status
    assert call(app, 'GET', '/', headers=headers).status_code == 200


def test_a_body_over_the_limit_is_a_413() -> None:
    limited = BodyLimit(ECHO, most_mb=0.001)
    assert call(limited, 'POST', '/search', content=b'x' * 1000).text == '1000'
    response = call(limited, 'POST', '/search', content=b'x' * 1001)
    assert response.status_code == 413
    assert 'AUDIO_SEARCH_MAX_BODY_MB' in response.json()['detail']


def test_a_body_that_does_not_say_its_length_is_cut_off_at_the_limit() -> None:
    sent = 0

    async def endless() -> Any:
        nonlocal sent
        while sent < 100_000:
            sent += 500
            yield b'x' * 500

    response = call(BodyLimit(ECHO, most_mb=0.001), 'POST', '/search', content=endless())
    assert response.status_code == 413
    assert sent <= 2000


def test_requests_past_the_limit_wait_and_then_get_a_503_without_being_read() -> None:
    running = 0
    most_running = 0
    release = asyncio.Event()

    async def slow(request: Request) -> PlainTextResponse:
        nonlocal running, most_running
        running += 1
        most_running = max(most_running, running)
        await release.wait()
        running -= 1
        return PlainTextResponse('done')

    app = Starlette(routes=[Route('/search', slow, methods=['POST']), Route('/', echo)])
    read = []

    async def body() -> Any:
        read.append(1)
        yield b'x'

    async def scenario() -> None:
        async with client(ConcurrencyLimit(app, most=2, wait_s=0.2)) as http:
            first = [asyncio.create_task(http.post('/search')) for _ in range(2)]
            await asyncio.sleep(0.05)
            refused = await http.post('/search', content=body())
            assert refused.status_code == 503
            assert refused.headers['retry-after'] == '1'
            assert 'busy' in refused.json()['detail']
            assert (await http.get('/')).status_code == 200
            waiting = asyncio.create_task(http.post('/search'))
            await asyncio.sleep(0.05)
            release.set()
            answers = await asyncio.gather(*first, waiting)
            assert [answer.text for answer in answers] == ['done'] * 3

    asyncio.run(scenario())
    assert most_running == 2
    assert not read
