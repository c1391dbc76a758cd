"""Searches inside recordings over HTTP: what may be asked, and what is answered."""

from pathlib import Path
from typing import Any

import pytest

from tests.http.api import Api

EVENT = {
    'uri': 'long.wav', 'beg_s': 1.0, 'end_s': 2.5, 'peak_s': 1.5, 'distance': 0.25, 'rarity': 100,
}  # fmt: skip


@pytest.fixture
def api(tmp_path: Path) -> Api:
    api = Api(tmp_path)
    api.answers('/index', {'uri': api.here.write('long.wav')})
    api.here.write('query.wav', b'another sound')
    return api


def problem(api: Api, **parameters: Any) -> str:
    response = api.post('/search', {'uri': 'query.wav'}, **parameters)
    assert response.status_code == 422, response.text
    return str(response.json()['detail'])


def test_events_are_answered_in_place_of_matches(api: Api) -> None:
    (found,) = api.answers('/search', {'uri': 'query.wav'}, within='long.wav')
    assert found['matches'] == []
    assert (found['compared'], found['max_distance']) == ('example', 0.5)
    (event,) = found['events']
    assert event.pop('id')
    assert event == EVENT
    assert 'chunks' not in found


def test_an_ordinary_search_says_nothing_of_events(api: Api) -> None:
    (found,) = api.answers('/search', {'uri': 'query.wav'}, within=None)
    assert found['matches']
    assert not {'events', 'compared', 'max_distance'} & found.keys()
    assert not {'within', 'within_uri', 'refine'} & api.here.pipeline.searched[0].keys()


def test_the_indexer_is_asked_for_what_was_given_and_no_more(api: Api) -> None:
    absolute = str(api.here.folder / 'long.wav')
    api.answers('/search', {'uri': 'query.wav'}, within=absolute, limit=3, max_distance=0.4)
    assert api.here.pipeline.searched == [
        {
            'within': absolute,
            'within_uri': 'long.wav',
            'limit': 3,
            'include': [],
            'max_distance': 0.4,
        }
    ]
    form = {'parameters': '{"within": "long.wav", "false_alarms_per_hour": 2, "min_gap_s": 0}'}
    response = api.upload('/search/upload', ('query.wav', b'sound'), **form)
    assert [len(found['events']) for found in response.json()['data']] == [1]
    asked = api.here.pipeline.searched[1]
    assert (asked['false_alarms_per_hour'], asked['min_gap_s']) == (2, 0)


def test_events_have_no_form_but_json(api: Api) -> None:
    body = {'data': [{'uri': 'query.wav'}], 'parameters': {'within': 'long.wav'}}
    response = api.send('/search?format=csv', body)
    assert response.status_code == 422
    assert response.json()['detail'] == (
        'csv is a form of matches, not of events; ask for format=json'
    )
    assert api.send('/search?format=json', body).status_code == 200


def test_recordings_that_are_not_there_refuse_the_request(api: Api) -> None:
    response = api.post('/search', {'uri': 'query.wav'}, within='other.wav')
    assert response.status_code == 404
    assert 'other.wav is not indexed' in response.json()['detail']


@pytest.mark.parametrize(
    ('parameters', 'sentence'),
    [
        ({'max_distance': 0.5, 'false_alarms_per_hour': 1}, 'give one of them'),
        ({'exclude_self': True}, 'exclude_self cannot be used with within'),
        ({'match': 'window'}, 'match cannot be used with within'),
        ({'match': 'sound'}, 'parameters.match'),
        ({'filter': {'label': 'bell'}}, 'filter cannot be used with within'),
        ({'refine': True, 'limit': 101}, 'limit is 101, and refine is for at most 100 events'),
        ({'max_distance': True}, 'parameters.max_distance: is true or false'),
        ({'max_distance': 2.5}, 'parameters.max_distance: input should be less than or equal to 2'),
        ({'false_alarms_per_hour': 0}, 'input should be greater than 0'),
        ({'min_gap_s': -1}, 'input should be greater than or equal to 0'),
        ({'within': {'label': {'$near': 'bell'}}}, '$near'),
        ({'within': 7}, 'parameters.within'),
    ],
)
def test_what_does_not_go_together_is_refused(
    api: Api, parameters: dict[str, Any], sentence: str
) -> None:
    assert sentence in problem(api, **{'within': 'long.wav', **parameters})
    assert api.here.pipeline.searched == []


@pytest.mark.parametrize(
    'parameters',
    [{'max_distance': 1}, {'false_alarms_per_hour': 1}, {'min_gap_s': 0}, {'refine': True}],
)
def test_what_is_of_use_inside_recordings_only_says_so(
    api: Api, parameters: dict[str, Any]
) -> None:
    (name,) = parameters
    assert problem(api, **parameters).startswith(f'{name} is for a search inside recordings')


def test_means_cannot_be_refined_and_the_answer_says_so(api: Api) -> None:
    api.here.pipeline.pooling = 'mean'
    (found,) = api.answers('/search', {'uri': 'query.wav'}, within='long.wav', refine=True)
    assert len(found['events']) == 1
    assert 'one mean of each window' in found['note']
    assert api.here.pipeline.searched[0]['limit'] == 100
