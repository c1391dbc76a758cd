"""The HTTP API over executors that are a dict."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from docarray import DocList
from docarray.base_doc.io.json import orjson_dumps

from audio_search.documents import AudioChunk, AudioClip
from audio_search.vggish.weights import COMPACT_SHA256
from tests.http.api import Api
from tests.http.asgi import call, client
from tests.service.fake_pipeline import NOISE

TOKEN = {'authorization': 'Bearer secret'}


@pytest.fixture
def api(tmp_path: Path) -> Api:
    return Api(tmp_path)


@pytest.fixture(scope='module')
def shared(tmp_path_factory: pytest.TempPathFactory) -> Api:
    """One app for many requests that change nothing, since it takes longer to build than to ask."""
    return Api(tmp_path_factory.mktemp('shared'))


def detail(response: httpx.Response, status: int) -> str:
    assert response.status_code == status, response.text
    assert set(response.json()) == {'detail'}
    return str(response.json()['detail'])


def test_answers_have_the_envelope_and_no_more(api: Api) -> None:
    uri = api.here.write('a.wav')
    answer = api.post('/index', {'uri': uri, 'tags': {'label': 'bell'}}).json()
    assert set(answer) == {'data', 'parameters', 'header'}
    (indexed,) = answer['data']
    assert set(indexed) == {'id', 'uri', 'tags', 'error', 'chunk_count'}
    (found,) = api.answers('/search', {'uri': uri})
    assert set(found) == {'id', 'uri', 'tags', 'error', 'matches'}
    assert set(found['matches'][0]) == {
        'id', 'uri', 'scores', 'tags',
        'beg_in_ms', 'end_in_ms', 'query_beg_in_ms', 'query_end_in_ms',
    }  # fmt: skip
    assert found['matches'][0]['tags'] == {'label': 'bell'}


def test_a_note_stands_in_the_answer_of_its_clip_only(api: Api) -> None:
    quiet, loud = api.here.write('quiet.wav'), api.here.write('loud.wav')
    api.here.pipeline.notes[quiet] = 'there is only silence in it'
    for path in ('/index', '/search'):
        first, second = api.answers(path, {'uri': quiet}, {'uri': loud})
        assert first['note'] == 'there is only silence in it'
        assert 'note' not in second


def test_a_match_and_a_listed_clip_whose_file_is_gone_say_so(api: Api) -> None:
    there, gone = api.here.write('there.wav'), api.here.write('gone.wav')
    api.answers('/index', {'uri': there}, {'uri': gone})
    (api.here.folder / gone).unlink()
    (found,) = api.answers('/search', {'uri': there})
    assert [match.get('missing') for match in found['matches']] == [None, True]
    assert [clip.get('missing') for clip in api.get('/clips').json()['clips']] == [None, True]
    assert 'does not exist' in detail(api.get(f'/audio/{found["matches"][1]["id"]}'), 404)


def test_clips_by_filter_prefix_and_missing_file(api: Api) -> None:
    uris = [api.here.write(f'{folder}/{n}.wav') for folder in 'ab' for n in range(2)]
    api.answers('/index', *({'uri': uri, 'tags': {'folder': uri[0]}} for uri in uris))
    (api.here.folder / uris[0]).unlink()
    assert api.listed() == uris
    assert api.listed(prefix='b/') == uris[2:]
    assert api.listed(filter='{"folder": "a"}') == uris[:2]
    assert api.listed(missing='true') == uris[:1]
    assert api.listed(missing='false', offset=1, limit=1) == [uris[2]]
    for query, word in (
        ({'filter': '[1]'}, 'filter'),
        ({'filter': '{"a": {"$near": 1}}'}, '$near'),
        ({'missing': 'perhaps'}, 'missing'),
        ({'include': 'everything'}, 'include'),
        ({'limit': 0}, 'limit'),
        ({'offset': 10**30}, 'offset'),
    ):
        assert word in detail(api.get('/clips', params=query), 422)


def test_delete_by_filter_or_prefix_answers_what_was_deleted(api: Api) -> None:
    uris = [api.here.write(f'{folder}/{n}.wav') for folder in 'abc' for n in range(2)]
    api.answers('/index', *({'uri': uri, 'tags': {'folder': uri[0]}} for uri in uris))
    deleted = api.answers('/delete', filter={'folder': 'a'})
    assert [(clip['uri'], clip['error']) for clip in deleted] == [(uri, None) for uri in uris[:2]]
    assert [clip['uri'] for clip in api.answers('/delete', prefix='b/')] == uris[2:4]
    assert api.answers('/delete', prefix='nothing') == []
    assert api.answers('/delete', filter=None, prefix=None) == []
    for chosen in ({'filter': {}}, {'prefix': ''}):
        assert '/clear' in detail(api.post('/delete', **chosen), 422)
    assert '$near' in detail(api.post('/delete', filter={'a': {'$near': 1}}), 422)
    assert api.listed() == uris[4:]


@pytest.mark.parametrize('tags', [{}, {'tags': None}], ids=['absent', 'null'])
def test_indexing_again_without_tags_keeps_them(api: Api, tags: dict[str, Any]) -> None:
    uri = api.here.write('a.wav')
    api.answers('/index', {'uri': uri, 'tags': {'label': 'bell'}})
    for path in ('/index', '/update'):
        (kept,) = api.answers(path, {'uri': uri, **tags})
        assert kept['tags'] == {'label': 'bell'}
    assert api.get('/clips').json()['clips'][0]['tags'] == {'label': 'bell'}
    (emptied,) = api.answers('/index', {'uri': uri, 'tags': {}})
    assert emptied['tags'] == {}
    assert api.get('/clips').json()['clips'][0]['tags'] == {}


def test_clips_of_an_answer_can_be_sent_again(api: Api) -> None:
    uri = api.here.write('a.wav')
    (indexed,) = api.answers('/index', {'uri': uri, 'tags': {'label': 'bell'}})
    (found,) = api.answers('/search', {**indexed, 'error_kind': None, 'note': 'x', 'source': {}})
    assert [match['id'] for match in found['matches']] == [indexed['id']]
    assert api.answers('/search', found)[0]['matches'] == found['matches']
    (deleted,) = api.answers('/delete', *found['matches'])
    assert deleted['id'] == indexed['id']


def test_uploading_again_without_tags_keeps_them(api: Api) -> None:
    def tags(**form: str) -> Any:
        response = api.upload('/index/upload', ('bell.wav', b'sound'), **form)
        assert response.status_code == 200, response.text
        return response.json()['data'][0]['tags']

    assert tags() == {'file': 'bell.wav'}
    assert tags(tags='{"label": "bell"}') == {'file': 'bell.wav', 'label': 'bell'}
    assert tags() == {'file': 'bell.wav', 'label': 'bell'}
    assert tags(tags='null') == {'file': 'bell.wav', 'label': 'bell'}
    assert tags(tags='{}') == {'file': 'bell.wav'}
    response = api.upload('/index/upload', ('bell.wav', b'sound'), tags='[]')
    assert 'tags is not a JSON object' in detail(response, 422)


@pytest.mark.parametrize(
    ('path', 'body', 'said'),
    [
        ('/search', {'limitt': 1}, ["'limitt'", "'limit', in parameters"]),
        ('/search', {'exclude_self': True}, ['the body', "'exclude_self' belongs in parameters"]),
        ('/search', {'exlude_self': 1}, ["'exclude_self', in parameters"]),
        ('/search', {'uri': 'a'}, ["'uri' belongs in an object of data"]),
        ('/search', {'parameters': {'limitt': 1}}, ['parameters', 'nearest', "'limit'"]),
        ('/search', {'parameters': {'uri': 'a'}}, ["'uri' belongs in an object of data"]),
        ('/search', {'parameters': {'foo': 1}}, ["'foo' is unknown; known are exclude"]),
        ('/search', {'data': [{'url': 'a'}]}, ['data.0', "nearest key is 'uri'"]),
        ('/search', {'data': [{'uri': 'a'}, {'limit': 5}]}, ['data.1', 'belongs in parameters']),
        ('/search', {'data': [{'chunks': [{'tensor': [], 'sample_rate': 8000}]}]},
         ['data.0.chunks.0', "'sample_rate' is unknown"]),
        ('/search', {'data': [{'id': 'a', 'embedding': [0.0]}]}, ["'embedding' is set by"]),
        ('/index', {'data': [{'uri': 'a', 'tensor': [0.5]}]}, ["'tensor' is set by"]),
        ('/index', {'data': [{'uri': 'a', 'label': 'x'}]}, ["'label' is unknown"]),
        ('/index', {'parameters': {'limit': 5}}, ["'limit' is unknown", 'include']),
        ('/index', {'docs': []}, ["'docs' is unknown"]),
        ('/delete', {'ids': ['a']}, ["'ids' belongs in parameters"]),
        ('/delete', {'filter': {'a': 1}}, ["'filter' belongs in parameters"]),
        ('/delete', {'parameters': {'id': ['a']}}, ["'id' belongs in an object of data"]),
        ('/update', {'tags': {}}, ["'tags' belongs in an object of data"]),
        ('/update', {'parameters': {'filter': {}}}, ["'filter' is unknown; leave it out"]),
        ('/clear', {'parameters': {'filter': {'a': 1}}}, ["'filter' is unknown"]),
        ('/clear', {'data': [{'uri': 'a'}]}, ['use /delete']),
    ],
)  # fmt: skip
def test_what_means_nothing_is_a_422_that_says_so(
    shared: Api, path: str, body: dict[str, Any], said: list[str]
) -> None:
    shared.answers('/index', {'uri': shared.here.write('a')})
    sentence = detail(shared.send(path, body), 422)
    for part in said:
        assert part in sentence
    assert len(shared.here.pipeline.stored) == 1


def test_what_means_nothing_in_an_upload_or_a_query_is_a_422_too(api: Api) -> None:
    def said(path: str, **form: str) -> str:
        return detail(api.upload(path, ('a.wav', b'sound'), **form), 422)

    assert "parameters: 'limitt' is unknown; the nearest key is 'limit'" in said(
        '/search/upload', parameters='{"limitt": 1}'
    )
    assert "'limit' belongs in the JSON object" in said('/search/upload', limit='1')
    assert "'tags' is unknown" in said('/search/upload', tags='{}')
    assert "the nearest key is 'tags'" in said('/index/upload', tag='{}')
    assert "parameters: 'limit'" in said('/index/upload', parameters='{"limit": 1}')
    assert api.here.media() == []
    response = api.get('/clips', params={'offsett': 1})
    assert "the query: 'offsett' is unknown; the nearest key is 'offset'" in detail(response, 422)


def as_jina_sends(docs: DocList[AudioClip], **more: Any) -> bytes:
    header = {'request_id': 'x', 'exec_endpoint': '/index', 'target_executor': 'indexer'}
    body = {
        'header': header,
        'parameters': {'__results__': {}},
        'data': list(docs),
        'exec_endpoint': '/index',
        'target_executor': 'indexer',
        **more,
    }
    return bytes(orjson_dumps(body))


@pytest.mark.parametrize('path', ['/index', '/search', '/update', '/delete'])
def test_what_jinas_clients_send_passes(api: Api, path: str) -> None:
    uri = api.here.write('a.wav')
    api.answers('/index', {'uri': uri, 'tags': {'label': 'bell'}})
    docs = DocList[AudioClip]([AudioClip(uri=uri)])
    headers = {'content-type': 'application/json'}
    content = as_jina_sends(docs, requestId='x', execEndpoint=path, targetExecutor='', routes=[])
    response = call(api.app, 'POST', path, content=content, headers=headers)
    assert response.status_code == 200, response.text
    if path in ('/index', '/update'):
        assert response.json()['data'][0]['tags'] == {'label': 'bell'}


def test_clearing_as_jinas_clients_do_passes(api: Api) -> None:
    for docs in (DocList[AudioClip](), DocList[AudioClip]([AudioClip()])):
        response = call(api.app, 'POST', '/clear', content=as_jina_sends(docs),
                        headers={'content-type': 'application/json'})  # fmt: skip
        assert response.status_code == 200, response.text
    assert call(api.app, 'POST', '/clear').status_code == 200


def test_chunks_as_jinas_clients_send_them_pass(api: Api) -> None:
    chunk = AudioChunk(tensor=[0.0, 0.5], location=[0, 64000], tags={'sample_rate': 8000})
    timed = AudioChunk(tensor=[0.0, 0.5], beg_in_ms=5, end_in_ms=9, parent_id='cut', offset=3)
    docs = DocList[AudioClip]([AudioClip(id='cut', chunks=[chunk, timed])])
    headers = {'content-type': 'application/json'}
    response = call(api.app, 'POST', '/index', content=as_jina_sends(docs), headers=headers)
    assert response.status_code == 200, response.text
    assert response.json()['data'][0]['chunk_count'] == 2


@pytest.mark.parametrize(
    ('ask', 'word'),
    [
        (lambda api: api.post('/delete', ids=['a']), 'make room'),
        (lambda api: api.post('/delete', prefix='a'), 'make room'),
        (lambda api: api.post('/update', {'id': 'a', 'tags': {}}), 'make room'),
        (lambda api: api.post('/search', {'id': 'a'}), 'make room'),
        (lambda api: api.get('/clips'), 'make room'),
        (lambda api: api.get('/status'), 'make room'),
        (lambda api: api.get('/audio/a'), 'make room'),
    ],
)
def test_a_full_disk_is_a_503_with_the_reason(
    api: Api, ask: Callable[[Api], httpx.Response], word: str
) -> None:
    api.here.pipeline.disk_full = True
    assert word in detail(ask(api), 503)
    assert api.get('/metrics').status_code == 200


def test_statuses_of_whole_requests(api: Api) -> None:
    assert 'outside' in detail(api.post('/index', {'uri': '/etc/passwd'}), 403)
    assert 'nobody' in detail(api.post('/delete', ids=['nobody']), 404)
    assert 'nobody' in detail(api.get('/audio/nobody'), 404)
    assert detail(api.get('/nothing'), 404) == 'GET /nothing does not exist; see /docs'
    assert 'does not exist' in detail(api.get('/search'), 405)
    api.here.pipeline.down = 'encoder'
    response = api.post('/search', {'uri': api.here.write('a.wav')})
    assert 'encoder is down' in detail(response, 503)
    assert response.headers['retry-after'] == '2'
    assert 'encoder' in detail(api.get('/health/ready'), 503)
    assert api.get('/health/live').status_code == 200


def test_limits_are_said(tmp_path: Path) -> None:
    api = Api(tmp_path, MAX_BODY_MB='0.001', MAX_DOCS='2')
    assert 'AUDIO_SEARCH_MAX_BODY_MB' in detail(api.post('/index', {'uri': 'x' * 1000}), 413)
    assert '3 documents' in detail(api.post('/index', {}, {}, {}), 413)


def test_a_busy_service_answers_503_and_holds_one_place_a_request(tmp_path: Path) -> None:
    api = Api(tmp_path, CONCURRENCY='1', QUEUE_WAIT_S='0.05')
    pipeline = api.here.pipeline
    body = {'data': [{'uri': api.here.write('a.wav')}]}

    async def scenario() -> None:
        pipeline.gate = asyncio.Event()
        async with client(api.app) as http:
            first = asyncio.create_task(http.post('/search', json=body))
            await pipeline.waiting.wait()
            busy = await http.post('/search', json=body)
            assert 'busy' in detail(busy, 503)
            assert busy.headers['retry-after'] == '1'
            assert (await http.get('/status')).status_code == 200
            pipeline.gate.set()
            assert (await first).status_code == 200
            assert (await http.post('/search', json=body)).status_code == 200

    asyncio.run(scenario())


def test_failed_clips_are_counted_once(api: Api) -> None:
    api.here.write('noise.wav', NOISE)
    api.answers('/index', {'uri': 'noise.wav'}, {'uri': api.here.write('a.wav')})
    text = api.get('/metrics').text
    assert 'audio_search_errors_total{kind="clip"} 1.0' in text
    assert 'audio_search_clips 1.0' in text
    assert 'audio_search_requests_total{endpoint="/index",status="200"} 1.0' in text


def test_every_route_but_the_open_ones_asks_for_the_token(tmp_path: Path) -> None:
    api = Api(tmp_path, TOKEN='secret')
    paths = api.get('/openapi.json').json()['paths']
    for path, methods in paths.items():
        for method, operation in methods.items():
            asked = call(api.app, method.upper(), path.replace('{clip_id}', 'a'))
            is_open = path.startswith('/health/')
            assert (asked.status_code == 401) != is_open, path
            assert bool(operation.get('security')) != is_open, path
    for path in ('/metrics', '/ui', '/nothing'):
        assert api.get(path).status_code == 401
    for path in ('/', '/docs', '/redoc', '/openapi.json'):
        assert api.get(path).status_code == 200
    assert api.get('/clips', headers=TOKEN).status_code == 200


def test_the_docs_offer_to_authorize_where_a_token_is_set(tmp_path: Path, api: Api) -> None:
    (tmp_path / 'guarded').mkdir()
    with_token = Api(tmp_path / 'guarded', TOKEN='secret').get('/openapi.json').json()
    (scheme,) = with_token['components']['securitySchemes'].values()
    assert (scheme['type'], scheme['scheme']) == ('http', 'bearer')
    without = api.get('/openapi.json').json()
    assert 'securitySchemes' not in without['components']


def test_the_docs_say_what_absent_tags_do(api: Api) -> None:
    text = api.get('/openapi.json').text
    assert 'keeps its tags' in text
    assert 'keeps those it has' in text


@pytest.mark.parametrize('path', ['/', '/docs', '/redoc'])
def test_pages_name_no_other_host(api: Api, path: str) -> None:
    page = api.get(path)
    assert not re.findall(r'(?:https?:)?//[\w.-]+\.\w+', page.text)
    for file in re.findall(r'(?:src|href)="([^"#]+)"', page.text):
        if file.startswith('/docs-files/'):
            assert api.get(file).status_code == 200
    if path != '/':
        assert "default-src 'self'" in page.headers['content-security-policy']


def test_examples_of_the_docs_are_of_the_form(api: Api) -> None:
    schema = api.get('/openapi.json').json()
    api.here.write('toy-data/111_churchbell.mp3')
    api.here.pipeline.model_sha256 = COMPACT_SHA256
    for path in ('/index', '/search', '/update', '/delete', '/clear'):
        examples = schema['components']['schemas'][f'{path[1:].title()}Body']['examples']
        assert examples
        for example in examples:
            assert api.send(path, example).status_code == 200


def test_where_there_is_no_page_no_link_leads_to_it(tmp_path: Path) -> None:
    for name in ('with', 'without'):
        (tmp_path / name).mkdir()
    assert 'href="/ui"' in Api(tmp_path / 'with').get('/').text
    without = Api(tmp_path / 'without', PAGE='off')
    assert '/ui' not in without.get('/').text
    moved = without.get('/ui')
    assert (moved.status_code, moved.headers['location']) == (307, '/')
