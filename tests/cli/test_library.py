"""list, search, update, delete and status, asked of a running service."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from audio_search import client
from audio_search.cli.main import main
from tests.cli.command import run
from tests.conftest import write_tone
from tests.running import ROOT, RunningService, free_port

BIRD = 'toy-data/143_birds.mp3'
BELL = 'toy-data/111_churchbell.mp3'


@pytest.fixture
def stocked(service: RunningService) -> RunningService:
    service.answers(
        '/index', {'uri': BIRD, 'tags': {'label': 'birds'}}, {'uri': BELL, 'tags': {'n': 1}}
    )
    return service


def test_list_as_a_table_and_as_json(stocked: RunningService) -> None:
    status, output, errors = run(stocked, 'list')
    assert status == 0
    head, *rows = [line.split('\t') for line in output.splitlines()]
    assert head == ['id', 'uri', 'windows', 'tags']
    assert [row[1:] for row in rows] == [
        [BIRD, '4', '{"label": "birds"}'],
        [BELL, '4', '{"n": 1}'],
    ]
    assert errors == 'audio-search: 2 clips\n'
    status, output, _ = run(stocked, 'list', '--json')
    listed = json.loads(output)
    assert listed['total'] == 2
    assert [clip['uri'] for clip in listed['clips']] == [BIRD, BELL]


@pytest.mark.parametrize(
    ('options', 'uris', 'total'),
    [
        (['--filter', '{"label": "birds"}'], [BIRD], 1),
        (['--prefix', 'toy-data/1'], [BIRD, BELL], 2),
        (['--missing'], [], 0),
        (['--present', '--limit', '1'], [BIRD], 2),
        (['--offset', '1'], [BELL], 2),
        (['--limit', '0'], [], 2),
    ],
)
def test_list_chooses(
    stocked: RunningService, options: list[str], uris: list[str], total: int
) -> None:
    _, output, _ = run(stocked, 'list', '--json', *options)
    listed = json.loads(output)
    assert ([clip['uri'] for clip in listed['clips']], listed['total']) == (uris, total)


def test_a_list_goes_on_over_pages(
    stocked: RunningService, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(client, 'PAGE_CLIPS', 1)
    assert main(['list', '--json', '--url', stocked.url]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert ([clip['uri'] for clip in listed['clips']], listed['total']) == ([BIRD, BELL], 2)


def test_list_loads_nothing_that_is_heavy(stocked: RunningService) -> None:
    script = (
        'import sys; from audio_search.cli.main import main; main(["list"]); '
        'print([name for name in ("jina", "docarray", "tensorflow", "numpy", "fastapi") '
        'if name in sys.modules], file=sys.stderr)'
    )
    done = subprocess.run(
        [sys.executable, '-c', script],
        cwd=ROOT, capture_output=True, text=True, check=True,
        env={'AUDIO_SEARCH_URL': stocked.url, 'PATH': ''},
    )  # fmt: skip
    assert BIRD in done.stdout
    assert done.stderr.splitlines()[-1] == '[]'


def test_search_by_a_file_the_service_sees(stocked: RunningService) -> None:
    status, output, errors = run(
        stocked, 'search', BIRD, '--limit', '1', '--exclude-self', '--json'
    )
    found = json.loads(output)
    assert (status, errors, found['error']) == (0, '', None)
    assert [match['uri'] for match in found['matches']] == [BELL]
    status, output, _ = run(stocked, 'search', f'{BIRD}#t=2,8', '--filter', '{"label": "birds"}')
    assert status == 0
    head, row = output.splitlines()
    assert head.split('\t')[:2] == ['distance', 'uri']
    assert row.split('\t')[1] == BIRD


def test_search_by_a_file_only_this_side_sees_and_from_its_folder(
    stocked: RunningService, tmp_path: Path
) -> None:
    (tmp_path / 'mine.mp3').write_bytes((ROOT / BIRD).read_bytes())
    status, output, _ = run(stocked, 'search', 'mine.mp3', '--json', cwd=tmp_path)
    found = json.loads(output)
    assert status == 0
    assert found['matches'][0]['uri'] == BIRD
    assert found['matches'][0]['scores']['cosine'] == pytest.approx(0, abs=1e-6)


def test_search_says_when_matches_were_recorded(stocked: RunningService, sounds: Path) -> None:
    name = 'SITE_20240512_043000.wav'
    write_tone(sounds / name, 8)
    head, *_ = run(stocked, 'search', BIRD)[1].splitlines()
    assert 'recorded at' not in head
    part = f'{name}#t=2,6'
    stocked.answers('/index', {'uri': part})
    head, *rows = run(stocked, 'search', part)[1].splitlines()
    column = head.split('\t').index('recorded at')
    times = {row.split('\t')[1]: row.split('\t')[column] for row in rows}
    assert times[part] == '2024-05-12 04:30:02'
    assert times[BIRD] == ''
    _, output, _ = run(stocked, 'search', part, '--json')
    by_uri = {match['uri']: match for match in json.loads(output)['matches']}
    assert by_uri[part]['recorded_at'] == '2024-05-12T04:30:02.000'
    assert 'recorded_at' not in by_uri[BIRD]


def test_search_prints_several_places_of_a_clip_and_one_clip_of_each_value(
    stocked: RunningService,
) -> None:
    status, output, _ = run(
        stocked, 'search', BIRD, '--per-clip', '9', '--min-gap', '2', '--limit', '1', '--json'
    )
    matches = json.loads(output)['matches']
    assert (status, {match['uri'] for match in matches}) == (0, {BIRD})
    assert sorted(match['beg_in_ms'] for match in matches) == [0, 2000, 4000, 6000]
    stocked.answers('/index', {'uri': 'toy-data/141_birds.mp3', 'tags': {'label': 'birds'}})
    head, *rows = run(stocked, 'search', BIRD, '--group-by', 'label')[1].splitlines()
    column = head.split('\t').index('more like it')
    found = {row.split('\t')[1]: row.split('\t')[column] for row in rows}
    assert found == {BIRD: '1', BELL: '0'}
    for options in (['--min-gap', '3'], ['--per-clip', '0']):
        status, output, errors = run(stocked, 'search', BIRD, *options)
        assert (status, output) == (2, '')
        assert options[0] in errors


def test_search_prints_hits_for_other_programs(stocked: RunningService) -> None:
    def printed(form: str, *more: str) -> str:
        status, output, errors = run(
            stocked, 'search', BIRD, '--exclude-self', '--limit', '1', '--format', form, *more
        )
        assert (status, errors) == (0, '')
        return output

    assert json.loads(printed('json'))['matches'][0]['uri'] == BELL
    head, row = printed('csv').splitlines()
    assert row.startswith(f'{BELL},')
    assert 'distance' in head
    begin, end, text = printed('audacity').splitlines()[0].split('\t')
    assert 0 <= float(begin) < float(end)
    assert text
    assert 'Begin Path' in printed('raven').splitlines()[0]
    assert printed('m3u').splitlines()[-1] == BELL
    assert printed('m3u', '--base', str(ROOT / 'toy-data')).splitlines()[-1] == Path(BELL).name
    status, output, errors = run(stocked, 'search', BIRD, '--format', 'xls')
    assert (status, output) == (2, '')
    assert 'audacity' in errors


def test_search_cuts_the_matched_parts_out(stocked: RunningService, tmp_path: Path) -> None:
    cut = ['search', BIRD, '--exclude-self', '--limit', '1', '--cut', tmp_path / 'cuts']
    status, _, errors = run(stocked, *cut, '--before', '0.5')
    assert (status, errors) == (0, f'audio-search: wrote 1 file to {tmp_path / "cuts"}\n')
    (made,) = (tmp_path / 'cuts').iterdir()
    assert re.fullmatch(rf'[\d.]+_{Path(BELL).stem}_[\d.]+_[\d.]+\.wav', made.name)
    assert 4.0 <= soundfile.info(made).duration <= 4.51
    before = made.read_bytes()
    status, _, errors = run(stocked, *cut, '--before', '0.5')
    assert status == 1
    assert 'exists already' in errors
    assert made.read_bytes() == before


def test_search_says_why_a_file_cannot_be_used(stocked: RunningService) -> None:
    assert run(stocked, 'search', 'README.md') == (
        1, '', 'audio-search: README.md is not audio that can be decoded; '
        'give a wav, flac, ogg, opus, mp3, aiff, m4a, aac, webm or mp4 file\n',
    )  # fmt: skip
    status, output, errors = run(stocked, 'search', 'nowhere.wav')
    assert (status, output) == (1, '')
    assert 'nowhere.wav does not exist' in errors


def test_tags_are_set_added_to_and_replaced(stocked: RunningService) -> None:
    def tags() -> object:
        return stocked.http.get('/clips', params={'prefix': BIRD}).json()['clips'][0]['tags']

    path = str(ROOT / BIRD)
    assert run(stocked, 'update', path, '--tag', 'year=1999', '--tag', 'by=me = you')[:2] == (
        0,
        f'{BIRD}\n',
    )
    assert tags() == {'label': 'birds', 'year': 1999, 'by': 'me = you'}
    status, output, _ = run(stocked, 'update', BIRD, '--tags', '{"a": [1]}', '--json')
    assert (status, json.loads(output)['clips'][0]['tags']) == (0, {'a': [1]})
    assert tags() == {'a': [1]}


def test_clips_are_deleted_by_name_and_those_that_are_not_there_are_named(
    stocked: RunningService,
) -> None:
    status, output, errors = run(stocked, 'delete', BIRD, 'nobody')
    assert (status, output) == (1, f'{BIRD}\n')
    assert "there is no clip 'nobody'" in errors
    assert run(stocked, 'delete', '--prefix', 'toy-data/', '--yes', '--json')[0] == 0
    assert stocked.http.get('/status').json()['clips'] == 0


def test_nothing_is_deleted_unasked(stocked: RunningService) -> None:
    status, output, errors = run(stocked, 'delete', '--prefix', 'toy-data/')
    assert (status, output) == (2, '')
    assert '--yes' in errors
    assert stocked.http.get('/status').json()['clips'] == 2


@pytest.mark.parametrize(
    'arguments',
    [
        ['list', '--filter', '{'],
        ['list', '--filter', '{"a": {"$like": 1}}'],
        ['delete'],
        ['delete', 'a', '--prefix', 'b'],
        ['update', 'a'],
        ['update', 'a', '--tag', 'b'],
        ['status', '--url', 'localhost:45678'],
        ['index'],
        ['index', '/nowhere'],
        ['index', 'toy-data/*.nothing'],
        ['index', 'docs'],
        ['index', 'toy-data', '--label-from', '('],
        ['index', 'toy-data', '--tags-csv', 'README.md'],
        ['index', '--from-file', 'nowhere.txt'],
        ['index', '--from-file', 'README.md', '--prune', '--yes'],
        ['index', 'toy-data', '--prune'],
        ['watch', 'README.md'],
    ],
)
def test_wrong_use_is_one_sentence(
    shared_service: RunningService,
    arguments: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv('AUDIO_SEARCH_URL', shared_service.url)
    monkeypatch.chdir(ROOT)
    assert main(arguments) == 2
    output, errors = capsys.readouterr()
    assert output == ''
    (line,) = errors.splitlines()
    assert line.startswith('audio-search: ')


def test_status_counts(stocked: RunningService) -> None:
    _, output, _ = run(stocked, 'status', '--json')
    assert json.loads(output) == stocked.http.get('/status').json()
    _, output, _ = run(stocked, 'status')
    assert 'clips\t2\n' in output


def test_no_service_at_a_given_address_is_said(tmp_path: Path) -> None:
    url = f'http://127.0.0.1:{free_port()}'
    for settings in ({}, {'AUDIO_SEARCH_URL': url}):
        given = [] if settings else ['--url', url]
        status, output, errors = run(None, 'list', *given, **settings)
        assert (status, output) == (3, '')
        assert errors == (
            f'audio-search: no service answers at {url}; start it, or check the address\n'
        )


def test_where_no_service_runs_one_is_started_for_the_command(tmp_path: Path) -> None:
    write_tone(tmp_path / 'tone.wav', 4)
    settings = {
        'AUDIO_SEARCH_PORT': str(free_port()),
        'AUDIO_SEARCH_WORKSPACE': str(tmp_path / 'workspace'),
        'AUDIO_SEARCH_ROOTS': str(tmp_path),
    }
    status, output, errors = run(None, 'index', tmp_path / 'tone.wav', '--json', **settings)
    assert (status, json.loads(output)['indexed']) == (0, 1)
    assert 'starting one for this command' in errors
    status, output, errors = run(None, 'list', '--json', **settings, AUDIO_SEARCH_DEVICE='/GPU:9')
    assert (status, output) == (3, '')
    assert 'none can start' in errors.splitlines()[-1]
    assert '/GPU:9' in errors.splitlines()[-1]
