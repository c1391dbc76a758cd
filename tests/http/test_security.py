"""The token, its form, and the origin of web pages, around a small app of its own."""

from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from audio_search.http.paths import Paths, needs_no_token
from audio_search.http.security import (
    COOKIE,
    OriginCheck,
    TokenAuth,
    add_login,
    origin_pattern,
)
from tests.http.asgi import call

TOKEN = 'a "quoted"; tökén'


def small_app() -> FastAPI:
    app = FastAPI(openapi_url=None)

    @app.post('/search')
    async def search(request: Request) -> int:
        return len(await request.body())

    @app.get('/ui')
    async def page() -> str:
        return 'the page'

    @app.get('/open')
    @needs_no_token
    async def everybody() -> str:
        return 'open'

    return app


def guarded(token: str) -> TokenAuth:
    app = small_app()
    return TokenAuth(app, token, Paths(app.routes).open)


@pytest.mark.parametrize(
    'headers',
    [
        [('authorization', 'Bearer right')],
        [('authorization', 'bearer right')],
        [('cookie', f'other=1; {COOKIE}=right')],
        [('authorization', 'Basic other'), ('authorization', 'Bearer right')],
        [('authorization', 'Bearer right'), ('authorization', 'Basic other')],
        [('cookie', f'{COOKIE}=right'), ('cookie', 'other=1')],
    ],
)
def test_the_token_opens(headers: list[tuple[str, str]]) -> None:
    assert call(guarded('right'), 'POST', '/search', headers=headers).text == '0'


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
        guarded('right'),
        'POST',
        '/search',
        headers={name: value.encode('latin-1') for name, value in headers.items()},
    )
    assert response.status_code == 401
    assert 'Authorization: Bearer' in response.json()['detail']
    assert response.headers['www-authenticate'] == 'Bearer'


def test_only_marked_paths_need_no_token() -> None:
    assert call(guarded('right'), 'GET', '/open').status_code == 200
    assert call(guarded('right'), 'GET', '/ui').status_code == 401
    assert call(guarded('right'), 'GET', '/nothing').status_code == 401


def test_no_token_set_opens_everything() -> None:
    assert call(guarded(''), 'GET', '/ui').status_code == 200


@pytest.fixture
def browser() -> TestClient:
    app = small_app()
    add_login(app, TOKEN)
    app.add_middleware(TokenAuth, token=TOKEN, is_open=Paths(app.routes).open)
    return TestClient(app, headers={'Accept': 'text/html'}, follow_redirects=False)


def test_the_page_asks_for_the_token(browser: TestClient) -> None:
    answer = browser.get('/ui')
    assert answer.status_code == 401
    assert 'type="password"' in answer.text
    assert answer.headers['cache-control'] == 'no-store'


@pytest.mark.parametrize('given', ['wrong', '', TOKEN + 'x', TOKEN[:-1]])
def test_another_word_is_refused(browser: TestClient, given: str) -> None:
    answer = browser.post('/login', data={'token': given})
    assert answer.status_code == 401
    assert 'not the token' in answer.text
    assert 'set-cookie' not in answer.headers


def test_the_token_opens_the_page(browser: TestClient) -> None:
    answer = browser.post('/login', data={'token': f' {TOKEN} '})
    assert (answer.status_code, answer.headers['location']) == (303, '/ui')
    cookie = answer.headers['set-cookie']
    assert cookie.startswith(f'{COOKIE}=')
    assert {'HttpOnly', 'Path=/', 'SameSite=strict'} <= {part.strip() for part in cookie.split(';')}
    assert browser.get('/ui').json() == 'the page'


def test_over_https_the_cookie_stays_there(browser: TestClient) -> None:
    secure = TestClient(browser.app, base_url='https://testserver', follow_redirects=False)
    assert 'Secure' in secure.post('/login', data={'token': TOKEN}).headers['set-cookie']


@pytest.mark.parametrize(
    ('origins', 'status'),
    [
        ([], 200),
        (['http://here'], 200),
        (['http://localhost:3000'], 200),
        (['http://here', 'http://localhost:3000'], 200),
        (['http://evil.example'], 403),
        (['http://localhost.evil.example'], 403),
        (['null'], 403),
        (['http://evil.example', 'http://here'], 403),
        (['http://here', 'http://evil.example'], 403),
        (['http://evil.example', ''], 403),
    ],
)
def test_another_web_site_cannot_make_a_browser_post(origins: list[str], status: int) -> None:
    app = OriginCheck(small_app(), origin_pattern(('http://localhost:*',)))
    headers = [('origin', origin) for origin in origins]
    assert call(app, 'POST', '/search', headers=headers).status_code == status
    assert call(app, 'GET', '/ui', headers=headers).status_code == 200


def test_of_two_hosts_none_is_the_services_own() -> None:
    """Else a request could name the host that its foreign origin has."""
    app = OriginCheck(small_app(), origin_pattern(('http://localhost:*',)))
    headers = [('host', 'evil.example'), ('host', 'here'), ('origin', 'http://evil.example')]
    assert call(app, 'POST', '/search', headers=httpx.Headers(headers)).status_code == 403


def test_no_part_of_the_package_knows_the_page_but_by_its_path() -> None:
    folder = Path(__file__).parents[2] / 'audio_search' / 'http'
    for module in folder.glob('*.py'):
        assert 'audio_search.page' not in module.read_text(), module
