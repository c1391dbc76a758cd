"""The HTTP contract, against a running service."""

import base64
import io
import os
import re
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.conftest import write_tone
from tests.running import ROOT, RunningService

TOY = sorted(str(path.relative_to(ROOT)) for path in (ROOT / 'toy-data').glob('*.mp3'))
FEW = TOY[::12]


def label(uri: str) -> str:
    return Path(uri).stem.partition('_')[2]


def index_toys(service: RunningService, uris: list[str]) -> list[dict[str, Any]]:
    answers = service.answers('/index', *({'uri': u, 'tags': {'label': label(u)}} for u in uris))
    assert [answer['error'] for answer in answers] == [None] * len(uris)
    return answers


def wav_bytes(hz: float = 300.0, seconds: float = 4.0) -> bytes:
    file = io.BytesIO()
    t = np.arange(round(seconds * 16000)) / 16000
    soundfile.write(file, 0.5 * np.sin(2 * np.pi * hz * t), 16000, format='WAV')
    return file.getvalue()


def data_uri(sound: bytes) -> str:
    return f'data:audio/wav;base64,{base64.b64encode(sound).decode()}'


def kept_files(service: RunningService) -> list[Path]:
    return [path for path in (service.workspace / 'media').rglob('*') if path.is_file()]


def test_most_toy_clips_find_their_label(service: RunningService) -> None:
    indexed = index_toys(service, TOY)
    queries = [{'id': clip['id']} for clip in indexed]
    answers = service.answers('/search', *queries, limit=3, exclude_self=True)
    right = [
        label(answer['matches'][0]['uri']) == label(uri)
        for answer, uri in zip(answers, TOY, strict=True)
    ]
    assert np.mean(right) > 0.8


def test_a_search_answers_what_the_contract_says(service: RunningService) -> None:
    index_toys(service, FEW)
    response = service.post('/search', {'uri': FEW[1]})
    assert len(response.content) < 10_000
    answer = response.json()
    assert set(answer) == {'data', 'parameters', 'header'}
    (found,) = answer['data']
    assert set(found) == {'id', 'uri', 'tags', 'error', 'matches'}
    assert len(found['matches']) == len(FEW) == 5
    assert set(found['matches'][0]) == {
        'id', 'uri', 'scores', 'tags',
        'beg_in_ms', 'end_in_ms', 'query_beg_in_ms', 'query_end_in_ms', 'words',
    }  # fmt: skip
    best = found['matches'][0]
    assert best['uri'] == FEW[1]
    assert best['id'] == found['id']
    assert best['tags'] == {'label': label(FEW[1])}
    assert best['scores']['cosine'] == pytest.approx(0, abs=1e-6)
    assert best['beg_in_ms'] == best['query_beg_in_ms']
    distances = [match['scores']['cosine'] for match in found['matches']]
    assert distances == sorted(distances)
    assert all(0 <= distance <= 2 for distance in distances)


@pytest.mark.parametrize('count', [1, 100, 101, 250, 5000])
def test_every_document_is_answered_in_order(service: RunningService, count: int) -> None:
    uris = [FEW[n % len(FEW)] for n in range(count)]
    answers = service.answers('/index', *({'uri': uri} for uri in uris))
    assert [answer['uri'] for answer in answers] == uris
    assert all(answer['id'] and answer['chunk_count'] == 4 for answer in answers)
    assert service.http.get('/status').json()['clips'] == len(set(uris))


def test_many_searches_in_one_request_are_answered_in_order(service: RunningService) -> None:
    index_toys(service, FEW)
    uris = [f'{FEW[n % len(FEW)]}#t=0,4' for n in range(101)]  # a window each
    answers = service.answers('/search', *({'uri': uri} for uri in uris), limit=1)
    found = [answer['matches'][0] for answer in answers]
    assert [f'{match["uri"]}#t=0,4' for match in found] == uris


def test_vectors_come_only_when_asked_for(service: RunningService) -> None:
    (indexed,) = service.answers('/index', {'uri': FEW[0]}, include=['embedding'])
    (found,) = service.answers('/search', {'uri': FEW[0]}, include=['embedding'])
    for answer in (indexed, found):
        vectors = np.array([chunk['embedding'] for chunk in answer['chunks']])
        assert vectors.shape == (4, 512)
        assert np.array_equal(vectors * 128, np.rint(vectors * 128))
    assert 'chunks' not in service.answers('/search', {'uri': FEW[0]})[0]


def test_the_last_of_one_id_wins_and_all_are_answered(service: RunningService) -> None:
    answers = service.answers(
        '/index',
        {'id': 'x', 'uri': FEW[0], 'tags': {'n': 1}},
        {'id': 'y', 'uri': FEW[1]},
        {'id': 'x', 'uri': FEW[2], 'tags': {'n': 2}},
    )
    assert [answer['id'] for answer in answers] == ['x', 'y', 'x']
    assert [answer['chunk_count'] for answer in answers] == [4, 4, 4]
    stored = {clip['id']: clip for clip in service.http.get('/clips').json()['clips']}
    assert set(stored) == {'x', 'y'}
    assert (stored['x']['uri'], stored['x']['tags']) == (FEW[2], {'n': 2})


def test_an_unchanged_file_is_not_read_again(service: RunningService, sounds: Path) -> None:
    path = write_tone(sounds / 'kept.wav', 6)
    before = path.stat()
    (first,) = service.answers('/index', {'uri': 'kept.wav', 'tags': {'n': 1}})
    path.write_bytes(b'x' * before.st_size)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    (again,) = service.answers('/index', {'uri': 'kept.wav', 'tags': {'n': 2}})
    assert again == {**first, 'tags': {'n': 2}}
    assert service.http.get('/clips').json()['clips'][0]['tags'] == {'n': 2}
    os.utime(path)
    (damaged,) = service.answers('/index', {'uri': 'kept.wav'})
    assert 'kept.wav is not audio' in damaged['error']
    write_tone(path, 12)
    (longer,) = service.answers('/index', {'uri': 'kept.wav'})
    assert (longer['id'], longer['chunk_count']) == (first['id'], 5)


def test_a_bad_clip_fails_alone_and_says_why(service: RunningService, sounds: Path) -> None:
    (sounds / 'text.mp3').write_text('not a sound ' * 100)
    good, text, missing, outside, none, http = service.answers(
        '/index',
        {'uri': FEW[0]},
        {'uri': 'text.mp3'},
        {'uri': 'missing.wav'},
        {'uri': '/etc/passwd'},
        {},
        {'uri': 'http://example.org/a.wav'},
    )
    assert good['error'] is None
    assert 'text.mp3 is not audio' in text['error']
    assert 'missing.wav does not exist' in missing['error']
    assert 'outside' in outside['error']
    assert 'give the uri' in none['error']
    assert 'is a http: uri' in http['error']
    assert all(answer['id'] for answer in (good, text, missing, outside, none, http))
    assert service.http.get('/status').json()['clips'] == 1


def test_only_refused_uris_are_a_403_that_reveals_nothing(service: RunningService) -> None:
    there = service.post('/index', {'uri': '/etc/passwd'})
    not_there = service.post('/search', {'uri': '/etc/passwx'}, {'uri': '../../etc/passwx'})
    assert there.status_code == not_there.status_code == 403
    reason = there.json()['detail'].replace('/etc/passwd', 'X')
    assert reason in not_there.json()['detail'].replace('/etc/passwx', 'X')


def test_unknown_ids_are_a_404_on_an_empty_index_too(service: RunningService) -> None:
    for path in ('/search', '/delete', '/update'):
        response = service.post(path, {'id': 'nobody'})
        assert response.status_code == 404, path
        assert 'nobody' in response.json()['detail']
    assert service.post('/delete', ids=['nobody']).status_code == 404
    assert service.http.get('/audio/nobody').status_code == 404


def test_search_on_an_empty_index_finds_nothing(service: RunningService) -> None:
    (answer,) = service.answers('/search', {'uri': FEW[0]})
    assert (answer['error'], answer['matches']) == (None, [])


@pytest.mark.parametrize(
    ('body', 'word'),
    [
        ({'data': [{'uri': FEW[0]}], 'parameters': {'limit': 0}}, 'limit'),
        ({'data': [{'uri': FEW[0]}], 'parameters': {'limit': -3}}, 'limit'),
        ({'data': [{'uri': FEW[0]}], 'parameters': {'limit': 2.5}}, 'limit'),
        ({'data': [{'uri': FEW[0]}], 'parameters': {'limit': True}}, 'limit'),
        ({'data': [{'uri': FEW[0]}], 'parameters': {'per_clip': 0}}, 'per_clip'),
        ({'data': [{'uri': FEW[0]}], 'parameters': {'min_gap_s': -1}}, 'min_gap_s'),
        ({'data': [{'uri': FEW[0]}], 'parameters': {'group_by': ''}}, 'group_by'),
        ({'data': [{'uri': FEW[0]}], 'parameters': {'filter': {'a': {'$near': 1}}}}, '$near'),
        ({'data': [{'uri': FEW[0]}], 'parameters': {'filter': {'a': 2**60}}}, str(2**60)),
        ({'data': [{'uri': FEW[0]}], 'parameters': {'filter': [1]}}, 'filter'),
        ({'data': 'x'}, 'data'),
        ({'data': [{'uri': 7}]}, 'uri'),
        ({'data': [{'uri': FEW[0], 'tags': [1]}]}, 'tags'),
        ({'data': [{'id': 'a', 'chunks': [{'tensor': [0], 'location': [5]}]}]}, 'location'),
        ({'data': [{'id': 'a', 'chunks': [{'tensor': [0], 'location': [9, 5]}]}]}, 'location'),
        ({'data': [{'id': 'a', 'chunks': [{'tensor': [0], 'location': [0, 2**40]}]}]}, 'location'),
        ([], 'body'),
    ],
)
def test_a_request_not_of_the_form_is_a_422_that_names_it(
    service: RunningService, body: object, word: str
) -> None:
    response = service.http.post('/search', json=body)
    assert response.status_code == 422
    assert word in response.json()['detail']


@pytest.mark.parametrize('content', [b'{', b'', b'\xff\xfe', b'[' * 50_000, b'{"data": [NaN]}'])
def test_what_is_not_json_is_a_422(service: RunningService, content: bytes) -> None:
    headers = {'content-type': 'application/json'}
    response = service.http.post('/index', content=content, headers=headers)
    assert response.status_code == 422
    assert set(response.json()) == {'detail'}


def test_tags_that_json_cannot_carry_are_a_422(service: RunningService) -> None:
    deep = '{"a":' * 300 + '1' + '}' * 300
    for tags in ('{"a": NaN}', '{"a": "\\ud800"}', '{"a": 1e999}', deep):
        response = service.http.post(
            '/index',
            content=f'{{"data": [{{"uri": "{FEW[0]}", "tags": {tags}}}]}}',
            headers={'content-type': 'application/json'},
        )
        assert response.status_code == 422, tags
        assert 'tags' in response.json()['detail']


def test_what_jina_clients_add_is_ignored_and_floats_are_understood(
    service: RunningService,
) -> None:
    index_toys(service, FEW)
    response = service.http.post(
        '/search',
        json={
            'data': [{'uri': FEW[0], 'id': None, 'tags': None, 'chunks': None, 'tensor': None}],
            'parameters': {'limit': 2.0, 'filter': None, '__results__': {}},
            'header': {'requestId': 'x', 'anything': 1},
            'exec_endpoint': '/search',
            'target_executor': '',
        },
    )
    assert response.status_code == 200
    assert len(response.json()['data'][0]['matches']) == 2


def test_filter_and_exclude_self_and_search_by_id(service: RunningService) -> None:
    index_toys(service, TOY[:12])
    other = label(TOY[6])
    (found,) = service.answers('/search', {'uri': TOY[0]}, filter={'label': other}, limit=50)
    assert [match['tags']['label'] for match in found['matches']] == [other] * 6
    (others,) = service.answers('/search', {'uri': TOY[0]}, exclude_self=True, limit=50)
    assert TOY[0] not in [match['uri'] for match in others['matches']]
    assert len(others['matches']) == 11
    (by_uri,) = service.answers('/search', {'uri': TOY[0]})
    (by_id,) = service.answers('/search', {'id': by_uri['id']})
    assert by_id['matches'] == by_uri['matches']


def test_an_uploads_own_clip_is_left_out_too(service: RunningService) -> None:
    sound = data_uri(wav_bytes())
    service.answers('/index', {'uri': sound})
    (found,) = service.answers('/search', {'uri': sound}, exclude_self=True)
    assert found['matches'] == []


def test_chunks_that_a_client_cut_are_found_with_the_times_they_came_with(
    service: RunningService,
) -> None:
    waves = [soundfile.read(io.BytesIO(wav_bytes(hz)))[0].tolist() for hz in (300, 800)]
    chunks = [{'tensor': wave, 'tags': {'sample_rate': 16000}} for wave in waves]
    placed = [chunk | {'location': [16000, 80000]} for chunk in chunks]
    timed = [chunk | {'tags': {'sample_rate': 16000, 'beg_in_ms': 'x'}} for chunk in chunks]
    answers = service.answers(
        '/index',
        {'id': 'placeless', 'chunks': chunks},
        {'id': 'placed', 'chunks': placed},
        {'id': 'timed', 'chunks': timed},
    )
    assert [answer['chunk_count'] for answer in answers] == [2, 2, None]
    assert 'beg_in_ms' in answers[2]['error']
    (found,) = service.answers('/search', {'id': 'query', 'chunks': placed[:1]})
    times = {match['id']: (match['beg_in_ms'], match['end_in_ms']) for match in found['matches']}
    assert times == {'placeless': (None, None), 'placed': (1000, 5000)}
    (found,) = service.answers('/search', {'id': 'placeless'}, exclude_self=True)
    assert [match['id'] for match in found['matches']] == ['placed']


def test_tags_of_any_kind_and_size_come_back_with_matches(service: RunningService) -> None:
    tags = {
        'sample_rate': 44100,
        'padded': 'no',
        'beg_in_ms': 5,
        'huge': 10**400,
        'low': -(10**400),
    }
    service.answers('/index', {'uri': FEW[0], 'tags': tags})
    (found,) = service.answers('/search', {'uri': FEW[0]}, filter={'huge': {'$gt': 1}})
    assert found['matches'][0]['tags'] == tags


def test_a_clip_of_any_id_is_known_by_its_sound(service: RunningService) -> None:
    service.answers('/index', {'id': 'mine', 'uri': FEW[0]})
    for uri in (str(ROOT / FEW[0]), f'toy-data/../{FEW[0]}'):
        (found,) = service.answers('/search', {'uri': uri}, exclude_self=True)
        assert found['matches'] == []
        (again,) = service.answers('/index', {'uri': uri})
        assert again['id'] == 'mine'
    (part,) = service.answers('/search', {'uri': f'{FEW[0]}#t=1,6'}, exclude_self=True)
    assert [match['id'] for match in part['matches']] == ['mine']
    assert service.http.get('/status').json()['clips'] == 1


def test_a_clip_of_any_id_is_known_by_its_uri(service: RunningService) -> None:
    service.answers('/index', {'id': 'mine', 'uri': FEW[0]})
    (again,) = service.answers('/index', {'uri': FEW[0]})
    assert again['id'] == 'mine'
    (found,) = service.answers('/search', {'uri': FEW[0]}, exclude_self=True)
    assert (found['id'], found['matches']) == ('mine', [])


def test_parts_of_a_file_are_clips_of_their_own(service: RunningService, sounds: Path) -> None:
    write_tone(sounds / 'long.wav', 30)
    first, second = service.answers(
        '/index', {'uri': 'long.wav#t=0,10'}, {'uri': 'long.wav#t=10,20'}
    )
    assert first['id'] != second['id']
    (found,) = service.answers('/search', {'uri': 'long.wav#t=12,16'}, limit=2)
    times = {match['uri']: match['beg_in_ms'] for match in found['matches']}
    assert 10_000 <= times['long.wav#t=10,20'] <= 16_000
    assert found['matches'][0]['query_beg_in_ms'] == 12_000


def test_delete_by_id_and_by_uri_and_update(service: RunningService) -> None:
    index_toys(service, FEW)
    ids = [clip['id'] for clip in service.http.get('/clips').json()['clips']]
    service.answers('/update', {'id': ids[0], 'tags': {'label': 'changed'}})
    assert service.http.get('/clips').json()['clips'][0]['tags'] == {'label': 'changed'}
    service.answers('/delete', ids=[ids[0]])
    service.answers('/delete', {'uri': FEW[1]})
    mixed = service.answers('/delete', {'uri': FEW[2]}, {'id': 'nobody'})
    assert [bool(answer['error']) for answer in mixed] == [False, True]
    page = service.http.get('/clips').json()
    assert [clip['uri'] for clip in page['clips']] == FEW[3:]
    assert page['total'] == 2


def test_tags_keep_their_kinds(service: RunningService) -> None:
    tags = {
        'year': 1999,
        'big': 2**53 + 1,
        'share': 0.5,
        'on': True,
        'none': None,
        'in': {'a': [1]},
    }
    service.answers('/index', {'uri': FEW[0], 'tags': tags})
    (found,) = service.answers('/search', {'uri': FEW[0]})
    stored = service.http.get('/clips').json()['clips'][0]
    for kept in (found['matches'][0]['tags'], stored['tags']):
        assert kept == tags
        assert [type(value) for value in kept.values()] == [type(v) for v in tags.values()]


def test_pages_of_clips_with_points(service: RunningService) -> None:
    index_toys(service, FEW)
    first = service.http.get('/clips', params={'limit': 2, 'include': 'point'}).json()
    rest = service.http.get('/clips', params={'offset': 2}).json()
    assert first['total'] == rest['total'] == 5
    assert [clip['uri'] for clip in first['clips'] + rest['clips']] == FEW
    assert all(len(clip['point']) == 2 for clip in first['clips'])
    assert 'point' not in rest['clips'][0]
    assert service.http.get('/clips', params={'limit': 0}).status_code == 422
    assert service.http.get('/clips', params={'include': 'everything'}).status_code == 422


def test_a_data_uri_is_kept_with_its_clip_and_no_longer(service: RunningService) -> None:
    (indexed,) = service.answers('/index', {'uri': data_uri(wav_bytes())})
    assert re.fullmatch(r'[0-9a-f]{32}/sound\.wav', indexed['uri'])
    assert len(kept_files(service)) == 1
    (found,) = service.answers('/search', {'uri': data_uri(wav_bytes())})
    assert found['matches'][0]['id'] == indexed['id']
    service.answers('/search', {'uri': data_uri(wav_bytes(900))})
    assert len(kept_files(service)) == 1
    audio = service.http.get(f'/audio/{indexed["id"]}')
    assert audio.content == wav_bytes()
    service.answers('/delete', {'uri': indexed['uri']})
    assert kept_files(service) == []


def test_deleting_a_part_of_an_upload_leaves_the_upload(service: RunningService) -> None:
    (whole,) = service.answers('/index', {'uri': data_uri(wav_bytes(seconds=8))})
    (part,) = service.answers('/index', {'uri': f'{whole["uri"]}#t=0,4'})
    service.answers('/delete', ids=[part['id']])
    assert len(kept_files(service)) == 1
    assert service.http.get(f'/audio/{whole["id"]}').status_code == 200


@pytest.mark.parametrize('uri', ['data:', 'data:audio/wav;base64,', 'data:audio/wav;base64,???'])
def test_a_data_uri_without_sound_is_that_clips_error(service: RunningService, uri: str) -> None:
    (answer,) = service.answers('/index', {'uri': uri})
    assert 'data: URI' in answer['error']
    assert kept_files(service) == []


def test_uploads_are_indexed_searched_and_listed_by_name(service: RunningService) -> None:
    files = [('files', ('../../a b.wav', wav_bytes(200))), ('files', ('text.mp3', b'text ' * 99))]
    response = service.http.post('/index/upload', files=files, data={'tags': '{"label": "x"}'})
    good, bad = response.json()['data']
    assert good['error'] is None
    assert re.fullmatch(r'[0-9a-f]{32}/a b\.wav', good['uri'])
    assert good['tags']['label'] == 'x'
    assert 'text.mp3 is not audio' in bad['error']
    assert [path.name for path in kept_files(service)] == ['a b.wav']
    response = service.http.post(
        '/search/upload',
        files=[('files', ('query.wav', wav_bytes(200)))],
        data={'parameters': '{"limit": 1}'},
    )
    (found,) = response.json()['data']
    assert found['uri'] == 'query.wav'
    assert found['matches'][0]['id'] == good['id']
    assert len(kept_files(service)) == 1


@pytest.mark.parametrize(
    'form', [{'parameters': '{"limit": 0}'}, {'parameters': 'x'}, {'parameters': '[]'}]
)
def test_an_upload_not_of_the_form_is_a_422_and_leaves_nothing(
    service: RunningService, form: dict[str, str]
) -> None:
    files = [('files', ('a.wav', wav_bytes()))]
    assert service.http.post('/search/upload', files=files, data=form).status_code == 422
    assert service.http.post('/search/upload', data={}).status_code == 422
    assert kept_files(service) == []


def test_audio_is_streamed_in_ranges(service: RunningService) -> None:
    (clip,) = service.answers('/index', {'uri': FEW[0]})
    whole = (ROOT / FEW[0]).read_bytes()
    response = service.http.get(f'/audio/{clip["id"]}')
    assert (response.status_code, response.content) == (200, whole)
    assert response.headers['content-type'] == 'audio/mpeg'
    service.answers('/index', {'id': 'a/b ü', 'uri': FEW[1]})
    assert service.http.get('/audio/a%2Fb%20%C3%BC').status_code == 200
    part = service.http.get(f'/audio/{clip["id"]}', headers={'range': 'bytes=1000-1999'})
    assert (part.status_code, part.content) == (206, whole[1000:2000])


def test_status_names_the_model_and_the_versions(service: RunningService) -> None:
    status = service.http.get('/status').json()
    assert (status['clips'], status['chunks']) == (0, 0)
    assert status['model']['name'] == 'compact'
    assert len(status['model']['sha256']) == 64
    assert status['index']['path'] == str(service.workspace / 'index.sqlite')
    assert isinstance(status['index']['bytes'], int)
    assert status['versions']['jina'] == '3.34.0'


def test_health_and_metrics(service: RunningService) -> None:
    assert service.http.get('/health/live').status_code == 200
    assert service.http.get('/health/ready').status_code == 200
    index_toys(service, FEW[:2])
    text = service.http.get('/metrics').text
    assert 'audio_search_clips 2.0' in text
    assert 'audio_search_chunks 8.0' in text
    assert re.search(r'audio_search_requests_total{endpoint="/index",status="200"} \d', text)
    assert re.search(
        r'audio_search_latency_seconds_bucket{endpoint="/index",le="1.0",stage="encoder', text
    )


def test_every_request_has_an_id_that_its_log_line_has_too(service: RunningService) -> None:
    response = service.http.get('/clips')
    line = f'"request_id": "{response.headers["x-request-id"]}"'
    deadline = time.monotonic() + 10  # it is written when the answer is sent already
    while line not in service.output and time.monotonic() < deadline:
        time.sleep(0.05)
    assert line in service.output


def test_documentation_comes_from_the_service_itself(service: RunningService) -> None:
    for path in ('/docs', '/redoc'):
        page = service.http.get(path).text
        assert 'http://' not in page
        assert 'https://' not in page
        for script in re.findall(r'src="([^"]+)"', page):
            assert service.http.get(script).status_code == 200
    schema = service.http.get('/openapi.json').json()
    assert {'/index', '/search', '/delete', '/update', '/clear'} <= set(schema['paths'])


def test_examples_of_the_documentation_can_be_sent_as_they_stand(service: RunningService) -> None:
    schemas = service.http.get('/openapi.json').json()['components']['schemas']
    index_toys(service, FEW)
    for name, path in (
        ('IndexBody', '/index'), ('SearchBody', '/search'), ('UpdateBody', '/update'),
        ('DeleteBody', '/delete'), ('ClearBody', '/clear'),
    ):  # fmt: skip
        assert schemas[name]['examples']
        for example in schemas[name]['examples']:
            response = service.http.post(path, json=example)
            assert response.status_code == 200, (path, response.text)
            assert all(answer['error'] is None for answer in response.json()['data'])


def test_other_origins_may_call_only_from_this_machine(service: RunningService) -> None:
    def preflight(origin: str) -> dict[str, str]:
        headers = {
            'origin': origin,
            'access-control-request-method': 'POST',
            'access-control-request-headers': 'content-type',
        }
        return dict(service.http.options('/search', headers=headers).headers)

    for origin in ('http://localhost:3000', 'http://127.0.0.1:8888'):
        assert preflight(origin)['access-control-allow-origin'] == origin
    for origin in ('http://example.org', 'http://localhost.example.org:1', 'http://localhost:1@x'):
        assert 'access-control-allow-origin' not in preflight(origin)


def test_another_web_site_cannot_clear_the_index(service: RunningService) -> None:
    index_toys(service, FEW)
    response = service.http.post('/clear', data={}, headers={'origin': 'http://evil.example'})
    assert response.status_code == 403
    assert service.http.get('/status').json()['clips'] == 5


@pytest.mark.parametrize('filter', ['{"a": {"$near": 1}}', '{"a": {"$in": 3}}'])
def test_an_upload_with_a_filter_that_is_refused_leaves_nothing(
    service: RunningService, filter: str
) -> None:
    files = [('files', ('a.wav', wav_bytes()))]
    form = {'parameters': f'{{"filter": {filter}}}'}
    assert service.http.post('/search/upload', files=files, data=form).status_code == 422
    assert kept_files(service) == []


def test_numbers_beyond_all_bounds_are_a_422(service: RunningService) -> None:
    assert service.post('/search', {'uri': FEW[0]}, limit=10**400).status_code == 422
    assert service.http.get('/clips', params={'offset': 10**30}).status_code == 422


def test_what_does_not_exist_is_said_in_one_sentence(service: RunningService) -> None:
    response = service.http.get('/nothing')
    assert response.status_code == 404
    assert response.json() == {'detail': 'GET /nothing does not exist; see /docs'}
    assert service.http.get('/search').status_code == 405
    assert service.http.get('/').status_code == 200


def test_a_file_is_one_clip_however_its_path_is_spelled(
    service: RunningService, sounds: Path
) -> None:
    path = write_tone(sounds / 'spelled.wav', 5)
    (first,) = service.answers('/index', {'uri': str(path), 'tags': {'label': 'tone'}})
    (again,) = service.answers('/index', {'uri': f'./{path.name}'})
    assert first == again
    assert first['uri'] == path.name
    page = service.http.get('/clips').json()
    assert [clip['uri'] for clip in page['clips']] == [path.name]
    (found,) = service.answers('/search', {'uri': str(path)})
    assert found['uri'] == str(path)
    assert found['matches'][0]['uri'] == path.name
    path.unlink()
    assert service.http.get('/clips?missing=true').json()['total'] == 1
    (deleted,) = service.answers('/delete', {'uri': str(path)})
    assert deleted['id'] == first['id']


def test_clips_are_listed_and_deleted_by_tags_and_by_the_beginning_of_their_uri(
    service: RunningService,
) -> None:
    index_toys(service, FEW)
    chosen = label(FEW[0])
    listed = service.http.get('/clips', params={'filter': f'{{"label": "{chosen}"}}'}).json()
    expected = [uri for uri in FEW if label(uri) == chosen]
    assert [clip['uri'] for clip in listed['clips']] == expected
    deleted = service.answers('/delete', filter={'label': chosen})
    assert [clip['uri'] for clip in deleted] == expected
    assert [clip['tags'] for clip in deleted] == [{'label': chosen}] * len(expected)
    assert service.answers('/delete', prefix='nowhere/') == []
    assert len(service.answers('/delete', prefix='toy-data/')) == len(FEW) - len(expected)
    assert service.http.get('/clips').json()['total'] == 0


def test_a_silent_query_says_that_nothing_can_be_heard_in_it(
    service: RunningService, sounds: Path
) -> None:
    soundfile.write(sounds / 'silence.wav', np.zeros(5 * 16000), 16000)
    index_toys(service, FEW)
    silent, loud = service.answers('/search', {'uri': 'silence.wav'}, {'uri': FEW[0]})
    assert 'silent' in silent['note']
    assert silent['matches'] == []
    assert 'note' not in loud
    (indexed,) = service.answers('/index', {'uri': 'silence.wav'})
    assert ('silent' in indexed['note'], indexed['chunk_count']) == (True, 2)
    by_id, loud = service.answers('/search', {'id': indexed['id']}, {'uri': FEW[0]}, limit=99)
    assert ('silent' in by_id['note'], by_id['matches']) == (True, [])
    assert len(loud['matches']) == len(FEW)
