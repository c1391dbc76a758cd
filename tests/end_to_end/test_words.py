"""Searches by words, and by judged answers, through the whole service, over toy-data."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from docarray import DocList
from jina import Client

from audio_search.audio import decoding
from audio_search.documents import AudioClip, from_files
from tests.cli.command import run
from tests.conftest import RATE_HZ
from tests.running import ROOT, RunningService

CLIPS = sorted((ROOT / 'toy-data').glob('*.mp3'))
# What somebody may type who looks for the clips of a label.
WORDS = {
    'helicopter': 'helicopter',
    'churchbell': 'church bells',
    'applause': 'Applause',
    'seashore': 'seashore',
    'birds': 'birds singing',
    'telephone': 'phone ringing',
    'gunshot': 'gunshots',
    'speech': 'people talking',
    'piano': 'piano',
    'drums': 'drums',
}
HARD = CLIPS[4]  # a helicopter that is nearer to other sounds than to most helicopters
BIRD = 'toy-data/144_birds.mp3'
BIRD_PART_S = (1.0, 3.0)
BEGINS_S = (31.3, 84.55)


@pytest.fixture(scope='module')
def stocked(shared_service: RunningService) -> RunningService:
    assert shared_service.post('/clear').status_code == 200
    shared_service.answers('/index', *map(toy_clip, CLIPS))
    return shared_service


def toy_clip(path: Path) -> dict[str, object]:
    return {'uri': f'toy-data/{path.name}', 'tags': {'label': path.stem.partition('_')[2]}}


def labels(service: RunningService, words: str, **parameters: object) -> list[str]:
    """Of the matches, nearest first."""
    (found,) = service.answers('/search', {'words': words}, **parameters)
    assert found['error'] is None
    return [match['tags']['label'] for match in found['matches']]


@pytest.mark.parametrize(
    ('match', 'min_first', 'min_precision'), [('window', 9, 0.9), ('example', 9, 0.85)]
)
def test_words_find_the_clips_of_a_label(
    stocked: RunningService, match: str, min_first: int, min_precision: float
) -> None:
    found = {label: labels(stocked, words, match=match) for label, words in WORDS.items()}
    right = np.array([[one == label for one in five] for label, five in found.items()])
    assert right.shape == (10, 5)
    assert right[:, 0].sum() >= min_first, found
    assert right.mean() >= min_precision, found


def test_a_counter_example_takes_away_what_is_like_it(stocked: RunningService) -> None:
    assert labels(stocked, 'gunshot').count('gunshot') == 3
    assert labels(stocked, 'gunshot -helicopter') == ['gunshot'] * 5


def test_judged_answers_lead_to_more_right_ones(stocked: RunningService, tmp_path: Path) -> None:
    """The sound of a file, two right answers and a wrong one, as a person judges them."""
    sound = {'uri': f'toy-data/{HARD.name}'}
    (found,) = stocked.answers('/search', sound, limit=10, exclude_self=True)
    is_right = [match['tags']['label'] == 'helicopter' for match in found['matches']]
    assert sum(is_right[:5]) < 4  # all five others are in the index
    answers = [{'id': match['id']} for match in found['matches']]
    right = [one for one, ok in zip(answers, is_right, strict=True) if ok][:2]
    wrong = answers[is_right.index(False)]
    query = {'like': [sound, *right], 'unlike': [wrong]}
    (judged,) = stocked.answers('/search', query, limit=6, include=['score', 'rarity'])
    assert [match['tags']['label'] for match in judged['matches']] == ['helicopter'] * 6
    first = judged['matches'][0]
    assert first['score'] > 0.9 > 0.1 > first['rarity']
    (doubtful,) = stocked.answers('/search', query, order='doubtful', include=['score'])
    assert abs(doubtful['matches'][0]['score'] - 0.5) < 0.1
    histogram = stocked.http.get('/rarity').json()
    assert histogram['pairs'] == sum(histogram['counts']) == 10_000
    # Which the command line does with the file itself, and ids.
    options = [part for one in right for part in ('--like', one['id'])]
    code, output, errors = run(
        stocked, 'search', '--like', HARD, *options, '--unlike', wrong['id'],
        '--limit', '3', '--score', '--exclude-self', '--json', cwd=tmp_path,
    )  # fmt: skip
    assert (code, errors) == (0, '')
    of_examples = {match['id'] for match in judged['matches'] if {'id': match['id']} in right}
    assert [match['id'] for match in json.loads(output)['matches']] == [
        match['id']
        for match in judged['matches']
        if match['uri'] != sound['uri'] and match['id'] not in of_examples
    ]


def test_clips_have_words_of_their_own(stocked: RunningService) -> None:
    chosen = {'words': {'$contains': 'Helicopter'}}
    answer = stocked.http.get('/clips', params={'filter': json.dumps(chosen)}).json()
    assert answer['total'] >= 4
    for clip in answer['clips']:
        assert 'Helicopter' in [word['name'] for word in clip['words']]
        assert 'words' not in clip['tags']
    (found,) = stocked.answers('/search', {'words': 'telephone'}, limit=3, filter=chosen)
    assert {match['id'] for match in found['matches']} <= {clip['id'] for clip in answer['clips']}
    assert found['matches'][0]['words'][0].keys() == {'name', 'probability'}


def test_words_go_with_filters_groups_and_places(stocked: RunningService) -> None:
    assert set(labels(stocked, 'piano', filter={'label': 'drums'})) == {'drums'}
    grouped = labels(stocked, 'piano', group_by='label', limit=4)
    assert (grouped[0], len(set(grouped))) == ('piano', 4)
    (found,) = stocked.answers('/search', {'words': 'seashore'}, per_clip=2, limit=1)
    first, second = found['matches']
    assert first['id'] == second['id']
    assert (first['query_beg_in_ms'], first['query_end_in_ms']) == (None, None)
    assert abs(first['beg_in_ms'] - second['beg_in_ms']) >= 4000
    same = labels(stocked, 'seashore', exclude_self=True)
    assert same == labels(stocked, 'seashore')


def test_words_search_inside_a_recording(stocked: RunningService, sounds: Path) -> None:
    samples = np.random.default_rng(3).normal(0, 0.01, 120 * RATE_HZ).astype(np.float32)
    bird = decoding.load(ROOT / BIRD, *BIRD_PART_S)
    bird *= 0.1 / np.sqrt((bird**2).mean())
    for begin_s in BEGINS_S:
        first = round(begin_s * RATE_HZ)
        samples[first : first + len(bird)] += bird
    soundfile.write(sounds / 'field.flac', samples, RATE_HZ)
    (clip,) = stocked.answers('/index', {'uri': 'field.flac'})
    try:
        for parameters in ({}, {'refine': True}):
            (found,) = stocked.answers(
                '/search', {'words': 'birdsong'}, within='field.flac', **parameters
            )
            assert (found['error'], found['matches']) == (None, [])
            begins_s = sorted(event['beg_s'] for event in found['events'])
            assert begins_s == pytest.approx(BEGINS_S, abs=0.8)
        status, output, errors = run(
            stocked, 'search', '--words', 'birdsong', '--within', 'field.flac',
            '--html', sounds / 'birds.html',
        )  # fmt: skip
        assert status == 0, errors
        assert len(output.splitlines()) == 1 + len(BEGINS_S)
        assert 'birdsong' in (sounds / 'birds.html').read_text()
    finally:
        stocked.answers('/delete', {'id': clip['id']})


def test_jinas_client_sends_words(stocked: RunningService) -> None:
    client = Client(host='127.0.0.1', port=stocked.port, protocol='http')
    docs = DocList[AudioClip]([AudioClip(words='seashore'), AudioClip(words='dgo')])
    found, unknown = client.post('/search', inputs=docs, return_type=DocList[AudioClip])
    assert [match.tags['label'] for match in found.matches] == ['seashore'] * 5
    assert found.named is not None
    assert found.named[0]['names'] == ['Ocean', 'Waves, surf']
    assert "'dgo' names no sound that is known" in unknown.error
    (indexed,) = client.post(
        '/index', inputs=from_files(str(CLIPS[0])), return_type=DocList[AudioClip]
    )
    assert indexed.error is None


def test_the_command_searches_by_words(stocked: RunningService) -> None:
    status, output, errors = run(stocked, 'search', '--words', 'phone ringing -piano')
    assert status == 0
    assert errors == (
        'audio-search: searched for Telephone bell ringing + Ringtone; unlike Piano\n'
    )
    head, *rows = [line.split('\t') for line in output.splitlines()]
    assert all('telephone' in row[head.index('uri')] for row in rows)
    assert len(rows) == 5
    status, output, errors = run(stocked, 'search', '--words', 'piano', '--limit', '1', '--json')
    found = json.loads(output)
    assert (status, errors, found['words']) == (0, '', 'piano')
    assert found['named'] == [{'words': 'piano', 'names': ['Piano'], 'sign': 1}]
    status, output, _ = run(stocked, 'search', '--words', '-piano drums', '--format', 'csv')
    assert (status, len(output.splitlines())) == (0, 6)


def test_the_command_says_what_is_wrong_with_words(stocked: RunningService) -> None:
    status, output, errors = run(stocked, 'search', '--words', 'helicoptr')
    assert (status, output) == (1, '')
    assert errors.startswith("audio-search: 'helicoptr' names no sound that is known; near are ")
    assert "'Helicopter'" in errors
    for arguments in ((), (BIRD, '--words', 'dog')):
        status, output, errors = run(stocked, 'search', *arguments)
        assert (status, output) == (2, '')
        assert 'give either FILE or --words, --like or --saved' in errors


def test_the_command_lists_words(stocked: RunningService) -> None:
    status, output, errors = run(stocked, 'words')
    head, *rows = [line.split('\t') for line in output.splitlines()]
    assert (status, head) == (0, ['name', 'heard in', 'also'])
    assert len(rows) == 521
    assert errors == 'audio-search: 521 names\n'
    assert [row[0] for row in rows][:2] == ['Speech', 'Child speech, kid speaking']
    status, output, _ = run(stocked, 'words', 'seashore', '--json')
    first, second, *_ = json.loads(output)['words']
    assert (status, first['name'], second['name']) == (0, 'Ocean', 'Waves, surf')
    assert 'seashore' in first['synonyms']
