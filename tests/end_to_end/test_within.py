"""Where in a recording a sound occurs, through the whole service and the command line."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from docarray import DocList
from jina import Client

from audio_search.audio import decoding
from audio_search.documents import AudioClip
from tests.cli.command import run
from tests.conftest import RATE_HZ
from tests.running import ROOT, RunningService

BIRD = 'toy-data/144_birds.mp3'
BEGINS_S = (31.3, 84.55)
PART_S = (1.0, 3.0)  # of the bird, which is what is planted
PART = f'{BIRD}#t=1,3'
EVENT = {'id', 'uri', 'beg_s', 'end_s', 'peak_s', 'distance', 'rarity'}


def hiss(seconds: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(0, 0.01, round(seconds * RATE_HZ)).astype(np.float32)


@pytest.fixture
def recording(service: RunningService, sounds: Path) -> str:
    """The uri of two minutes of hiss in which a bird sings twice."""
    samples = hiss(120, seed=1)
    bird = decoding.load(ROOT / BIRD, *PART_S)
    bird *= 0.1 / np.sqrt((bird**2).mean())
    for begin_s in BEGINS_S:
        first = round(begin_s * RATE_HZ)
        samples[first : first + len(bird)] += bird
    soundfile.write(sounds / 'recording.flac', samples, RATE_HZ)
    soundfile.write(sounds / 'quiet.flac', hiss(30, seed=2), RATE_HZ)
    service.answers(
        '/index',
        {'uri': 'recording.flac', 'tags': {'kind': 'field'}},
        {'uri': 'quiet.flac', 'tags': {'kind': 'field'}},
    )
    return 'recording.flac'


def test_every_place_is_found_with_its_time(service: RunningService, recording: str) -> None:
    (found,) = service.answers('/search', {'uri': PART}, within=recording)
    assert found['matches'] == []
    assert found['compared'] == 'example'
    events = sorted(found['events'], key=lambda event: event['beg_s'])
    assert len(events) == len(BEGINS_S)
    for event, begin_s in zip(events, BEGINS_S, strict=True):
        assert set(event) == EVENT
        assert event['uri'] == recording
        assert event['beg_s'] == pytest.approx(begin_s, abs=0.7)
        assert event['end_s'] == pytest.approx(begin_s + 2, abs=0.7)
        assert event['beg_s'] < event['peak_s'] < event['end_s']
        assert event['distance'] < 0.3 < found['max_distance']
        assert event['rarity'] >= 30
    distances = [event['distance'] for event in found['events']]
    assert distances == sorted(distances)


def test_times_are_told_closely_on_request(service: RunningService, recording: str) -> None:
    (found,) = service.answers('/search', {'uri': PART}, within=recording, refine=True)
    events = sorted(found['events'], key=lambda event: event['beg_s'])
    for event, begin_s in zip(events, BEGINS_S, strict=True):
        assert event['beg_s'] == pytest.approx(begin_s, abs=0.05)
        assert event['end_s'] == pytest.approx(begin_s + 2, abs=0.05)
    assert 'chunks' not in found
    assert 'note' not in found


def test_events_of_a_file_that_is_gone_are_as_they_are_stored(
    service: RunningService, recording: str, sounds: Path
) -> None:
    (stored,) = service.answers('/search', {'uri': PART}, within=recording)
    (sounds / recording).unlink()
    (found,) = service.answers('/search', {'uri': PART}, within=recording, refine=True)
    assert found['events'] == stored['events']
    assert 'of 2 events could not be told more exactly' in found['note']
    assert 'does not exist' in found['note']


def test_several_recordings_are_named_by_a_filter(service: RunningService, recording: str) -> None:
    (found,) = service.answers('/search', {'uri': PART}, within={'kind': 'field'})
    assert {event['uri'] for event in found['events']} == {recording}
    assert len(found['events']) == len(BEGINS_S)
    (found,) = service.answers('/search', {'uri': PART}, within={'kind': 'field'}, limit=1)
    assert len(found['events']) == 1


def test_an_indexed_clip_is_looked_for_by_its_id(service: RunningService, recording: str) -> None:
    (clip,) = service.answers('/index', {'uri': PART})
    (found,) = service.answers('/search', {'id': clip['id']}, within=recording)
    assert len(found['events']) == len(BEGINS_S)


def test_clips_are_found_by_their_examples(service: RunningService, recording: str) -> None:
    (found,) = service.answers('/search', {'uri': PART}, match='example')
    assert found['compared'] == 'example'
    best, other = found['matches']
    assert (best['uri'], best['scores']['cosine'] < 0.3) == (recording, True)
    assert other['scores']['cosine'] > 0.5
    status, output, _ = run(service, 'search', PART, '--match', 'example', '--json')
    assert (status, json.loads(output)['matches']) == (0, found['matches'])


def test_a_recording_that_is_not_indexed(service: RunningService, recording: str) -> None:
    response = service.post('/search', {'uri': PART}, within='elsewhere.wav')
    assert response.status_code == 404
    assert 'elsewhere.wav is not indexed' in response.json()['detail']
    response = service.post('/search', {'uri': PART}, within={'kind': 'sea'})
    assert response.status_code == 404


def test_a_query_without_sound_occurs_nowhere(
    service: RunningService, recording: str, sounds: Path
) -> None:
    soundfile.write(sounds / 'silence.wav', np.zeros(3 * RATE_HZ), RATE_HZ)
    (found,) = service.answers('/search', {'uri': 'silence.wav'}, within=recording)
    assert 'nothing can be heard' in found['error']


def test_the_command_prints_a_table_and_json(
    service: RunningService, recording: str, sounds: Path
) -> None:
    arguments = ('search', PART, '--within', sounds / recording)
    status, output, errors = run(service, *arguments)
    assert (status, errors) == (0, '')
    head, *rows = [line.split('\t') for line in output.splitlines()]
    assert head == ['begin (s)', 'end (s)', 'peak (s)', 'distance', '1 in', 'recording']
    assert sorted(round(float(row[0]) - begin) for row, begin in zip(
        sorted(rows, key=lambda row: float(row[0])), BEGINS_S, strict=True
    )) == [0, 0]  # fmt: skip
    status, output, _ = run(service, *arguments, '--max-distance', '0.5', '--refine', '--json')
    found = json.loads(output)
    assert (status, found['max_distance'], len(found['events'])) == (0, 0.5, 2)


def test_the_command_takes_a_filter(service: RunningService, recording: str) -> None:
    status, output, _ = run(
        service, 'search', PART, '--within', '{"kind": "field"}', '--limit', '1', '--json'
    )
    assert (status, len(json.loads(output)['events'])) == (0, 1)


def test_the_command_says_where_nothing_is(service: RunningService, recording: str) -> None:
    status, output, errors = run(service, 'search', PART, '--within', 'quiet.flac')
    assert (status, len(output.splitlines())) == (0, 1)
    assert re.fullmatch(
        r'audio-search: no place is within a distance of 0\.\d+; --max-distance or '
        r'--false-alarms-per-hour allows more\n',
        errors,
    )
    status, output, errors = run(service, 'search', PART, '--within', 'elsewhere.wav')
    assert (status, output) == (1, '')
    assert errors.startswith('audio-search: elsewhere.wav is not indexed')


def test_jinas_client_gets_the_events(service: RunningService, recording: str) -> None:
    client = Client(host='127.0.0.1', port=service.port, protocol='http')
    (found,) = client.post(
        '/search',
        inputs=DocList[AudioClip]([AudioClip(uri=PART)]),
        parameters={'within': recording},
        return_type=DocList[AudioClip],
    )
    assert [event['uri'] for event in found.events] == [recording] * 2
    assert found.compared == 'example'


def test_the_command_says_what_does_not_go_together(
    service: RunningService, recording: str
) -> None:
    within = ('search', PART, '--within', recording)
    status, _, errors = run(service, *within, '--format', 'csv')
    assert (status, 'table or json' in errors) == (2, True)
    status, _, errors = run(service, *within, '--exclude-self')
    assert (status, 'exclude_self cannot be used with within' in errors) == (2, True)
    status, _, errors = run(service, 'search', PART, '--refine')
    assert (status, 'refine is for a search inside recordings' in errors) == (2, True)
