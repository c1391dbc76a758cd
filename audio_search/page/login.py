"""The form that asks for the token, and the cookie that keeps it."""

import html
from typing import Annotated

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from audio_search.http.limits import COOKIE, matches

LOGIN_PATH = '/login'
KEPT_S = 30 * 24 * 3600
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


def login_form(problem: str = '') -> Response:
    said = f'<p role="alert">{html.escape(problem)}</p>' if problem else ''
    page = FORM.format(problem=said, path=LOGIN_PATH)
    headers = {'WWW-Authenticate': 'Bearer', 'Cache-Control': 'no-store'}
    return HTMLResponse(page, status_code=401, headers=headers)


def add_login(app: FastAPI, token: str) -> None:
    """Serve the form's target. Without a token in the settings there is nothing to ask for."""

    @app.post(LOGIN_PATH, include_in_schema=False)
    async def login(request: Request, given: Annotated[str, Form(alias='token')] = '') -> Response:
        if token and not matches(given.strip(), token):
            return login_form('That is not the token; check it and try again.')
        response = RedirectResponse('/ui', status_code=303)
        if token:
            response.set_cookie(
                COOKIE,
                token,
                max_age=KEPT_S,
                httponly=True,
                samesite='strict',
                secure=request.url.scheme == 'https',
            )
        return response
