"""Who may call: the token, the form that asks a browser for it, and the origin of a web page.

Plain ASGI, so that a request is refused before its body is read into memory.
"""

import hmac
import html
import re
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from typing import Annotated

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from audio_search.http.answers import refusal
from audio_search.http.paths import is_page, needs_no_token
from audio_search.paths import PAGE

COOKIE = 'audio_search_token'
COOKIE_AGE_S = 30 * 24 * 3600
LOGIN = '/login'
FORM = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Audio search</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>:root{{color-scheme:light dark}}
body{{font:1rem/1.6 system-ui,sans-serif;margin:0;min-height:100vh;display:grid;place-items:center}}
main{{width:min(22rem,calc(100vw - 3rem))}}h1{{margin:0;font-size:1.5rem}}
input,button{{font:inherit;width:100%;box-sizing:border-box;padding:.6rem .8rem;border-radius:.5rem;
border:1px solid #8886;margin-top:.4rem}}button{{background:#4f46e5;color:#fff;border:0;
margin-top:1rem;cursor:pointer}}:focus-visible{{outline:3px solid #a5b4fc;outline-offset:2px}}
[role=alert]{{color:#b91c1c;font-weight:600}}@media(prefers-color-scheme:dark){{
[role=alert]{{color:#fca5a5}}}}</style>
<main><h1>Audio search</h1><p>This service asks for a token. Whoever set it up has it, under the
name AUDIO_SEARCH_TOKEN.</p>{problem}<form method="post" action="{path}">
<label for="token">Token</label><input id="token" name="token" type="password" required autofocus
autocomplete="current-password"><button>Continue</button></form></main></html>
"""


def unauthorized() -> Response:
    response = refusal(401, 'a token is required; send the header Authorization: Bearer TOKEN')
    response.headers['WWW-Authenticate'] = 'Bearer'
    return response


def login_form(problem: str = '') -> Response:
    """The page that asks for the token, with status 401."""
    alert = f'<p role="alert">{html.escape(problem)}</p>' if problem else ''
    page = FORM.format(problem=alert, path=LOGIN)
    headers = {'WWW-Authenticate': 'Bearer', 'Cache-Control': 'no-store'}
    return HTMLResponse(page, status_code=401, headers=headers)


def add_login(app: FastAPI, token: str) -> None:
    """Serve the form's target, which puts the token into a cookie."""

    @app.post(LOGIN, include_in_schema=False)
    @needs_no_token
    async def login(request: Request, given: Annotated[str, Form(alias='token')] = '') -> Response:
        if token and not is_same(given.strip(), token):
            return login_form('That is not the token; check it and try again.')
        response = RedirectResponse(PAGE, status_code=303)
        if token:
            response.set_cookie(
                COOKIE,
                token,
                max_age=COOKIE_AGE_S,
                httponly=True,
                samesite='strict',
                secure=request.url.scheme == 'https',
            )
        return response


class TokenAuth:
    """Asks for the bearer token, or the cookie that holds it, on every path but the open ones.

    An empty `token` opens everything. A browser that opens the page gets the form that asks for
    the token.
    """

    def __init__(self, app: ASGIApp, token: str, is_open: Callable[[str], bool]) -> None:
        self.app = app
        self.token = token
        self.is_open = is_open

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope['type'] in ('http', 'websocket') and not self._may_pass(scope):
            response = login_form() if _opens_page(scope) else unauthorized()
            await response(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _may_pass(self, scope: Scope) -> bool:
        if not self.token or self.is_open(scope['path']):
            return True
        return any(is_same(given, self.token) for given in _tokens(scope))


def _opens_page(scope: Scope) -> bool:
    return is_page(scope['path']) and any(
        'text/html' in accepted for accepted in header_values(scope, 'accept')
    )


def is_same(given: str, token: str) -> bool:
    """Compared in constant time, so that the answer's delay tells nothing of the token."""
    return hmac.compare_digest(given.encode(), token.encode())


def _tokens(scope: Scope) -> list[str]:
    given = [
        value[7:].strip()
        for value in header_values(scope, 'authorization')
        if value[:7].lower() == 'bearer '
    ]
    for value in header_values(scope, 'cookie'):
        try:
            cookies = SimpleCookie(value)
        except CookieError:
            continue
        if COOKIE in cookies:
            given.append(cookies[COOKIE].value)
    return given


class OriginCheck:
    """Refuses what other web sites make a browser send, which has its user's access (CSRF).

    Browsers name the origin of every POST; other clients name none, and pass. `pattern` matches the
    origins that may call, besides the service's own. Of several Origin headers each must pass.
    """

    def __init__(self, app: ASGIApp, pattern: str) -> None:
        self.app = app
        self.pattern = re.compile(pattern)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope['type'] == 'http' and scope['method'] not in ('GET', 'HEAD', 'OPTIONS'):
            hosts = header_values(scope, 'host')
            for origin in header_values(scope, 'origin'):
                is_own = len(hosts) == 1 and origin.partition('://')[2] == hosts[0]
                if origin and not is_own and not self.pattern.fullmatch(origin):
                    response = refusal(
                        403, 'this web origin may not call; add it to AUDIO_SEARCH_CORS_ORIGINS'
                    )
                    await response(scope, receive, send)
                    return
        await self.app(scope, receive, send)


def origin_pattern(origins: tuple[str, ...]) -> str:
    """'http://localhost:*' -> a pattern in which * stands for any port or name."""
    return '|'.join(re.escape(origin).replace(r'\*', r'[^/@]*') for origin in origins)


def header_values(scope: Scope, name: str) -> list[str]:
    """Every value of a header, in order: one that is sent twice must not hide another."""
    key = name.encode()
    return [value.decode('latin-1') for header, value in scope['headers'] if header == key]
