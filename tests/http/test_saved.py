"""Saved searches that are run, by a real indexer."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.http.api import Api
from tests.http.asgi import call
from tests.service.indexer_pipeline import IndexerPipeline
from tests.store.clips import clip, put

KINDS = ('bell', 'dog', 'rain')


def stored(kind: str, number: int) -> Any:
    """Clips of a kind are near each other; all end with the same hum."""
    rng = np.random.default_rng([number, *kind.encode()])
    names = (kind, kind, kind, 'hum')
    centres = [np.random.default_rng(list(name.encode())).normal(0, 40, 512) for name in names]
    rows = np.stack([centre + rng.normal(0, 15, 512) for centre in centres])
    tags = {'year': 1990 + number, 'kind': kind}
    return clip(f'{kind}{number}', embeddings=rows.clip(-128, 127).astype(np.int8), tags=tags)


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    api = Api(tmp_path)
    pipeline = IndexerPipeline(api.here.pipeline.roots, tmp_path)
    api.here.service.pipeline = api.here.pipeline = pipeline
    put(pipeline.indexer.store, *(stored(kind, n) for kind in KINDS for n in range(1, 6)))
    yield api
    pipeline.indexer.close()


def save(api: Api, **search: Any) -> None:
    response = call(api.app, 'PUT', '/searches/mine', json=search)
    assert response.status_code == 200, response.text


def judge(api: Api, judgement: str | None, *names: str, label: str = 'ringing') -> None:
    """Each name as an id, or ID#BEGIN-END."""
    said = []
    for name in names:
        id_, _, part = name.partition('#')
        ends = [float(end) for end in part.split('-')] if part else None
        said.append({'id': id_, 'part': ends, 'label': label, 'judgement': judgement})
    assert not any(one['error'] for one in api.answers('/judgements', *said))


def run(api: Api, **parameters: Any) -> Any:
    (found,) = api.answers('/search', {'saved': 'mine'}, **parameters)
    assert found['error'] is None
    return found


def ids(found: Any) -> list[str]:
    return [match['id'] for match in found['matches']]


def kinds(found: Any) -> list[str]:
    return [match['tags']['kind'] for match in found['matches']]


def test_what_was_judged_since_is_searched_with(api: Api) -> None:
    save(api, label='ringing')
    judge(api, 'right', 'bell1#0-4', 'bell2#0-4')
    judge(api, 'wrong', 'dog1#0-4', 'rain1')
    judge(api, 'right', 'dog2', label='barking')
    assert kinds(run(api, limit=5)) == ['bell'] * 5
    judge(api, None, 'bell1#0-4', 'bell2#0-4', 'dog1#0-4')
    judge(api, 'right', 'dog1#0-4', 'dog3#0-4')
    assert kinds(run(api, limit=5)) == ['dog'] * 5


def test_it_is_what_the_same_examples_find(api: Api) -> None:
    save(api, label='ringing', like=[{'id': 'bell1'}], unlike=[{'id': 'rain2#t=0,2'}])
    judge(api, 'right', 'bell2#4-8.125')
    judge(api, 'wrong', 'dog1')
    judge(api, 'unsure', 'rain3')
    query = {
        'like': [{'id': 'bell1'}, {'id': 'bell2#t=4,8.125'}],
        'unlike': [{'id': 'rain2#t=0,2'}, {'id': 'dog1'}],
    }
    (expected,) = api.answers('/search', query, include=['score'])
    found = run(api, include=['score'])
    assert found['matches'] == expected['matches']
    assert (found['id'], found.get('note')) == ('mine', None)
    (more,) = api.answers('/search', {'saved': 'mine', 'like': [{'id': 'bell3'}]})
    query['like'].append({'id': 'bell3'})
    (expected,) = api.answers('/search', query)
    assert more['matches'] == expected['matches']


def test_of_two_who_judge_a_part_the_last_counts(api: Api) -> None:
    save(api, label='ringing', like=[{'id': 'bell1'}])
    first = {'id': 'dog1', 'label': 'ringing', 'judgement': 'right', 'by': 'Ann'}
    second = first | {'judgement': 'wrong', 'by': 'Bob'}
    api.answers('/judgements', first | {'time': '2020-11-29T10:00Z'})
    api.answers('/judgements', second | {'time': '2020-11-29T11:00Z'})
    query = {'like': [{'id': 'bell1'}], 'unlike': [{'id': 'dog1'}]}
    (expected,) = api.answers('/search', query)
    assert run(api)['matches'] == expected['matches']
    judge(api, 'unsure', 'dog1')  # by nobody, now: neither counts
    (expected,) = api.answers('/search', {'id': 'bell1'})
    assert run(api)['matches'] == expected['matches']


def test_filters_go_together_and_parameters_give_way(api: Api) -> None:
    save(
        api, like=[{'id': 'bell1'}, {'id': 'bell2'}], filter={'year': {'$gt': 1992}},
        parameters={'limit': 2, 'exclude_self': True},
    )  # fmt: skip
    assert len(ids(run(api))) == 2
    assert sorted(ids(run(api, limit=3))) == ['bell3', 'bell4', 'bell5']
    assert set(ids(run(api, limit=3, filter={'year': 1994}))) == {'bell4', 'dog4', 'rain4'}
    api.answers('/update', {'id': 'bell1', 'tags': {'year': 2000, 'kind': 'bell'}})
    assert 'bell1' not in ids(run(api, limit=20))
    assert 'bell1' in ids(run(api, limit=20, exclude_self=False))


def test_examples_that_are_gone_are_left_out_with_a_note(api: Api) -> None:
    api.here.write('gone.wav')
    save(
        api, label='ringing', unlike=[{'id': 'rain1'}],
        like=[{'id': 'bell1'}, {'id': 'bell2#t=0,4'}, {'uri': 'gone.wav'}, {'id': 'bell3'}],
    )  # fmt: skip
    (api.here.folder / 'gone.wav').unlink()
    judge(api, 'right', 'bell4', 'bell5#90-95')
    judge(api, 'wrong', 'dog1')
    api.answers('/delete', {'id': 'bell2'}, {'id': 'bell3'}, {'id': 'dog1'})
    found = run(api, limit=3)
    assert kinds(found) == ['bell'] * 3
    assert found['note'] == (
        'examples that are gone were left out: gone.wav; '
        'examples that are gone were left out: bell2#t=0,4, bell3, bell5#t=90,95'
    )


def test_a_search_that_has_lost_everything_says_so(api: Api) -> None:
    save(api, label='ringing')
    response = api.post('/search', {'saved': 'mine'})
    assert response.status_code == 422
    assert "no clip is judged right for 'ringing'; judge some" in response.json()['detail']
    judge(api, 'right', 'bell1')
    api.answers('/delete', {'id': 'bell1'})
    assert api.post('/search', {'saved': 'mine'}).status_code == 422
    save(api, like=[{'id': 'gone'}, {'id': 'gone too'}])
    (found,) = api.answers('/search', {'saved': 'mine'})
    assert found['matches'] == []
    assert found['error'] == (
        'nothing is left to search for, since examples that are gone were left out: gone, gone '
        'too; give other examples'
    )


def test_only_what_is_saved_can_be_run_and_only_alone(api: Api) -> None:
    response = api.post('/search', {'saved': 'other'})
    assert response.status_code == 404
    assert "no search is saved as 'other'; see /searches" in response.json()['detail']
    save(api, like=[{'id': 'bell1'}])
    response = api.post('/search', {'saved': 'mine'}, {'id': 'dog1'})
    assert response.status_code == 422
    assert 'without other queries' in response.json()['detail']
    for path, body, sentence in (
        ('/index', {'data': [{'saved': 'mine'}]}, "'saved' belongs in data of /search"),
        ('/search', {'data': [{'saved': 3}]}, 'data.0.saved'),
    ):
        response = api.send(path, body)
        assert response.status_code == 422
        assert sentence in response.json()['detail']


def test_it_searches_inside_recordings_without_its_filter(api: Api) -> None:
    save(
        api, label='ringing', like=[{'id': 'bell1'}], filter={'year': 1},
        parameters={'exclude_self': True},
    )  # fmt: skip
    judge(api, 'wrong', 'dog1')
    found = run(api, within='bell3', max_distance=2)
    assert {event['id'] for event in found['events']} == {'bell3'}
