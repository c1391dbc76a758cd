"""What is told of folders, on a real file system."""

import time
from pathlib import Path

import pytest

from audio_search.folders.changes import Changes, Due

SETTLE_S = 1.0  # longer than a busy machine keeps a test waiting
WAIT_S = 20


def wait(changes: Changes, path: Path) -> Due:
    """What is due, once `path` is among it."""
    deadline = time.monotonic() + WAIT_S
    seen = Due()
    while str(path) not in seen.paths:
        assert time.monotonic() < deadline, f'{path} is not among {seen}'
        time.sleep(0.05)
        due = changes.due()
        seen.paths += due.paths
        seen.moves |= due.moves
    return seen


def test_new_files_also_in_new_folders_are_told(tmp_path: Path) -> None:
    with Changes([str(tmp_path)], SETTLE_S) as changes:
        (tmp_path / 'a').mkdir()
        (tmp_path / 'a' / '1.wav').write_bytes(b'x')
        wait(changes, tmp_path / 'a' / '1.wav')


def test_a_file_that_grows_is_not_due(tmp_path: Path) -> None:
    path = tmp_path / '1.wav'
    with Changes([str(tmp_path)], SETTLE_S) as changes:
        grown = time.monotonic() + 2 * SETTLE_S
        while time.monotonic() < grown:
            with path.open('ab') as file:
                file.write(b'x')
            assert changes.due().paths == []
            time.sleep(SETTLE_S / 20)
        assert wait(changes, path).paths == [str(path)]


def test_where_a_file_was_before_is_told_over_two_moves(tmp_path: Path) -> None:
    (tmp_path / '1.wav').write_bytes(b'x')
    with Changes([str(tmp_path)], SETTLE_S) as changes:
        (tmp_path / '1.wav').rename(tmp_path / '2.wav')
        (tmp_path / '2.wav').rename(tmp_path / '3.wav')
        due = wait(changes, tmp_path / '3.wav')
    assert due.moves == {str(tmp_path / '3.wav'): str(tmp_path / '1.wav')}
    assert str(tmp_path / '1.wav') in due.paths


def test_what_could_not_be_done_is_due_again(tmp_path: Path) -> None:
    (tmp_path / '1.wav').write_bytes(b'x')
    with Changes([str(tmp_path)], SETTLE_S) as changes:
        (tmp_path / '1.wav').rename(tmp_path / '2.wav')
        due = wait(changes, tmp_path / '2.wav')
        changes.again(due)
        assert wait(changes, tmp_path / '2.wav').moves == due.moves


def test_reading_is_no_change(tmp_path: Path) -> None:
    (tmp_path / '1.wav').write_bytes(b'x')
    with Changes([str(tmp_path)], SETTLE_S) as changes:
        (tmp_path / '1.wav').read_bytes()
        (tmp_path / '2.wav').write_bytes(b'x')
        assert wait(changes, tmp_path / '2.wav').paths == [str(tmp_path / '2.wav')]


@pytest.mark.parametrize('gone', ['folder', 'file'])
def test_deletions_are_told(tmp_path: Path, gone: str) -> None:
    folder = tmp_path / 'a'
    folder.mkdir()
    (folder / '1.wav').write_bytes(b'x')
    with Changes([str(tmp_path)], SETTLE_S) as changes:
        (folder / '1.wav').unlink()
        if gone == 'folder':
            folder.rmdir()
        due = wait(changes, folder if gone == 'folder' else folder / '1.wav')
    assert str(folder / '1.wav') in due.paths
