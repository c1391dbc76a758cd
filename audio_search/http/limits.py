"""What stands before every request: the token, a place to run in, and a bound on the body.

Plain ASGI, so that a request is refused before its body is read into memory.
"""

import hmac
import re
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie

from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from audio_search.errors import RequestError
from audio_search.service.admission import Admission

COOKIE = 'audio_search_token'
OPEN_PATHS = ('/', '/openapi.json', '/docs', '/redoc', '/login')
OPEN_PREFIXES = ('/health/', '/static-offline-docs/')
WORK = ('/index', '/search', '/delete', '/update', '/clear')


def unauthorized() -> Response:
    response = refusal(401, 'a token is required; send the header Authorization: Bearer TOKEN')
    response.headers['WWW-Authenticate'] = 'Bearer'
    return response


class TokenAuth:
    """Asks for the bearer token, or the cookie the page keeps it in, where one is set.

    A browser that opens the page is answered with `form`, which asks for the token.
    """

    def __init__(
        self, app: ASGIApp, token: str, form: Callable[[], Response] = unauthorized
    ) -> None:
        self.app = app
        self.token = token
        self.form = form

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope['type'] in ('http', 'websocket') and not self._may_pass(scope):
            response = self.form() if _opens_page(scope) else unauthorized()
            await response(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _may_pass(self, scope: Scope) -> bool:
        path = scope['path']
        if not self.token or path in OPEN_PATHS or path.startswith(OPEN_PREFIXES):
            return True
        return any(matches(given, self.token) for given in _tokens(scope))


def _opens_page(scope: Scope) -> bool:
    accepted = dict(scope['headers']).get(b'accept', b'')
    return f'{scope["path"]}/'.startswith('/ui/') and b'text/html' in accepted


def matches(given: str, token: str) -> bool:
    """Compared in constant time, so that the answer's delay tells nothing of the token."""
    return hmac.compare_digest(given.encode(), token.encode())


def _tokens(scope: Scope) -> list[str]:
    given = []
    for name, value in scope['headers']:
        text = value.decode('latin-1')
        if name == b'authorization' and text[:7].lower() == 'bearer ':
            given.append(text[7:].strip())
        elif name == b'cookie':
            try:
                cookies = SimpleCookie(text)
            except CookieError:
                continue
            if COOKIE in cookies:
                given.append(cookies[COOKIE].value)
    return given


class OriginCheck:
    """Refuses what other web sites make a browser send: it would act with its user's access.

    Browsers name the origin of every POST; other clients name none, and pass. `pattern` matches the
    origins that may call, besides the service's own.
    """

    def __init__(self, app: ASGIApp, pattern: str) -> None:
        self.app = app
        self.pattern = re.compile(pattern)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope['type'] == 'http' and scope['method'] not in ('GET', 'HEAD', 'OPTIONS'):
            headers = dict(scope['headers'])
            origin = headers.get(b'origin', b'').decode('latin-1')
            own = origin.partition('://')[2] == headers.get(b'host', b'').decode('latin-1')
            if origin and not own and not self.pattern.fullmatch(origin):
                response = refusal(
                    403, 'this web origin may not call; add it to AUDIO_SEARCH_CORS_ORIGINS'
                )
                await response(scope, receive, send)
                return
        await self.app(scope, receive, send)


class ConcurrencyLimit:
    """Takes a place for each working request before its body is read: a body that waits for its
    turn is not held in memory."""

    def __init__(self, app: ASGIApp, admission: Admission) -> None:
        self.app = app
        self.admission = admission

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope['type'] != 'http' or not scope['path'].startswith(WORK):
            await self.app(scope, receive, send)
            return
        try:
            async with self.admission.place():
                await self.app(scope, receive, send)
        except RequestError as error:
            response = refusal(503, error.detail, error.retry_after_s)
            await response(scope, receive, send)


class BodyLimit:
    """Answers 413 as soon as a body is, or says it will be, larger than `most_mb` MB."""

    def __init__(self, app: ASGIApp, most_mb: float) -> None:
        self.app = app
        self.most = round(most_mb * 1e6)
        self.detail = (
            f'the request is larger than {most_mb:g} MB; send less at once, '
            'or raise AUDIO_SEARCH_MAX_BODY_MB'
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope['type'] != 'http':
            await self.app(scope, receive, send)
            return
        headers = dict(scope['headers'])
        declared = headers.get(b'content-length', b'0')
        if declared.isdigit() and int(declared) > self.most:
            await self._refuse(scope, receive, send)
            return
        received = 0
        started = False

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get('body', b''))
            if received > self.most:
                raise _TooLarge
            return message

        async def noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, counted, noted)
        except _TooLarge:
            if not started:
                await self._refuse(scope, receive, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = refusal(413, self.detail)
        # The rest of the body is still on its way; it is not going to be read.
        response.headers['Connection'] = 'close'
        await response(scope, receive, send)


class _TooLarge(BaseException):
    """Not an Exception, so that no parser on the way takes it for a damaged body."""


def refusal(status: int, detail: str, retry_after_s: int | None = None) -> JSONResponse:
    headers = {'Retry-After': str(retry_after_s)} if retry_after_s else None
    return JSONResponse({'detail': detail}, status, headers)
