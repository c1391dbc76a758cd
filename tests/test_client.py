"""How the HTTP client deals with a service that is not as it should be."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from audio_search import client
from audio_search.client import Client, NoService, Refused
from tests.running import free_port

Answer = tuple[int, dict[str, str], bytes]
READY = (200, {}, b'{"status": "ready"}')


class StandIn:
    """A server that gives its `answers` one after the other, the last one again and again; it keeps
    the `requests`: path and Authorization."""

    def __init__(self, port: int) -> None:
        self.answers: list[Answer] = [READY]
        self.requests: list[tuple[str, str | None]] = []
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                stand_in.requests.append((self.path, self.headers['Authorization']))
                answers = stand_in.answers
                status, headers, body = answers.pop(0) if len(answers) > 1 else answers[0]
                self.send_response(status)
                for name, value in {**headers, 'Content-Length': str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments: Any) -> None:
                pass

        self.server = HTTPServer(('127.0.0.1', port), Handler)
        self.url = f'http://127.0.0.1:{self.server.server_port}'
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    running = StandIn(0)
    yield running
    running.close()


def busy(status: int = 503, **headers: str) -> Answer:
    return status, {'Retry-After': '0', **headers}, b'{"detail": "the service is busy"}'


def test_a_busy_service_is_asked_again_and_that_is_said_once(stand_in: StandIn) -> None:
    said: list[str] = []
    stand_in.answers = [busy(), busy(429), busy(), READY]
    with Client(stand_in.url, wait_s=20, say=said.append) as asked:
        asked.wait_until_ready()
    assert len(stand_in.requests) == 4
    assert said == [
        'the service is busy; waiting for up to 20 s',
        'the service answers again',
    ]


def test_a_service_that_comes_back_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    started: list[StandIn] = []

    def sleep(seconds: float) -> None:
        if not started:
            started.append(StandIn(port))

    monkeypatch.setattr(client.time, 'sleep', sleep)
    said: list[str] = []
    with Client(f'http://127.0.0.1:{port}', say=said.append) as asked:
        assert not asked.answers()
        asked.wait_until_ready()
    started[0].close()
    assert 'does not answer' in said[0]
    assert said[1:] == ['the service answers again']


def test_patience_ends(stand_in: StandIn) -> None:
    stand_in.answers = [busy()]
    with Client(stand_in.url, wait_s=0.05) as asked, pytest.raises(NoService) as error:
        asked.wait_until_ready()
    assert 'the service is busy, for 0.05 s now' in str(error.value)
    assert len(stand_in.requests) > 1


@pytest.mark.parametrize(
    ('answer', 'status', 'words'),
    [
        ((503, {}, b'{"detail": "the disk is full; make room"}'), 503, 'the disk is full'),
        ((413, {}, b'{"detail": "too large; send less"}'), 413, 'too large'),
        ((401, {}, b'{"detail": "a token is required"}'), 401, 'AUDIO_SEARCH_TOKEN'),
        ((500, {}, b'<html>'), 500, 'the status 500'),
    ],
)
def test_what_does_not_pass_is_not_waited_for(
    stand_in: StandIn, answer: Answer, status: int, words: str
) -> None:
    stand_in.answers = [answer]
    with Client(stand_in.url) as asked, pytest.raises(Refused) as error:
        asked.status()
    assert (error.value.status, len(stand_in.requests)) == (status, 1)
    assert words in str(error.value)


def test_another_server_is_not_taken_for_the_service(stand_in: StandIn) -> None:
    stand_in.answers = [(200, {}, b'hello')]
    questions: list[Callable[[Client], object]] = [Client.answers, Client.status]
    for ask in questions:
        with Client(stand_in.url) as asked, pytest.raises(NoService) as error:
            ask(asked)
        assert 'is not this service' in str(error.value)


def test_the_token_is_sent_and_no_proxy_is_asked(
    stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('HTTP_PROXY', f'http://127.0.0.1:{free_port()}')
    with Client(stand_in.url, token='secret') as asked:
        asked.wait_until_ready()
    assert stand_in.requests == [('/health/ready', 'Bearer secret')]


@pytest.mark.parametrize('url', ['localhost:45678', 'ftp://host', 'http://', ''])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match='http://HOST:PORT'):
        Client(url)
