"""Bounds on a request, around a small app of its own."""

import asyncio
import json
import socket
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from audio_search.http.limits import BodyLimit, ConcurrencyLimit, EarlyAnswer
from audio_search.service.admission import Admission
from tests.http.asgi import call, client, served


async def echo(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


ECHO = Starlette(routes=[Route(path, echo, methods=['GET', 'POST']) for path in ('/', '/search')])


def is_working(path: str) -> bool:
    return path == '/search'


def test_a_body_over_the_limit_is_a_413() -> None:
    limited = BodyLimit(ECHO, max_mb=0.001)
    assert call(limited, 'POST', '/search', content=b'x' * 1000).text == '1000'
    response = call(limited, 'POST', '/search', content=b'x' * 1001)
    assert response.status_code == 413
    assert 'AUDIO_SEARCH_MAX_BODY_MB' in response.json()['detail']


@pytest.mark.parametrize('lengths', [('1001', '1'), ('1', '1001')])
def test_of_two_lengths_the_larger_counts(lengths: tuple[str, str]) -> None:
    headers = [('content-length', length) for length in lengths]
    response = call(BodyLimit(ECHO, max_mb=0.001), 'POST', '/search', headers=headers)
    assert response.status_code == 413


def test_a_body_that_does_not_say_its_length_is_cut_off_at_the_limit() -> None:
    sent_bytes = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent_bytes
        while sent_bytes < 100_000:
            sent_bytes += 500
            yield b'x' * 500

    response = call(BodyLimit(ECHO, max_mb=0.001), 'POST', '/search', content=endless())
    assert response.status_code == 413
    assert sent_bytes <= 2000


def test_requests_past_the_limit_wait_and_then_get_a_503_without_being_read() -> None:
    running = 0
    max_running = 0
    is_read = False

    async def body() -> AsyncIterator[bytes]:
        nonlocal is_read
        is_read = True
        yield b'x'

    async def scenario() -> None:
        release = asyncio.Event()
        all_run = asyncio.Event()

        async def slow(request: Request) -> PlainTextResponse:
            nonlocal running, max_running
            running += 1
            max_running = max(max_running, running)
            if running == 2:
                all_run.set()
            await release.wait()
            running -= 1
            return PlainTextResponse('done')

        app = Starlette(routes=[Route('/search', slow, methods=['POST']), Route('/', echo)])
        limited = ConcurrencyLimit(app, Admission(2, 0.2, 60), is_working)
        async with client(limited) as http:
            first = [asyncio.create_task(http.post('/search')) for _ in range(2)]
            await all_run.wait()
            busy = await http.post('/search', content=body())
            assert busy.status_code == 503
            assert busy.headers['retry-after'] == '1'
            assert 'busy' in busy.json()['detail']
            assert (await http.get('/')).status_code == 200
            waiting = asyncio.create_task(http.post('/search'))
            await asyncio.sleep(0)
            release.set()
            answers = await asyncio.gather(*first, waiting)
            assert [answer.text for answer in answers] == ['done'] * 3

    asyncio.run(scenario())
    assert max_running == 2
    assert not is_read


@pytest.mark.parametrize(
    'header', ['Expect:', 'Expect: 100-continue', 'Transfer-Encoding: chunked']
)
def test_a_client_that_still_sends_gets_the_413(tmp_path: Path, header: str) -> None:
    large = tmp_path / 'large.wav'
    with large.open('wb') as file:
        file.truncate(60_000_000)
    with served(EarlyAnswer(BodyLimit(ECHO, max_mb=1))) as url:
        curl = ['curl', '-sS', '-m', '60', '-H', header, '--data-binary', f'@{large}']
        run = subprocess.run([*curl, f'{url}/search'], capture_output=True, text=True, check=True)
    assert 'larger than 1 MB' in json.loads(run.stdout)['detail']


def test_a_client_that_reads_only_when_all_is_sent_gets_the_413_too() -> None:
    """As browsers do: a reset while they send is all they would show."""
    with served(EarlyAnswer(BodyLimit(ECHO, max_mb=1))) as url:
        host, port = url.removeprefix('http://').split(':')
        with socket.create_connection((host, int(port)), timeout=60) as connection:
            head = f'POST /search HTTP/1.1\r\nHost: {host}\r\nContent-Length: 60000000\r\n\r\n'
            connection.sendall(head.encode())
            for _ in range(60):
                connection.sendall(bytes(1_000_000))
            answer = b''
            while block := connection.recv(65536):
                answer += block
    assert answer.startswith(b'HTTP/1.1 413')
    assert b'connection: close' in answer.lower()
    assert b'larger than 1 MB' in answer


def test_a_client_that_stops_sending_is_not_waited_for() -> None:
    limited = EarlyAnswer(BodyLimit(ECHO, max_mb=1), max_silence_s=0.1)
    with served(limited) as url:
        host, port = url.removeprefix('http://').split(':')
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            head = f'POST /search HTTP/1.1\r\nHost: {host}\r\nContent-Length: 60000000\r\n\r\nx'
            connection.sendall(head.encode())
            answer = b''
            while block := connection.recv(65536):
                answer += block
    assert answer.startswith(b'HTTP/1.1 413')


def test_an_answer_after_the_whole_body_keeps_its_connection() -> None:
    response = call(EarlyAnswer(ECHO), 'POST', '/search', content=b'x' * 10)
    assert response.text == '10'
    assert 'connection' not in response.headers
