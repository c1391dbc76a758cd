"""Searches by words over HTTP: what may be asked, and what the executors get."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audio_search.vggish.weights import COMPACT_SHA256
from tests.http.api import Api

NO_WORDS = 'words belong to the compact weights'


@pytest.fixture
def api(tmp_path: Path) -> Api:
    api = Api(tmp_path)
    api.here.pipeline.model_sha256 = COMPACT_SHA256
    api.answers('/index', {'uri': api.here.write('bell.wav'), 'tags': {'label': 'bell'}})
    api.here.write('query.wav', b'another sound')
    return api


def vectors(api: Api) -> list[np.ndarray]:
    """Of the windows of the last query, int8."""
    return [
        chunk.embedding.to_int8()
        for chunk in api.here.pipeline.asked[-1].chunks
        if chunk.embedding is not None
    ]


def test_words_are_sent_as_the_one_window_of_a_query(api: Api) -> None:
    (found,) = api.answers('/search', {'words': 'Church bells -dog'}, limit=3)
    assert found['error'] is None
    assert [match['uri'] for match in found['matches']] == ['bell.wav']
    assert found['words'] == 'Church bells -dog'
    assert found['named'] == [
        {'words': 'church bells', 'names': ['Church bell'], 'sign': 1},
        {'words': 'dog', 'names': ['Dog'], 'sign': -1},
    ]
    (vector,) = vectors(api)
    assert vector.shape == (512,)
    np.testing.assert_array_equal(vector.reshape(4, 128), [vector[:128]] * 4)
    (chunk,) = api.here.pipeline.asked[-1].chunks
    assert (chunk.location, chunk.beg_in_ms, chunk.end_in_ms) == ([], None, None)
    assert api.here.pipeline.searched == [{'limit': 3, 'exclude_self': False, 'include': []}]
    assert api.here.pipeline.encoded == ['bell.wav']


def test_an_ordinary_search_says_nothing_of_words(api: Api) -> None:
    (found,) = api.answers('/search', {'uri': 'query.wav', 'words': None})
    assert found['matches']
    assert not {'words', 'named'} & found.keys()


def test_an_index_of_means_is_searched_with_one_vector(api: Api) -> None:
    api.here.pipeline.dimensions = 128
    api.answers('/search', {'words': 'dog'})
    assert [vector.shape for vector in vectors(api)] == [(128,)]


def test_words_and_sounds_are_documents_of_one_request(api: Api) -> None:
    first, second, third = api.answers(
        '/search', {'words': 'bell', 'id': 'mine'}, {'uri': 'query.wav'}, {'words': 'blorp'}
    )
    assert (first['id'], bool(first['matches']), first['error']) == ('mine', True, None)
    assert (second['uri'], second['error']) == ('query.wav', None)
    assert third['error'].startswith("'blorp' names no sound that is known")
    assert third['id']
    assert third['matches'] == []


@pytest.mark.parametrize(
    ('query', 'sentence'),
    [
        ({'words': 'dgo'}, "'dgo' names no sound that is known; near are 'Dog'"),
        ({'words': ''}, 'no sound is named'),
        ({'words': '-dog'}, 'every word has a minus'),
        ({'words': 'dog', 'uri': 'query.wav'}, 'a query has words or a sound, and both were given'),
        ({'words': 'dog', 'uri': 'x', 'chunks': [{'tensor': [0.0]}]}, 'both were given'),
    ],
)
def test_words_that_cannot_be_used_say_why(api: Api, query: Any, sentence: str) -> None:
    (found,) = api.answers('/search', query)
    assert sentence in found['error']
    assert found['matches'] == []
    assert api.here.pipeline.searched == []


@pytest.mark.parametrize(
    ('path', 'body', 'sentence'),
    [
        ('/index', {'data': [{'words': 'dog'}]}, "'words' belongs in data of /search"),
        ('/delete', {'data': [{'words': 'dog'}]}, "'words' belongs in data of /search"),
        ('/search', {'words': 'dog'}, "'words' belongs in an object of data"),
        ('/search', {'data': [], 'parameters': {'words': 'dog'}}, 'belongs in an object of data'),
        ('/search', {'data': [{'word': 'dog'}]}, "the nearest key is 'words'"),
        ('/search', {'data': [{'words': ['dog']}]}, 'data.0.words: input should be a valid string'),
    ],
)
def test_words_where_they_mean_nothing(api: Api, path: str, body: Any, sentence: str) -> None:
    response = api.send(path, body)
    assert response.status_code == 422
    assert sentence in response.json()['detail']


def test_words_search_inside_recordings_and_with_filters(api: Api) -> None:
    (found,) = api.answers('/search', {'words': 'bell'}, within='bell.wav', refine=True)
    assert [event['uri'] for event in found['events']] == ['bell.wav']
    assert 'chunks' not in found
    (found,) = api.answers('/search', {'words': 'bell'}, filter={'label': 'dog'})
    assert found['matches'] == []
    answers = api.answers('/search', {'words': 'bell'}, exclude_self=True, match='example')
    assert answers[0]['matches']
    assert api.here.pipeline.searched[-1]['match'] == 'example'


def test_an_answer_may_be_sent_again(api: Api) -> None:
    (found,) = api.answers('/search', {'words': 'bell'})
    (again,) = api.answers('/search', found)
    assert again == found


def test_words_name_the_query_in_a_file(api: Api) -> None:
    body = {'data': [{'words': 'church bell'}]}
    response = api.send('/search?format=csv', body)
    assert response.status_code == 200
    head, row = [line.split(',') for line in response.text.splitlines()]
    assert row[head.index('query_file')] == 'church bell'
    assert row[head.index('query_beg_s')] == ''


def test_vectors_of_other_weights_are_not_searched_by_words(api: Api) -> None:
    api.here.pipeline.model_sha256 = '0962b191' + '0' * 56
    response = api.post('/search', {'words': 'dog'})
    assert response.status_code == 404
    assert response.json()['detail'].startswith(NO_WORDS)
    assert '0962b191' in response.json()['detail']
    words, sound = api.answers('/search', {'words': 'dog'}, {'uri': 'query.wav'})
    assert words['error'].startswith(NO_WORDS)
    assert (sound['error'], bool(sound['matches'])) == (None, True)
    response = api.get('/words')
    assert response.status_code == 404
    assert response.json()['detail'].startswith(NO_WORDS)


def test_models_without_the_file_of_the_words(tmp_path: Path) -> None:
    api = Api(tmp_path, MODELS=str(tmp_path))
    api.here.pipeline.model_sha256 = COMPACT_SHA256
    response = api.get('/words')
    assert response.status_code == 404
    assert 'vggish_compact_words.npz are missing' in response.json()['detail']


def test_all_words_are_listed(api: Api) -> None:
    words = api.get('/words').json()['words']
    assert len(words) == 521
    assert words[0] == {'name': 'Speech', 'support': 2291, 'synonyms': words[0]['synonyms']}
    assert 'voice' in words[0]['synonyms']


def test_words_are_listed_by_what_was_typed(api: Api) -> None:
    def names(like: str) -> list[str]:
        response = api.get('/words', params={'like': like})
        assert response.status_code == 200, response.text
        return [word['name'] for word in response.json()['words']]

    assert names('sea')[:2] == ['Ocean', 'Waves, surf']
    assert 'Siren' in names('sir')
    assert len(names('a')) <= 20
    assert names('') == []
    response = api.get('/words', params={'likes': 'sea'})
    assert response.status_code == 422
    assert "the nearest key is 'like'" in response.json()['detail']


def test_words_need_the_token(tmp_path: Path) -> None:
    api = Api(tmp_path, TOKEN='secret')
    assert api.get('/words').status_code == 401


def test_words_need_the_indexer(tmp_path: Path) -> None:
    api = Api(tmp_path)
    api.here.pipeline.down = 'indexer'
    response = api.get('/words')
    assert response.status_code == 503
    assert 'the indexer is down' in response.json()['detail']
