import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from audio_search.http.limits import COOKIE, TokenAuth
from audio_search.page.login import add_login, login_form

TOKEN = 'a "quoted"; tökén'


@pytest.fixture
def client() -> TestClient:
    app = FastAPI()

    @app.get('/ui')
    async def page() -> str:
        return 'the page'

    add_login(app, TOKEN)
    app.add_middleware(TokenAuth, token=TOKEN, form=login_form)
    return TestClient(app, headers={'Accept': 'text/html'}, follow_redirects=False)


def test_the_page_asks_for_the_token(client: TestClient) -> None:
    answer = client.get('/ui')
    assert answer.status_code == 401
    assert 'type="password"' in answer.text
    assert answer.headers['cache-control'] == 'no-store'


@pytest.mark.parametrize('given', ['wrong', '', TOKEN + 'x', TOKEN[:-1]])
def test_another_word_is_refused(client: TestClient, given: str) -> None:
    answer = client.post('/login', data={'token': given})
    assert answer.status_code == 401
    assert 'not the token' in answer.text
    assert 'set-cookie' not in answer.headers


def test_the_token_opens_the_page(client: TestClient) -> None:
    answer = client.post('/login', data={'token': f' {TOKEN} '})
    assert (answer.status_code, answer.headers['location']) == (303, '/ui')
    cookie = answer.headers['set-cookie']
    assert cookie.startswith(f'{COOKIE}=')
    assert {'HttpOnly', 'Path=/', 'SameSite=strict'} <= {part.strip() for part in cookie.split(';')}
    assert client.get('/ui').json() == 'the page'


def test_over_https_the_cookie_stays_there(client: TestClient) -> None:
    secure = TestClient(client.app, base_url='https://testserver', follow_redirects=False)
    assert 'Secure' in secure.post('/login', data={'token': TOKEN}).headers['set-cookie']
