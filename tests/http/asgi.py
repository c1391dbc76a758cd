"""Requests to an ASGI app, without a server and with one."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import httpx
import uvicorn
from starlette.types import ASGIApp


def client(app: ASGIApp) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url='http://here')


def call(app: ASGIApp, method: str, path: str, **request: Any) -> httpx.Response:
    async def once() -> httpx.Response:
        async with client(app) as http:
            return await http.request(method, path, **request)

    return asyncio.run(once())


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """By a real server, since only that has a connection to close."""
    server = uvicorn.Server(uvicorn.Config(app, log_level='error', lifespan='off', ws='none'))
    with socket.socket() as listening:
        listening.bind(('127.0.0.1', 0))
        listening.listen()
        thread = Thread(target=server.run, kwargs={'sockets': [listening]})
        thread.start()
        try:
            yield f'http://127.0.0.1:{listening.getsockname()[1]}'
        finally:
            server.should_exit = True
            thread.join()
