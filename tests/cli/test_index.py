"""Folders into the index of a running service."""

import csv
import json
import os
import signal as signals
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.cli.command import run, start
from tests.conftest import write_tone
from tests.running import RunningService

WAIT_S = 60


@pytest.fixture
def folder(sounds: Path, request: pytest.FixtureRequest) -> Path:
    """A folder of the test's own, which the service may read."""
    path = sounds / request.node.name.replace('[', '-').rstrip(']')
    path.mkdir()
    return path


def tone(folder: Path, name: str, seconds: float = 4, hz: float = 440) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_tone(path, seconds, hz)


def index(service: RunningService, *arguments: str | Path, given: str = '') -> dict[str, Any]:
    """The counts; with the exit status and stderr."""
    status, output, errors = run(service, 'index', *arguments, '--json', given=given)
    return json.loads(output) | {'status': status, 'errors': errors}


def listed(service: RunningService, folder: Path, limit: int = 10000) -> dict[str, Any]:
    """Only below the folder: what a test that was interrupted had sent may still come in."""
    return dict(
        service.http.get('/clips', params={'limit': limit, 'prefix': f'{folder.name}/'}).json()
    )


def stored(service: RunningService, folder: Path) -> dict[str, dict[str, Any]]:
    """Tags by the uri below the folder."""
    clips = listed(service, folder)['clips']
    uris = [clip['uri'] for clip in clips]
    assert len(set(uris)) == len(uris)
    return {clip['uri'].removeprefix(f'{folder.name}/'): clip['tags'] for clip in clips}


def test_what_is_new_changed_renamed_and_gone(service: RunningService, folder: Path) -> None:
    for name in ('a/1.wav', 'a/2.wav', 'b/3.flac', 'top.ogg'):
        tone(folder, name)
    (folder / '.hidden').mkdir()
    tone(folder, '.hidden/4.wav')
    tone(folder, 'a/._1.wav')
    (folder / 'notes.txt').write_text('not sound')
    first = index(service, folder, '--label-from', 'folder')
    assert (first['status'], first['indexed'], first['unchanged'], first['failed']) == (0, 4, 0, 0)
    assert first['sound_s'] == 16
    assert stored(service, folder) == {
        'top.ogg': {'label': folder.name},
        'a/1.wav': {'label': 'a'},
        'a/2.wav': {'label': 'a'},
        'b/3.flac': {'label': 'b'},
    }
    tone(folder, 'a/2.wav', hz=880)
    os.utime(folder / 'a/1.wav', (1, 1))
    (folder / 'b/3.flac').rename(folder / 'b/renamed.flac')
    second = index(service, folder, '--prune', '--yes')
    assert [second[name] for name in ('indexed', 'replaced', 'unchanged', 'pruned')] == [1, 1, 2, 1]
    assert stored(service, folder) == {
        'top.ogg': {'label': folder.name},
        'a/1.wav': {'label': 'a'},
        'a/2.wav': {'label': 'a'},
        'b/renamed.flac': {},
    }
    third = index(service, folder)
    assert [third[name] for name in ('indexed', 'replaced', 'unchanged', 'pruned')] == [0, 0, 4, 0]


def test_prune_leaves_what_is_not_below_the_path(service: RunningService, folder: Path) -> None:
    for name in ('a/1.wav', 'a/2.wav', 'ab/1.wav', 'b/1.wav'):
        tone(folder, name)
    index(service, folder)
    for name in ('a/1.wav', 'ab/1.wav', 'b/1.wav'):
        (folder / name).unlink()
    assert index(service, folder / 'a', '--prune', '--yes')['pruned'] == 1
    assert set(stored(service, folder)) == {'a/2.wav', 'ab/1.wav', 'b/1.wav'}


def test_tags_are_added_to_those_there_are(service: RunningService, folder: Path) -> None:
    tone(folder, '12_red_kite (2).wav')
    index(service, folder)
    (uri,) = stored(service, folder)
    service.answers('/update', {'uri': f'{folder.name}/{uri}', 'tags': {'kept': 1, 'label': 'x'}})
    labelled = index(service, folder, '--label-from', 'name')
    assert (labelled['unchanged'], labelled['retagged']) == (1, 1)
    assert stored(service, folder) == {uri: {'kept': 1, 'label': 'red_kite'}}
    assert index(service, folder, '--label-from', 'name')['retagged'] == 0
    pattern = r'^(?P<number>\d+)_(?P<label>[a-z]+)'
    assert index(service, folder, '--label-from', pattern)['retagged'] == 1
    assert stored(service, folder) == {uri: {'kept': 1, 'label': 'red', 'number': '12'}}


def test_a_table_tags_files_and_names_parts_of_them(service: RunningService, folder: Path) -> None:
    tone(folder, 'audio/1.wav')
    tone(folder, 'audio/long.wav', seconds=12)
    tone(folder, 'audio/other.wav')
    table = folder / 'labels.csv'
    table.write_text(
        'filename,start,end,category,fold\n1.wav,,,dog,3\n'
        'audio/long.wav,0,4.5,cat,1\naudio/long.wav,6,12,,\nnowhere.wav,,,cow,2\n'
    )
    run_ = index(service, folder, '--tags-csv', table)
    assert (run_['status'], run_['indexed']) == (0, 4)
    assert '1 file of the table' in run_['errors']
    assert stored(service, folder) == {
        'audio/1.wav': {'label': 'dog', 'fold': 3},
        'audio/long.wav#t=0,4.5': {'label': 'cat', 'fold': 1},
        'audio/long.wav#t=6,12': {},
        'audio/other.wav': {},
    }
    again = index(service, folder, '--tags-csv', table)
    assert (again['unchanged'], again['retagged']) == (4, 0)


def test_patterns_files_and_lists(service: RunningService, folder: Path) -> None:
    for name in ('a/1.wav', 'a/2.wav', 'b/c/3.wav'):
        tone(folder, name)
    tone(folder, 'sound.wav').rename(folder / 'sound.data')
    assert index(service, folder / '**' / '[12].wav')['indexed'] == 2
    assert index(service, folder / 'sound.data')['indexed'] == 1
    lines = f'{folder}/b\n\n{folder}/a/1.wav\n{folder}/a/1.wav#t=1,3\n{folder}/nowhere.wav\n'
    listed = index(service, '--from-file', '-', given=lines)
    assert [listed[name] for name in ('status', 'indexed', 'unchanged', 'failed')] == [1, 2, 1, 1]
    assert 'nowhere.wav does not exist' in listed['errors']
    (folder / 'list.txt').write_text(lines)
    again = index(service, '--from-file', folder / 'list.txt')
    assert [again[name] for name in ('indexed', 'unchanged', 'failed')] == [0, 3, 1]
    assert set(stored(service, folder)) == {
        'a/1.wav', 'a/2.wav', 'b/c/3.wav', 'sound.data', 'a/1.wav#t=1,3',
    }  # fmt: skip


def test_what_fails_is_named_counted_by_reason_and_written(
    service: RunningService, folder: Path, tmp_path: Path
) -> None:
    tone(folder, 'good.wav')
    for number in range(25):
        (folder / f'{number}.wav').write_bytes(b'not sound')
    (folder / 'empty.wav').touch()
    (folder / os.fsdecode(b'bad\xff.wav')).write_bytes(b'x')
    (folder / 'outside.wav').symlink_to(tone(tmp_path, 'elsewhere.wav'))
    (folder / 'broken.wav').symlink_to(folder / 'nowhere.wav')
    failed = folder / 'failed.csv'
    counts = index(service, folder, '--failed', failed)
    assert [counts[name] for name in ('status', 'indexed', 'failed')] == [1, 1, 29]
    assert counts['reasons']['the file is not audio that can be decoded'] == 25
    assert counts['reasons']['the file is empty (0 bytes)'] == 1
    assert sum(counts['reasons'].values()) == 29
    assert len(counts['reasons']) == 5
    assert '--failed FILE' in counts['errors']
    with failed.open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 29
    assert {row['file'] for row in rows} >= {str(folder / 'empty.wav'), str(folder / '7.wav')}
    assert any('AUDIO_SEARCH_ROOTS' in row['error'] for row in rows)


def test_loops_of_links_end_and_no_file_is_indexed_twice(
    service: RunningService, folder: Path
) -> None:
    tone(folder, 'a/1.wav')
    (folder / 'a/loop').symlink_to(folder)
    (folder / 'b').symlink_to(folder / 'a')
    (folder / 'c').symlink_to(folder / 'c')
    (folder / 'same.wav').symlink_to(folder / 'a/1.wav')
    assert index(service, folder, folder / 'a')['failed'] == 0
    assert set(stored(service, folder)) == {'a/1.wav'}


def test_a_table_of_counts_for_people(service: RunningService, folder: Path) -> None:
    tone(folder, '1.wav')
    status, output, errors = run(service, 'index', folder)
    assert (status, errors) == (0, '')
    rows = [line.split('\t') for line in output.splitlines()]
    assert rows == [
        ['clips', ''], ['indexed', '1'], ['unchanged', '0'], ['replaced', '0'], ['failed', '0'],
    ]  # fmt: skip


def wait_for_clips(service: RunningService, folder: Path, count: int) -> None:
    deadline = time.monotonic() + WAIT_S
    while listed(service, folder, 1)['total'] < count:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_killed_twice_it_goes_on_and_no_clip_is_lost_or_there_twice(
    service: RunningService, folder: Path
) -> None:
    for number in range(80):
        tone(folder, f'{number % 7}/{number}.wav', hz=200 + number)
    for count in (16, 56):
        process = start(service, 'index', folder, '--label-from', 'folder')
        wait_for_clips(service, folder, count)
        assert process.poll() is None
        process.kill()
        process.communicate()
    before = listed(service, folder, 1)['total']
    last = index(service, folder, '--label-from', 'folder')
    assert (last['status'], last['failed']) == (0, 0)
    assert last['indexed'] + last['unchanged'] == 80
    assert last['unchanged'] >= before >= 56
    assert len(stored(service, folder)) == 80
    assert index(service, folder)['unchanged'] == 80


@pytest.mark.parametrize(('signal', 'status'), [('SIGINT', 130), ('SIGTERM', 143)])
def test_interrupted_it_ends_at_once_and_says_what_is_stored(
    service: RunningService, folder: Path, signal: str, status: int
) -> None:
    for number in range(80):
        tone(folder, f'{signal}{number}.wav', hz=300 + number)
    process = start(service, 'index', folder)
    wait_for_clips(service, folder, 8)
    process.send_signal(signals.Signals[signal])
    output, errors = process.communicate(timeout=20)
    assert (process.returncode, output) == (status, '')
    (line,) = errors.splitlines()
    assert 'the same command goes on' in line


def test_a_service_that_restarts_is_waited_for(service: RunningService, folder: Path) -> None:
    for number in range(48):
        tone(folder, f'{number}.wav', hz=300 + number)
    process = start(service, 'index', folder, '--json')
    wait_for_clips(service, folder, 8)
    children = psutil.Process(service.process.pid).children()
    max(children, key=lambda child: child.pid).kill()  # the gateway, which is started last
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert 'waiting for up to' in errors
    assert 'answers again' in errors
    counts = json.loads(output)
    assert counts['indexed'] + counts['replaced'] == 48
    assert len(stored(service, folder)) == 48
