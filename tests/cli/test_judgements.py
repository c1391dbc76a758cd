"""judgements and searches, asked of a running service."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from audio_search import client
from audio_search.cli import judging
from audio_search.cli.main import main
from tests.cli.command import run
from tests.running import RunningService

BIRD = 'toy-data/143_birds.mp3'
BELL = 'toy-data/111_churchbell.mp3'


@pytest.fixture
def stocked(service: RunningService) -> RunningService:
    service.answers('/index', {'uri': BIRD}, {'uri': BELL, 'id': 'the bell'})
    for search in service.http.get('/searches').json()['searches']:  # of other tests
        service.http.delete(f'/searches/{quote(search["name"], safe="")}')
    return service


Command = Any


@pytest.fixture
def command(stocked: RunningService, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command in this process: (exit status, stdout, stderr)."""

    def run_here(*arguments: str | Path) -> tuple[int, str, str]:
        status = main([*map(str, arguments), '--url', stocked.url])
        return status, *capsys.readouterr()

    return run_here


def kept(command: Command, *options: str) -> list[dict[str, Any]]:
    status, output, _ = command('judgements', 'list', '--json', *options)
    assert status == 0
    return list(json.loads(output)['judgements'])


def test_judging_as_a_user_does(stocked: RunningService) -> None:
    status, output, errors = run(
        stocked, 'judgements', 'add', BIRD, f'{BELL}#t=1,2.5', 'the bell', '--label', 'bell',
        '--judgement', 'wrong', '--by', 'Ann',
    )  # fmt: skip
    assert (status, output, errors) == (0, '', 'audio-search: 3 judgements kept\n')
    status, output, errors = run(stocked, 'judgements', 'list')
    head, *rows = [line.split('\t') for line in output.splitlines()]
    assert head == ['judgement', 'label', 'clip', 'part (s)', 'by', 'time']
    assert sorted(row[2:4] for row in rows) == [[BELL, ''], [BELL, '1 to 2.5'], [BIRD, '']]
    assert {(row[0], row[1], row[4]) for row in rows} == {('wrong', 'bell', 'Ann')}
    assert errors == 'audio-search: 3 judgements\n'
    status, _, errors = run(stocked, 'judgements', 'delete', '--label', 'bell')
    assert (status, 'give --yes' in errors) == (2, True)


def test_a_name_that_is_not_indexed_is_said_and_the_others_are_kept(command: Command) -> None:
    names = [BIRD, 'nowhere.wav', f'{BIRD}#t=9', 'nowhere.wav#t=1,2']
    status, output, errors = command('judgements', 'add', *names, '--label', 'bird', '--json')
    assert status == 1
    answer = json.loads(output)
    assert [one['label'] for one in answer['judgements']] == ['bird']
    assert [one['id'] for one in answer['failed']] == names[1:]
    assert 'nowhere.wav#t=1,2 is not indexed; audio-search list shows what is' in errors
    assert [one['uri'] for one in kept(command)] == [BIRD]


def test_a_clip_that_is_a_part_of_a_file_is_not_cut_again(
    command: Command, stocked: RunningService
) -> None:
    stocked.answers('/index', {'uri': f'{BIRD}#t=1,3', 'id': 'part'})
    command('judgements', 'add', f'{BIRD}#t=1,3', f'{BIRD}#t=1,4', '--label', 'bird')
    parts = {one['uri']: one['part'] for one in kept(command)}
    assert parts == {BIRD: [1.0, 4.0], f'{BIRD}#t=1,3': None}


def test_a_list_is_chosen_and_goes_on_over_pages(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, 'PAGE_CLIPS', 1)
    command('judgements', 'add', BIRD, 'the bell', '--label', 'bird')
    command('judgements', 'add', 'the bell', '--label', 'bird', '--judgement', 'wrong', '--by', 'A')
    assert len(kept(command)) == 3
    assert len(kept(command, '--limit', '2')) == 2
    assert len(kept(command, '--offset', '2', '--limit', '2')) == 1
    assert kept(command, '--offset', '7') == []
    assert [one['by'] for one in kept(command, '--judgement', 'wrong')] == ['A']
    assert [one['uri'] for one in kept(command, '--clip', BIRD)] == [BIRD]
    assert kept(command, '--label', 'bell') == []
    status, _, errors = command('judgements', 'list', '--clip', 'nowhere.wav')
    assert (status, errors) == (
        2, 'audio-search: --clip: nowhere.wav is not indexed; audio-search list shows what is\n',
    )  # fmt: skip


@pytest.mark.parametrize('form', ['csv', 'raven'])
def test_what_is_exported_is_imported_as_it_was(
    command: Command, tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judging, 'AT_ONCE', 2)
    command('judgements', 'add', BIRD, f'{BELL}#t=1,2.5', '--label', 'bell, "loud"', '--by', 'Ann')
    command('judgements', 'add', 'the bell', '--label', 'dog', '--judgement', 'unsure')
    before = kept(command)
    path = tmp_path / 'judged.txt'
    status, output, errors = command('judgements', 'export', path, '--format', form, '--json')
    assert (status, json.loads(output)['judgements']) == (0, 3)
    assert errors == f'audio-search: wrote 3 judgements to {path}\n'
    status, output, _ = command('judgements', 'delete', '--all', '--yes', '--json')
    assert (status, len(json.loads(output)['judgements'])) == (0, 3)
    assert kept(command) == []
    status, _, errors = command('judgements', 'import', path)
    assert (status, errors) == (0, 'audio-search: 3 judgements kept\n')
    assert kept(command) == before


def test_a_label_track_is_exported_and_imported_for_its_clip(
    command: Command, tmp_path: Path
) -> None:
    command('judgements', 'add', f'{BELL}#t=1,2.5', 'the bell', '--label', 'bell')
    command('judgements', 'add', BIRD, '--label', 'bell', '--judgement', 'wrong')
    path = tmp_path / 'bell.txt'
    status, _, errors = command('judgements', 'export', path, '--format', 'audacity')
    assert (status, path.exists()) == (2, False)
    assert 'call it bell.zip, or choose one by --clip' in errors
    command('judgements', 'export', path, '--format', 'audacity', '--clip', 'the bell')
    before = [one | {'time': None} for one in kept(command, '--clip', 'the bell')]
    command('judgements', 'delete', '--clip', 'the bell', '--yes')
    assert [one['uri'] for one in kept(command)] == [BIRD]
    status, _, errors = command('judgements', 'import', path)
    assert (status, 'name its clip with --clip' in errors) == (1, True)
    command('judgements', 'import', path, '--clip', BELL, '--by', 'Bob')
    after = kept(command, '--by', 'Bob')
    assert sorted((one | {'time': None, 'by': None} for one in after), key=str) == sorted(
        before, key=str
    )


def test_lines_that_cannot_be_used_are_said_and_the_others_are_kept(
    command: Command, tmp_path: Path
) -> None:
    path = tmp_path / 'mixed.csv'
    path.write_text(f'uri,label,judgement\n{BIRD},bird,maybe\nnowhere.wav,bird,\n{BELL},bell,\n')
    status, _, errors = command('judgements', 'import', path)
    assert status == 1
    assert "the judgement 'maybe' is none" in errors
    assert 'nowhere.wav is not indexed' in errors
    assert [(one['id'], one['judgement']) for one in kept(command)] == [('the bell', 'right')]


@pytest.mark.parametrize(
    ('arguments', 'sentence'),
    [
        (
            ['judgements', 'delete'],
            'choose by --label, --clip, --by and --judgement, or ',
        ),
        (['judgements', 'delete', '--all', '--by', 'A'], 'or give --all'),
        (['judgements', 'add', BIRD], "missing option '--label'; see audio-search judgements add"),
        (['judgements', 'ad'], 'there are add, delete, export, import, list; see audio-search ju'),
        (['searches'], 'missing command; there are delete, list, save'),
        (['searches', 'save', 'x'], 'nothing is searched for; give --like, --words'),
        (['searches', 'save', 'x', '--words', 'a', '--filter', '1'], 'not a JSON object'),
    ],
)
def test_wrong_use_is_said(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert sentence in capsys.readouterr().err


def test_searches_are_saved_listed_and_deleted(command: Command, tmp_path: Path) -> None:
    status, output, _ = command(
        'searches', 'save', 'bells/1', '--label', 'bell', '--like', f'{BELL}#t=1,2.5',
        '--like', tmp_path / 'new.wav', '--unlike', BIRD, '--filter', '{"n": 1}', '--json',
    )  # fmt: skip
    assert status == 0
    saved = json.loads(output)
    assert (saved['name'], saved['label'], saved['filter']) == ('bells/1', 'bell', {'n': 1})
    assert saved['like'] == [{'id': 'the bell#t=1,2.5'}, {'uri': str(tmp_path / 'new.wav')}]
    assert [list(one) for one in saved['unlike']] == [['id']]
    status, output, errors = command('searches', 'list')
    assert errors == 'audio-search: 1 saved search\n'
    assert output.splitlines()[1].split('\t')[:5] == ['bells/1', 'bell', '2', '1', '']
    status, _, errors = command('searches', 'delete', 'bells/1')
    assert (status, errors) == (0, "audio-search: deleted 'bells/1'\n")
    status, _, errors = command('searches', 'delete', 'bells/1')
    assert status == 1
    assert "no search is saved as 'bells/1'; see /searches for all names" in errors


def test_a_saved_search_is_run_with_what_was_judged(command: Command) -> None:
    command('searches', 'save', 'ringing', '--label', 'bell', '--filter', '{"n": {"$ne": 3}}')
    status, _, errors = command('search', '--saved', 'ringing')
    assert (status, "no clip is judged right for 'bell'" in errors) == (2, True)
    command('judgements', 'add', f'{BELL}#t=1,2.5', '--label', 'bell')
    command('judgements', 'add', BIRD, '--label', 'bell', '--judgement', 'wrong')
    status, output, errors = command('search', '--saved', 'ringing', '--json')
    assert (status, errors) == (0, '')
    assert [match['uri'] for match in json.loads(output)['matches']] == [BELL, BIRD]
    status, output, _ = command('search', '--saved', 'ringing', '--exclude-self')
    assert len(output.splitlines()) == 1  # the head alone: both were judged
    status, _, errors = command('search', '--saved', 'barking')
    assert (status, "no search is saved as 'barking'" in errors) == (1, True)
    status, _, errors = command('search', BIRD, '--saved', 'ringing')
    assert (status, 'give either FILE or --words, --like or --saved' in errors) == (2, True)
