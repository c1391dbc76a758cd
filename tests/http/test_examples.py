"""Searches by several examples over HTTP: what may be asked, and what the executors get."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audio_search.vggish.weights import COMPACT_SHA256
from tests.http.api import Api

BELL = {'uri': 'bell.wav'}


@pytest.fixture
def api(tmp_path: Path) -> Api:
    api = Api(tmp_path)
    api.here.pipeline.model_sha256 = COMPACT_SHA256
    for name in ('bell', 'dog'):
        api.here.write(f'{name}.wav', name.encode())
    api.answers('/index', {'id': 'Bell', **BELL}, {'id': 'Dog', 'uri': 'dog.wav'})
    api.here.pipeline.encoded.clear()
    return api


def examples(api: Api) -> list[dict[str, Any]]:
    """Of the last query, as the indexer gets them."""
    found = api.here.pipeline.asked[-1].examples
    assert found is not None
    return list(found)


def test_examples_with_sound_are_encoded_and_stored_ones_are_named(api: Api) -> None:
    uri = api.here.write('new.wav', b'another')
    like = [{'uri': uri}, {'id': 'Bell'}, {'id': 'Bell#t=4,8'}]
    (found,) = api.answers('/search', {'like': like, 'unlike': [{'id': 'Dog'}]})
    assert found['error'] is None
    assert found['uri'] is None
    assert len(found['matches']) == 2
    assert api.here.pipeline.encoded == ['new.wav']
    rows = examples(api)
    assert [row['is_wanted'] for row in rows] == [True, True, True, False]
    assert (rows[0]['uri'], rows[0]['first'], rows[0]['end']) == ('new.wav', 0, 1)
    assert [row['id'] for row in rows[1:]] == ['Bell', 'Bell#t=4,8', 'Dog']
    assert not any('first' in row for row in rows[1:])
    assert len(api.here.pipeline.asked[-1].chunks) == 1


def test_vectors_and_words_are_examples(api: Api) -> None:
    vector = (np.arange(512) % 256 - 128) / 128
    query = {'like': [{'vector': vector.tolist()}], 'words': 'dog', 'unlike': [{'words': 'bell'}]}
    (found,) = api.answers('/search', query)
    assert found['error'] is None
    rows = examples(api)
    assert [(row['is_wanted'], row['first'], row['end']) for row in rows] == [
        (True, 0, 1),
        (True, 1, 2),
        (False, 2, 3),
    ]
    sent = [chunk.embedding for chunk in api.here.pipeline.asked[-1].chunks]
    np.testing.assert_array_equal(sent[0], vector.astype(np.float32))
    assert api.here.pipeline.encoded == []


def test_one_example_and_no_other_is_that_query(api: Api) -> None:
    api.answers('/search', {'like': [BELL]}, {'like': [{'id': 'Dog'}]}, {'like': [], **BELL})
    by_example, by_id, plain = api.here.pipeline.asked
    assert (by_example.uri, by_id.id, plain.uri) == ('bell.wav', 'Dog', 'bell.wav')
    assert [one.examples for one in api.here.pipeline.asked] == [None] * 3


def test_a_query_is_called_as_it_was_sent_and_by_its_examples_otherwise(api: Api) -> None:
    like = {'like': [{'id': 'Bell'}, {'id': 'Dog'}]}
    named, first, second, other = api.answers(
        '/search', {'id': 'mine', **like}, like, like, {'like': [{'id': 'Dog'}, {'id': 'Bell'}]}
    )
    assert named['id'] == 'mine'
    assert first['id'] == second['id'] != other['id']


def test_what_of_an_example_cannot_be_used_is_the_error_of_its_query_alone(api: Api) -> None:
    api.here.write('noise.wav', b'not a sound')
    missing = {'like': [{'id': 'Bell'}, {'uri': 'gone.wav'}]}
    noise = {'like': [{'id': 'Bell'}], 'unlike': [{'id': 'Dog'}, {'uri': 'noise.wav'}]}
    found = api.answers('/search', missing, noise, {'id': 'Bell'})
    assert [one['error'] for one in found] == [
        'like[1]: gone.wav does not exist; check the path, it is case-sensitive',
        'unlike[1]: noise.wav is not audio',
        None,
    ]


@pytest.mark.parametrize(
    ('query', 'words'),
    [
        ({'like': [{'uri': 'a.wav', 'id': 'a'}]}, 'uri and id were given'),
        ({'like': [{}]}, 'none was given'),
        ({'like': [{'file': 'a.wav'}]}, "'file' is unknown"),
        ({'vector': ['loud']}, 'valid number'),
        ({'vector': []}, 'at least 1'),
        ({'examples': [BELL]}, "'examples' belongs in like and unlike"),
        ({'like': [BELL] * 1001}, 'at most 1000'),
    ],
)
def test_what_is_no_example_is_refused(api: Api, query: dict[str, Any], words: str) -> None:
    response = api.post('/search', query)
    assert response.status_code == 422
    assert words in response.json()['detail']


@pytest.mark.parametrize(
    ('query', 'words'),
    [
        ({'like': [BELL, BELL], **BELL}, 'put the sound into like'),
        ({'vector': [0.0] * 512}, 'only zeros'),
        ({'vector': [[0.5, 0.5], [0.5]]}, 'no list of numbers'),
        ({'vector': [0.5], **BELL}, 'a vector or a sound'),
        ({'vector': [0.5], 'words': 'dog'}, 'words or a sound'),
    ],
)
def test_what_does_not_go_together_is_said(api: Api, query: dict[str, Any], words: str) -> None:
    (found,) = api.answers('/search', query)
    assert words in found['error']


def test_a_document_of_a_notebook_may_be_sent_as_it_is(api: Api) -> None:
    (found,) = api.answers('/search', {**BELL, 'examples': None, 'named': None})
    assert found['error'] is None


def test_only_queries_have_examples(api: Api) -> None:
    response = api.post('/index', {'like': [BELL]})
    assert response.status_code == 422
    assert "'like' belongs in data of /search" in response.json()['detail']


def test_vectors_of_any_length_are_made_as_long_as_8_bits_can_hold(api: Api) -> None:
    rng = np.random.default_rng(0)
    direction = rng.standard_normal((2, 512))
    unit = direction / np.linalg.norm(direction, axis=1, keepdims=True)
    api.answers('/search', {'vector': unit.tolist()})
    sent = [np.asarray(chunk.embedding) * 128 for chunk in api.here.pipeline.asked[-1].chunks]
    for vector, wanted in zip(sent, unit, strict=True):
        assert np.abs(vector).max() == 127
        assert vector @ wanted / np.linalg.norm(vector) > 0.9999


def test_sounds_that_come_as_examples_are_dropped_afterwards(api: Api) -> None:
    data = 'data:audio/wav;base64,c291bmQ='
    (found,) = api.answers('/search', {'like': [{'uri': data}, {'id': 'Bell'}]})
    assert found['error'] is None
    assert api.here.pipeline.encoded[0] is not None
    assert api.here.media() == []


def test_examples_count_as_documents_of_a_request(tmp_path: Path) -> None:
    api = Api(tmp_path, MAX_DOCS='3')
    ids = [{'id': 'a'}, {'id': 'b'}, {'id': 'c'}]
    response = api.post('/search', {'like': ids})
    assert response.status_code == 413
    assert '4 documents' in response.json()['detail']


def test_order_and_score_are_handed_on(api: Api) -> None:
    query = {'like': [{'id': 'Bell'}, {'id': 'Dog'}]}
    api.answers('/search', query, order='doubtful', include=['score'], limit=3)
    api.answers('/search', query, order='nearest')
    doubtful, nearest = api.here.pipeline.searched
    assert (doubtful['order'], doubtful['include']) == ('doubtful', ['score'])
    assert 'order' not in nearest


@pytest.mark.parametrize(
    ('options', 'name'),
    [
        ({'per_clip': 2}, 'per_clip'),
        ({'group_by': 'label'}, 'group_by'),
        ({'match': 'example'}, 'match'),
        ({'within': 'Bell'}, 'within'),
    ],
)
@pytest.mark.parametrize('choice', [{'order': 'doubtful'}, {'hubness': 'csls'}])
def test_another_order_goes_with_no_other_choice(
    api: Api, choice: dict[str, str], options: dict[str, Any], name: str
) -> None:
    query = {'like': [{'id': 'Bell'}, {'id': 'Dog'}]}
    response = api.post('/search', query, **choice, **options)
    assert response.status_code == 422
    assert f'does not go with {name}' in response.json()['detail']


def test_of_two_other_orders_one_is_too_many(api: Api) -> None:
    response = api.post('/search', {'id': 'Bell'}, order='doubtful', hubness='csls')
    assert response.status_code == 422
    assert 'hubness csls does not go with order' in response.json()['detail']


def test_hubness_is_handed_on(api: Api) -> None:
    api.answers('/search', {'id': 'Bell'}, hubness='csls')
    api.answers('/search', {'id': 'Bell'}, hubness='none')
    damped, plain = api.here.pipeline.searched
    assert (damped['hubness'], 'hubness' in plain) == ('csls', False)


def test_the_distances_of_random_pairs_are_answered(api: Api) -> None:
    found = api.get('/rarity')
    assert found.json() == {'pairs': 1, 'edges': [0.0, 1.0, 2.0], 'counts': [1, 0]}
    api.here.pipeline.disk_full = True
    assert api.get('/rarity').status_code == 503
