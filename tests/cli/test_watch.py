"""A folder that stays indexed while it changes."""

import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import start
from tests.conftest import write_tone
from tests.running import RunningService

WAIT_S = 60


@pytest.fixture
def folder(sounds: Path, request: pytest.FixtureRequest) -> Path:
    path = sounds / request.node.name
    path.mkdir()
    write_tone(path / 'first.wav', 4)
    (path / 'first.wav').rename(path / 'known.wav')
    return path


@pytest.fixture
def watching(service: RunningService, folder: Path) -> Iterator[subprocess.Popen[str]]:
    process = start(service, 'watch', folder, '--label-from', 'folder', '--settle', '0.3')
    try:
        assert process.stderr
        lines = []
        while not lines or 'Ctrl-C stops it' not in lines[-1]:
            line = process.stderr.readline()
            assert line, lines
            lines.append(line)
        yield process
    finally:
        process.kill()
        process.communicate()


def clips(service: RunningService) -> dict[str, dict[str, Any]]:
    """Tags by the name of the file."""
    found = service.http.get('/clips', params={'limit': 1000}).json()['clips']
    return {clip['uri'].partition('/')[2]: clip['tags'] for clip in found}


def wait_for(service: RunningService, is_so: Callable[[dict[str, dict[str, Any]]], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not is_so(stored := clips(service)):
        assert time.monotonic() < deadline, stored
        time.sleep(0.1)


def test_a_folder_stays_indexed(
    service: RunningService, folder: Path, watching: subprocess.Popen[str]
) -> None:
    label = {'label': folder.name}
    assert clips(service) == {'known.wav': label}

    write_tone(folder / 'new.wav', 4, hz=600)
    (folder / 'notes.txt').write_text('no sound')
    (folder / '.hidden.wav').write_bytes(b'x')
    wait_for(service, lambda stored: set(stored) == {'known.wav', 'new.wav'})

    service.answers('/update', {'uri': f'{folder.name}/new.wav', 'tags': {'kept': 1}})
    (folder / 'new.wav').rename(folder / 'renamed.wav')
    renamed = {'known.wav': label, 'renamed.wav': {'kept': 1, **label}}
    wait_for(service, lambda stored: stored == renamed)

    (folder / 'sub').mkdir()
    (folder / 'known.wav').rename(folder / 'sub' / 'known.wav')
    wait_for(service, lambda stored: set(stored) == {'sub/known.wav', 'renamed.wav'})
    (folder / 'sub').rename(folder / 'other')
    wait_for(service, lambda stored: set(stored) == {'other/known.wav', 'renamed.wav'})

    shutil.rmtree(folder / 'other')
    (folder / 'renamed.wav').unlink()
    wait_for(service, lambda stored: not stored)

    watching.send_signal(signal.SIGINT)
    _, errors = watching.communicate(timeout=20)
    assert watching.returncode == 130
    assert 'Traceback' not in errors
    assert 'indexed: 1' in errors
    assert 'deleted: 2' in errors


def test_a_file_that_is_being_written_is_indexed_once_it_is_whole(
    service: RunningService, folder: Path, watching: subprocess.Popen[str]
) -> None:
    whole = write_tone(folder.parent / 'whole.wav', 8, hz=500).read_bytes()
    piece = len(whole) // 8
    with (folder / 'slow.wav').open('wb', buffering=0) as file:
        for begin in range(0, len(whole), piece):
            file.write(whole[begin : begin + piece])
            time.sleep(0.1)  # what a slow copy does
    wait_for(service, lambda stored: 'slow.wav' in stored)
    watching.send_signal(signal.SIGINT)
    _, errors = watching.communicate(timeout=20)
    assert 'replaced' not in errors
    assert 'failed' not in errors
