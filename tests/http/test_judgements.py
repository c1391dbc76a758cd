"""Judgements over HTTP, kept by a real indexer."""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import write_tone
from tests.http.api import Api
from tests.http.asgi import call
from tests.service.indexer_pipeline import IndexerPipeline
from tests.store.clips import clip, put

RIGHT = {'id': 'bell', 'part': [4, 8], 'label': 'bell', 'judgement': 'right'}
WRONG = {'id': 'dog', 'label': 'bell', 'judgement': 'wrong', 'by': 'Ann'}


def stored(name: str, **fields: Any) -> Any:
    embeddings = np.random.default_rng(list(name.encode())).integers(-128, 128, (4, 512))
    return clip(name, embeddings=embeddings.astype(np.int8), **fields)


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    """Two clips: a file of 10 s, and one that is gone."""
    api = Api(tmp_path)
    pipeline = IndexerPipeline(api.here.pipeline.roots, tmp_path)
    api.here.service.pipeline = api.here.pipeline = pipeline
    write_tone(api.here.folder / 'bell.wav', 10)
    put(pipeline.indexer.store, stored('bell'), stored('dog', uri='dog.wav#t=60,70'))
    yield api
    pipeline.indexer.close()


def kept(api: Api, **query: Any) -> list[dict[str, Any]]:
    response = api.get('/judgements', params=query)
    assert response.status_code == 200, response.text
    found = response.json()
    assert found['total'] >= len(found['judgements'])
    return list(found['judgements'])


def test_they_are_kept_listed_and_taken_back(api: Api) -> None:
    first, second = api.answers('/judgements', RIGHT, WRONG)
    assert first == {**RIGHT, 'part': [4.0, 8.0], 'by': None, 'time': first['time'], 'error': None}
    assert second == {**WRONG, 'part': None, 'time': first['time'], 'error': None}
    assert kept(api) == [
        {key: value for key, value in one.items() if key != 'error'} | {'uri': uri}
        for one, uri in ((first, 'bell.wav'), (second, 'dog.wav#t=60,70'))
    ]
    (gone,) = api.answers('/judgements', {**RIGHT, 'judgement': None})
    assert (gone['judgement'], gone['error']) == (None, None)
    assert [one['id'] for one in kept(api)] == ['dog']
    (again,) = api.answers('/judgements', {**RIGHT, 'judgement': None})  # as after a lost answer
    assert again['error'] is None


def test_an_answer_may_be_sent_again(api: Api) -> None:
    answered = api.answers('/judgements', RIGHT, WRONG)
    listed = kept(api)
    assert api.answers('/judgements', *answered) == answered
    assert api.answers('/judgements', *listed) == answered
    assert kept(api) == listed


def test_they_are_chosen_and_come_in_pages(api: Api) -> None:
    api.answers('/judgements', RIGHT, WRONG, {**RIGHT, 'label': 'metal', 'judgement': 'unsure'})
    assert {one['id'] for one in kept(api, label='bell')} == {'bell', 'dog'}
    assert [one['label'] for one in kept(api, id='bell', judgement='unsure')] == ['metal']
    assert [one['id'] for one in kept(api, by='Ann')] == ['dog']
    assert kept(api, by='') == kept(api, id='bell')
    assert kept(api, label='cat') == []
    assert kept(api, offset=1, limit=1) == kept(api)[1:2]


@pytest.mark.parametrize(
    ('fields', 'sentence'),
    [
        ({'id': 'cat'}, "there is no clip 'cat'"),
        ({'judgement': 'Right'}, "the judgement 'Right' is none; send right, wrong, unsure, or"),
        ({'label': ' \n'}, 'the label is empty'),
        ({'label': 'b' * 201}, 'the label has 201 characters; 200 are kept'),
        ({'by': 'b' * 201}, 'the name in by has 201 characters'),
        ({'part': [8, 4]}, 'the part is 8 to 4 s; give [begin, end] in seconds'),
        ({'part': [-1, 4]}, 'the part is -1 to 4 s'),
        ({'part': [0, 1e12]}, 'the part is 0 to 1e+12 s'),
        ({'part': [4, 4.0001]}, 'the part is 4 to 4 s'),
        ({'time': 'yesterday'}, "the time 'yesterday' is not ISO 8601 with its zone"),
        ({'time': '2026-11-29T09:00:00'}, 'is not ISO 8601 with its zone'),
    ],
)
def test_one_that_cannot_be_used_says_why_and_the_others_are_kept(
    api: Api, fields: dict[str, Any], sentence: str
) -> None:
    failed, done = api.answers('/judgements', {**RIGHT, **fields}, WRONG)
    assert sentence in failed['error']
    assert done['error'] is None
    assert [one['id'] for one in kept(api)] == ['dog']


@pytest.mark.parametrize(
    ('entry', 'sentence'),
    [
        ({'id': 'bell', 'label': 'bell'}, 'data.0.judgement: field required'),
        ({**RIGHT, 'part': [1]}, 'data.0.part'),
        ({**RIGHT, 'part': [True, 4]}, 'is true or false'),
        ({**RIGHT, 'lable': 'bell'}, "the nearest key is 'label'"),
        ({**RIGHT, 'label': '\ud800'}, 'data.0.label'),
    ],
)
def test_what_is_not_of_the_form_is_refused(api: Api, entry: Any, sentence: str) -> None:
    content = '{"data": [' + json.dumps(entry) + ']}'
    response = call(
        api.app, 'POST', '/judgements', content=content,
        headers={'content-type': 'application/json'},
    )  # fmt: skip
    assert response.status_code == 422, response.text
    assert sentence in response.json()['detail']


def test_queries_that_mean_nothing_are_refused(api: Api) -> None:
    for query, sentence in (
        ({'judgement': 'good'}, 'judgement'),
        ({'limit': 0}, 'limit'),
        ({'labels': 'bell'}, "the nearest key is 'label'"),
        ({'format': 'm3u'}, 'format'),
    ):
        response = api.get('/judgements', params=query)
        assert response.status_code == 422
        assert sentence in response.json()['detail']


def test_labels_and_names_are_kept_on_one_line_and_times_in_utc(api: Api) -> None:
    (said,) = api.answers(
        '/judgements',
        {**RIGHT, 'label': ' church\t bell\n', 'by': ' Ann  B ', 'time': '2026-11-29T10:00+02:00'},
    )
    assert (said['label'], said['by']) == ('church bell', 'Ann B')
    assert said['time'] == '2026-11-29T08:00:00.000Z'


def test_more_than_a_request_may_have(tmp_path: Path) -> None:
    api = Api(tmp_path, MAX_DOCS='1')
    response = api.post('/judgements', RIGHT, WRONG)
    assert response.status_code == 413
    assert '2 judgements are more than the 1' in response.json()['detail']


def test_they_go_with_their_clip(api: Api) -> None:
    api.answers('/judgements', RIGHT, WRONG)
    api.answers('/delete', {'id': 'bell'})
    assert [one['id'] for one in kept(api)] == ['dog']
    api.answers('/clear')
    assert kept(api) == []


def test_they_need_the_token_and_the_indexer(tmp_path: Path) -> None:
    api = Api(tmp_path, TOKEN='secret')
    assert api.get('/judgements').status_code == 401
    assert api.post('/judgements', RIGHT).status_code == 401
    headers = {'authorization': 'Bearer secret'}
    api.here.pipeline.down = 'indexer'
    for response in (
        api.get('/judgements', headers=headers),
        api.send('/judgements', {'data': [RIGHT]}, headers=headers),
    ):
        assert response.status_code == 503
        assert 'the indexer is down' in response.json()['detail']


def test_they_are_exported(api: Api) -> None:
    api.answers('/judgements', RIGHT, WRONG)
    response = api.get('/judgements', params={'format': 'csv', 'label': 'bell'})
    assert response.headers['content-type'] == 'text/csv; charset=utf-8'
    assert response.headers['content-disposition'] == 'attachment; filename="judgements.csv"'
    head, first, second = response.text.splitlines()
    assert head == 'id,uri,beg_s,end_s,label,judgement,by,time'
    assert first.startswith('bell,bell.wav,4.000,8.000,bell,right,,2')
    assert second.startswith('dog,"dog.wav#t=60,70",,,bell,wrong,Ann,2')
    response = api.get('/judgements', params={'format': 'audacity', 'id': 'bell'})
    assert response.text == '4.000000\t8.000000\tbell\n'
    response = api.get('/judgements', params={'format': 'audacity'})
    assert response.headers['content-type'] == 'application/zip'
    with zipfile.ZipFile(io.BytesIO(response.content)) as file:
        assert file.read('dog.wav.txt') == b'60.000000\t60.000000\tbell [wrong]\n'
    response = api.get('/judgements', params={'format': 'raven', 'limit': 1})
    assert len(response.text.splitlines()) == 2


def test_the_page_of_another_origin_may_ask_before_it_writes(api: Api) -> None:
    headers = {'origin': 'http://localhost:3000', 'access-control-request-method': 'PUT'}
    response = call(api.app, 'OPTIONS', '/searches/bells', headers=headers)
    assert 'PUT' in response.headers['access-control-allow-methods']
