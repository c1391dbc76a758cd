"""Saved searches over HTTP, kept by a real indexer."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from audio_search.service import searches
from tests.http.api import Api
from tests.http.asgi import call
from tests.service.indexer_pipeline import IndexerPipeline

BELLS = {
    'label': 'bell',
    'like': [{'id': 'a#t=4,8'}, {'words': 'church bell'}],
    'unlike': [{'uri': 'dog.wav'}],
    'words': 'bell -dog',
    'filter': {'year': {'$gt': 1999}},
    'parameters': {'limit': 20},
}


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    api = Api(tmp_path)
    pipeline = IndexerPipeline(api.here.pipeline.roots, tmp_path)
    api.here.service.pipeline = api.here.pipeline = pipeline
    yield api
    pipeline.indexer.close()


def save(api: Api, name: str, body: Any) -> httpx.Response:
    return call(api.app, 'PUT', f'/searches/{quote(name, safe="")}', json=body)


def saved(api: Api) -> list[dict[str, Any]]:
    response = api.get('/searches')
    assert response.status_code == 200, response.text
    return list(response.json()['searches'])


@pytest.mark.parametrize('name', ['bells', 'Bells/of 1999, "loud"?', 'Glöckchen #1'])
def test_they_are_saved_listed_and_deleted(api: Api, name: str) -> None:
    response = save(api, name, BELLS)
    assert response.status_code == 200, response.text
    answer = response.json()
    assert answer == {'name': name, **BELLS, 'made': answer['made']}
    assert answer['made'].endswith('Z')
    assert saved(api) == [answer]
    response = call(api.app, 'DELETE', f'/searches/{quote(name, safe="")}')
    assert (response.status_code, response.json()) == (200, answer)
    assert saved(api) == []
    response = call(api.app, 'DELETE', f'/searches/{quote(name, safe="")}')
    assert response.status_code == 404
    assert 'see /searches for all names' in response.json()['detail']


def test_what_is_not_given_is_empty_and_an_answer_may_be_sent_again(api: Api) -> None:
    answer = save(api, 'dogs', {'label': 'dog'}).json()
    assert (answer['like'], answer['words'], answer['filter']) == ([], None, {})
    again = save(api, 'dogs', answer).json()
    assert again == answer | {'made': again['made']}
    save(api, 'dogs', {'words': 'dog'})
    assert [(one['label'], one['words']) for one in saved(api)] == [(None, 'dog')]


@pytest.mark.parametrize(
    ('name', 'body', 'status', 'sentence'),
    [
        ('x', {}, 422, 'the search asks for nothing'),
        ('x', {'unlike': [{'id': 'a'}], 'filter': {'a': 1}}, 422, 'the search asks for nothing'),
        ('x', {'words': 'a', 'filter': {'a': {'$near': 1}}}, 422, '$near'),
        ('x', {'like': ['a']}, 422, 'like.0'),
        ('x', {'lik': []}, 422, "the nearest key is 'like'"),
        ('x', {'like': [{'vector': [0.5] * 2000}] * 20}, 413, 'index the sounds'),
        ('x', {'like': [{}]}, 422, 'an example is one of uri, id, vector and words'),
        ('x', {'words': 'a', 'parameters': {'limt': 3}}, 422, "the nearest key is 'limit'"),
        ('x', {'words': 'a', 'parameters': {'limit': 0}}, 422, 'greater than or equal to 1'),
        ('x', {'words': 'a', 'parameters': {'within': 'a'}}, 422, "'within' cannot be saved"),
        (' x', {'words': 'a'}, 422, "cannot be called ' x'"),
        ('x\ty', {'words': 'a'}, 422, 'cannot be called'),
        ('x' * 201, {'words': 'a'}, 422, 'take 1 to 200 characters'),
    ],
)
def test_what_cannot_be_kept_says_why(
    api: Api, name: str, body: Any, status: int, sentence: str
) -> None:
    response = save(api, name, body)
    assert response.status_code == status, response.text
    assert sentence in response.json()['detail']
    assert saved(api) == []


def test_there_is_a_limit_to_their_number(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searches, 'MAX_SEARCHES', 1)
    assert save(api, 'one', {'words': 'a'}).status_code == 200
    response = save(api, 'two', {'words': 'a'})
    assert response.status_code == 413
    assert 'delete some' in response.json()['detail']
    assert save(api, 'one', {'words': 'b'}).status_code == 200


def test_they_need_the_token(tmp_path: Path) -> None:
    api = Api(tmp_path, TOKEN='secret')
    assert api.get('/searches').status_code == 401
    assert save(api, 'x', {'words': 'a'}).status_code == 401
    assert call(api.app, 'DELETE', '/searches/x').status_code == 401


def test_another_web_site_may_not_save_one(api: Api) -> None:
    headers = {'origin': 'https://elsewhere.example'}
    response = call(api.app, 'PUT', '/searches/x', json={'words': 'a'}, headers=headers)
    assert response.status_code == 403
    assert saved(api) == []
