"""Bounds on a request: how many run at once, and how large a body may be.

Plain ASGI, so that a request is refused before its body is read into memory.
"""

import asyncio
from collections.abc import Callable

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from audio_search.errors import Kind, RequestError
from audio_search.http.answers import refused
from audio_search.http.security import header_values
from audio_search.service.admission import Admission


class ConcurrencyLimit:
    """Takes a place for each working request before its body is read, so that a body that waits
    for its turn is not held in memory."""

    def __init__(
        self, app: ASGIApp, admission: Admission, is_working: Callable[[str], bool]
    ) -> None:
        self.app = app
        self.admission = admission
        self.is_working = is_working

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope['type'] != 'http' or not self.is_working(scope['path']):
            await self.app(scope, receive, send)
            return
        try:
            async with self.admission.place():
                await self.app(scope, receive, send)
        except RequestError as error:
            await refused(error)(scope, receive, send)


class BodyLimit:
    """Answers 413 as soon as a body is, or says it will be, larger than `max_mb` MB."""

    def __init__(self, app: ASGIApp, max_mb: float) -> None:
        self.app = app
        self.max_bytes = round(max_mb * 1e6)
        self.error = RequestError(
            Kind.TOO_LARGE,
            f'the request is larger than {max_mb:g} MB; send less at once, '
            'or raise AUDIO_SEARCH_MAX_BODY_MB',
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope['type'] != 'http':
            await self.app(scope, receive, send)
            return
        declared = header_values(scope, 'content-length')
        if any(value.isdigit() and int(value) > self.max_bytes for value in declared):
            await refused(self.error)(scope, receive, send)
            return
        received_bytes = 0
        has_started = False

        async def counted() -> Message:
            nonlocal received_bytes
            message = await receive()
            received_bytes += len(message.get('body', b''))
            if received_bytes > self.max_bytes:
                raise _TooLarge
            return message

        async def watched(message: Message) -> None:
            nonlocal has_started
            has_started = True
            await send(message)

        try:
            await self.app(scope, counted, watched)
        except _TooLarge:
            if not has_started:
                await refused(self.error)(scope, receive, send)


class _TooLarge(BaseException):
    """Not an Exception, so that no parser on the way takes it for a damaged body."""


class EarlyAnswer:
    """Lets a client receive an answer that is given before its body has arrived.

    The server closes the connection after such an answer. While the client still sends, that
    resets the connection, and most clients then show the reset instead of the answer. So the
    answer is sent, and the rest of the body is read and dropped before the connection closes
    (a lingering close): until nothing came for `max_silence_s`, or for `max_s` in all.
    """

    def __init__(self, app: ASGIApp, max_silence_s: float = 5.0, max_s: float = 300.0) -> None:
        self.app = app
        self.max_silence_s = max_silence_s
        self.max_s = max_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope['type'] != 'http' or not _has_body(scope):
            await self.app(scope, receive, send)
            return
        is_read = False
        is_early = False

        async def watched_receive() -> Message:
            nonlocal is_read
            message = await receive()
            is_read = is_read or not message.get('more_body', False)
            return message

        async def watched_send(message: Message) -> None:
            nonlocal is_early
            if message['type'] == 'http.response.start' and not is_read:
                is_early = True
                message.setdefault('headers', [])
                MutableHeaders(scope=message)['Connection'] = 'close'
            is_last = message['type'] == 'http.response.body' and not message.get('more_body')
            if not (is_early and is_last):
                await send(message)
                return
            await send({**message, 'more_body': True})
            await self._drop_rest(watched_receive, lambda: is_read)
            await send({'type': 'http.response.body', 'body': b''})

        await self.app(scope, watched_receive, watched_send)

    async def _drop_rest(self, receive: Receive, is_read: Callable[[], bool]) -> None:
        try:
            async with asyncio.timeout(self.max_s):
                while not is_read():
                    await asyncio.wait_for(receive(), self.max_silence_s)
        except TimeoutError:
            pass


def _has_body(scope: Scope) -> bool:
    lengths = header_values(scope, 'content-length')
    return any(value != '0' for value in lengths) or bool(header_values(scope, 'transfer-encoding'))
