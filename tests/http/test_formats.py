"""The formats of a search's answer over HTTP."""

import csv
import io
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.http.api import Api
from tests.service.fake_pipeline import NOISE


@pytest.fixture(scope='module')
def api(tmp_path_factory: pytest.TempPathFactory) -> Api:
    api = Api(tmp_path_factory.mktemp('formats'))
    for name in ('bell.wav', 'horn.wav'):
        api.answers('/index', {'uri': api.here.write(name), 'tags': {'label': name[:4]}})
    return api


def search(api: Api, address: str = '/search', accept: str = '*/*', **body: Any) -> httpx.Response:
    body = {'data': [{'uri': 'bell.wav'}]} | body
    return api.send(address, body, headers={'Accept': accept})


def test_csv_by_the_address_and_by_the_header(api: Api) -> None:
    for response in (
        search(api, '/search?format=csv'),
        search(api, accept='text/csv'),
        search(api, accept='text/html, text/csv;q=0.9, application/json;q=0.1'),
    ):
        assert response.status_code == 200
        assert response.headers['content-type'] == 'text/csv; charset=utf-8'
        assert response.headers['content-disposition'] == 'attachment; filename="hits.csv"'
        rows = list(csv.DictReader(io.StringIO(response.text)))
        assert [(row['file'], row['label']) for row in rows] == [
            ('bell.wav', 'bell'),
            ('horn.wav', 'horn'),
        ]


@pytest.mark.parametrize('accept', ['*/*', 'application/json', 'application/*', 'text/csv;q=0, */*',
                                    'application/json, text/plain, */*'])  # fmt: skip
def test_json_is_what_everybody_gets_who_takes_it(api: Api, accept: str) -> None:
    response = search(api, accept=accept)
    assert response.headers['content-type'] == 'application/json'
    assert len(response.json()['data'][0]['matches']) == 2


def test_the_address_goes_before_the_header(api: Api) -> None:
    assert search(api, '/search?format=json', accept='text/csv').json()['data']


def test_audacity_raven_and_a_playlist(api: Api) -> None:
    labels = search(api, '/search?format=audacity')
    with zipfile.ZipFile(io.BytesIO(labels.content)) as file:
        assert file.namelist() == ['bell.wav.txt', 'horn.wav.txt']
    one = search(api, '/search?format=audacity', parameters={'limit': 1})
    assert one.headers['content-type'] == 'text/plain; charset=utf-8'
    raven = search(api, accept='text/tab-separated-values')
    assert 'Begin Path' in raven.text.splitlines()[0]
    for accept in ('audio/mpegurl', 'application/vnd.apple.mpegurl'):
        assert search(api, accept=accept).text.startswith('#EXTM3U')
    absolute = search(api, '/search?format=m3u&base=/').text.splitlines()
    assert str((api.here.folder / 'bell.wav').resolve()) in absolute


def test_formats_that_there_are_not(api: Api) -> None:
    for address, accept, status, reason in (
        ('/search?format=xml', '*/*', 422, "'csv'"),
        ('/search?fromat=csv', '*/*', 422, "'format'"),
        ('/search?format=m3u&base=lists', '*/*', 422, 'absolute'),
        ('/search', 'text/html, application/xml', 406, '?format='),
        ('/search', 'text/csv;q=none', 406, '?format='),
    ):
        response = search(api, address, accept)
        assert response.status_code == status, response.text
        assert reason in response.json()['detail']


def test_a_query_that_cannot_be_used_refuses_a_file(api: Api) -> None:
    bad = api.here.write('bad.wav', NOISE)
    response = search(api, '/search?format=csv', data=[{'uri': 'bell.wav'}, {'uri': bad}])
    assert response.status_code == 422
    assert bad in response.json()['detail']
    assert search(api, data=[{'uri': 'bell.wav'}, {'uri': bad}]).status_code == 200


def test_an_upload_is_answered_in_the_same_formats(api: Api) -> None:
    sound = (Path(api.here.folder) / 'bell.wav').read_bytes()
    response = api.upload('/search/upload?format=csv', ('my sound.wav', sound))
    assert response.status_code == 200, response.text
    assert 'my sound.wav' in response.text


def test_the_documentation_names_the_formats(api: Api) -> None:
    for path in ('/search', '/search/upload'):
        document = api.get('/openapi.json').json()['paths'][path]['post']
        content = document['responses']['200']['content']
        assert {'application/json', 'text/csv', 'text/plain', 'application/zip'} <= set(content)
        assert '406' in document['responses']
        assert {'format', 'base'} <= {one['name'] for one in document['parameters']}
