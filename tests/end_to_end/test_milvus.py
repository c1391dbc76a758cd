"""The whole service on a real Milvus, which is killed and started again beneath it."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import cycle
from typing import Any

import httpx
import psutil
import pytest

from tests.milvus_server import Server
from tests.running import ROOT, RunningService

CLIPS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / 'toy-data').glob('*.mp3'))
GONE_S = 5.0
BACK_S = 90
ROUNDS = int(os.environ.get('KILL_ROUNDS', '2'))


@pytest.fixture(scope='module')
def milvus_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One of its own: the tests that share the run's must not find it killed."""
    server = Server(tmp_path_factory.mktemp('milvus'))
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope='module')
def services(
    milvus_server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[RunningService, RunningService]]:
    """One on Milvus, one on a file."""
    folder = tmp_path_factory.mktemp('milvus_service')
    settings = {'MILVUS_URI': milvus_server.uri, 'MILVUS_COLLECTION': f'service_{os.getpid()}'}
    with ExitStack() as stack:
        made = [
            RunningService(folder / 'milvus', 'serve', '--flow', 'flow-milvus.yml', **settings),
            RunningService(folder / 'file', 'serve'),
        ]
        for service in made:
            stack.enter_context(service)
        yield made[0], made[1]


def index(service: RunningService, clips: list[str]) -> list[dict[str, Any]]:
    """In requests of one batch each: two batches of a request may be stored in either order."""
    named = [{'uri': uri, 'tags': {'label': label(uri)}} for uri in clips]
    return [
        answer
        for first in range(0, len(named), 5)
        for answer in service.answers('/index', *named[first : first + 5])
    ]


def label(uri: str) -> str:
    return uri.rpartition('_')[2].removesuffix('.mp3')


def test_it_answers_as_the_file_does(services: tuple[RunningService, RunningService]) -> None:
    for service in services:
        indexed = index(service, CLIPS)
        assert [one['error'] for one in indexed] == [None] * len(CLIPS)
    milvus, file = services
    assert milvus.http.get('/status').json()['clips'] == len(CLIPS)
    queries = [{'id': one['id']} for one in indexed[::6]]
    sounds = [{'uri': uri} for uri in CLIPS[::20]]
    assert milvus.answers('/search', *sounds) == file.answers('/search', *sounds)
    for parameters in (
        {'limit': 7},
        {'limit': 60, 'exclude_self': True},
        {'limit': 9, 'filter': {'label': {'$in': ['birds', 'piano']}}},
        {'limit': 6, 'per_clip': 2, 'min_gap_s': 1},
        {'limit': 5, 'group_by': 'label'},
        {'limit': 5, 'match': 'example'},
        {'limit': 5, 'filter': {'words': {'$contains': 'Music'}}},
    ):
        theirs = milvus.answers('/search', *queries, **parameters)
        ours = file.answers('/search', *queries, **parameters)
        assert theirs == ours, parameters
    ids = [{'id': match['id']} for match in ours[0]['matches']]
    judged = {'like': ids[:2], 'unlike': ids[2:3], 'words': 'applause'}
    for parameters in (
        {'include': ['score', 'rarity'], 'limit': 60},
        {'exclude_self': True, 'limit': 9},
        {'order': 'doubtful', 'include': ['score']},
        {'hubness': 'csls'},
        {'group_by': 'recording'},
        {'match': 'example', 'include': ['rarity']},
    ):
        theirs = milvus.answers('/search', judged, **parameters)
        assert theirs == file.answers('/search', judged, **parameters), parameters
    assert milvus.http.get('/rarity').json() == file.http.get('/rarity').json()
    words = {'words': 'applause'}
    assert milvus.answers('/search', words) == file.answers('/search', words)
    for chosen in ({}, {'offset': 50, 'limit': 20}, {'prefix': 'toy-data/13'}):
        found = [one.http.get('/clips', params=chosen).json() for one in services]
        assert found[0] == found[1]
    inside = {'within': CLIPS[3]}
    assert milvus.answers('/search', queries[0], **inside) == file.answers(
        '/search', queries[0], **inside
    )


def test_clips_are_replaced_retagged_and_deleted(
    services: tuple[RunningService, RunningService],
) -> None:
    milvus, _ = services
    index(milvus, CLIPS[:3])
    assert milvus.http.get('/status').json()['clips'] == len(CLIPS)
    (changed,) = milvus.answers('/update', {'uri': CLIPS[0], 'tags': {'label': 'mine'}})
    assert changed['error'] is None
    (found,) = milvus.answers('/search', {'uri': CLIPS[0]}, filter={'label': 'mine'})
    assert [match['uri'] for match in found['matches']] == [CLIPS[0]]
    milvus.answers('/delete', {'uri': CLIPS[0]})
    (found,) = milvus.answers('/search', {'uri': CLIPS[0]}, limit=60)
    assert CLIPS[0] not in [match['uri'] for match in found['matches']]
    assert milvus.http.get('/status').json()['clips'] == len(CLIPS) - 1


def test_a_server_that_is_gone_is_said_at_once_and_found_again(
    services: tuple[RunningService, RunningService], milvus_server: Server
) -> None:
    milvus, _ = services
    index(milvus, CLIPS[:6])
    milvus_server.kill()
    for path in ('/search', '/index'):
        begun = time.monotonic()
        answer = milvus.post(path, {'uri': CLIPS[1]})
        assert answer.status_code == 503, answer.text
        assert 'Milvus' in answer.json()['detail']
        assert time.monotonic() - begun < GONE_S
    milvus_server.start()
    wait_until_answered(milvus)
    (found,) = milvus.answers('/search', {'uri': CLIPS[1]}, limit=1)
    assert found['matches'][0]['uri'] == CLIPS[1]


def wait_until_answered(service: RunningService) -> None:
    """A server has its collections in memory some seconds after it was started."""
    deadline = time.monotonic() + BACK_S
    while service.post('/search', {'uri': CLIPS[1]}).status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.5)


@pytest.mark.parametrize('round_', range(ROUNDS))
def test_what_is_acknowledged_survives_kills(
    services: tuple[RunningService, RunningService], milvus_server: Server, round_: int
) -> None:
    """Clips are stored one by one while the server or the indexer is killed; those that were
    acknowledged are there afterwards, whole and once."""
    milvus, _ = services
    assert milvus.post('/clear').status_code == 200
    acknowledged: list[str] = []
    refused: list[str] = []
    done = threading.Event()

    def store() -> None:
        with httpx.Client(base_url=milvus.url, timeout=120) as http:
            for uri in cycle(CLIPS):
                if done.is_set():
                    return
                body = {'data': [{'uri': uri, 'tags': {'label': label(uri)}}]}
                try:
                    answer = http.post('/index', json=body)
                except httpx.TransportError:
                    continue
                if answer.status_code == 200 and answer.json()['data'][0]['error'] is None:
                    acknowledged.append(uri)
                else:
                    assert answer.status_code == 503, answer.text
                    refused.append(answer.text)

    thread = threading.Thread(target=store)
    thread.start()
    while len(acknowledged) < 5:
        time.sleep(0.05)
    if round_ % 2:
        kill_indexer(milvus, milvus_server)
    else:
        milvus_server.kill()
        milvus_server.start()
    before = len(acknowledged)
    deadline = time.monotonic() + BACK_S
    while len(acknowledged) < before + 3:
        assert time.monotonic() < deadline, refused[-3:]
        time.sleep(0.1)
    done.set()
    thread.join()
    stored = [
        one['uri'] for one in milvus.http.get('/clips', params={'limit': 100}).json()['clips']
    ]
    assert len(stored) == len(set(stored))
    assert set(acknowledged) <= set(stored)
    assert milvus.http.get('/status').json()['chunks'] == 4 * len(stored)
    for uri in stored:
        (found,) = milvus.answers('/search', {'uri': uri}, limit=1)
        assert (found['matches'][0]['uri'], found['matches'][0]['tags']) == (
            uri,
            {'label': label(uri)},
        )


def kill_indexer(service: RunningService, server: Server) -> None:
    """The process of the service that is connected with Milvus."""
    port = int(server.uri.rpartition(':')[2])
    for child in psutil.Process(service.process.pid).children(recursive=True):
        if any(one.raddr and one.raddr.port == port for one in child.net_connections()):
            child.kill()
            return
    raise AssertionError('no process of the service is connected with Milvus')
