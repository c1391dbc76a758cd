import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from audio_search.store import IndexFileError
from audio_search.store.sqlite import SqliteStore, backup, check
from tests.store.clips import CONFIGURATION, clip
from tests.store.sqlite.files import contents, file_size_limit


def put(index: SqliteStore, *clips) -> None:
    with index.transaction() as transaction:
        for one in clips:
            transaction.put(one)


def test_a_copy_made_while_clips_are_stored_is_one_moment(index, path, tmp_path):
    """Pairs are stored together, so a copy has both of a pair or none; the first ones it has."""
    put(index, *(clip(f'{i}', 50) for i in range(400)))
    stop = threading.Event()
    stored = 0

    def store() -> None:
        nonlocal stored
        while not stop.is_set():
            put(index, clip(f'left {stored}', 20), clip(f'right {stored}', 20))
            stored += 1

    thread = threading.Thread(target=store)
    thread.start()
    least = []
    for i in range(5):
        least.append(stored)
        backup(path, tmp_path / f'{i}.sqlite')
    stop.set()
    thread.join()
    assert stored > 5
    for i in range(5):
        with SqliteStore(tmp_path / f'{i}.sqlite', CONFIGURATION) as copy:
            names = [entry.id for entry in copy.page(400, 10**6)[0]]
            pairs = len(names) // 2
            assert names == [f'{side} {n}' for n in range(pairs) for side in ('left', 'right')]
            assert least[i] <= pairs <= stored
            assert copy.counts()[1] == 400 * 50 + pairs * 40


def test_a_copy_is_one_file(index, path, tmp_path):
    put(index, clip('a'))
    backup(path, tmp_path / 'copies.sqlite')
    assert sorted(os.listdir(tmp_path)) == ['copies.sqlite', 'workspace']


def test_a_copy_that_is_put_back_is_written_while_others_read(index, path, tmp_path):
    put(index, clip('a'))
    backup(path, tmp_path / 'copy.sqlite')
    with SqliteStore(tmp_path / 'copy.sqlite', CONFIGURATION) as copy:
        with closing(sqlite3.connect(copy.path)) as reader:
            reader.execute('BEGIN')
            assert reader.execute('SELECT count(*) FROM clips').fetchone() == (1,)
            put(copy, clip('b'))
        assert copy.counts()[0] == 2


def test_a_copy_of_which_a_writer_died_is_as_it_was_before(index, path, tmp_path):
    put(index, *(clip(f'{i}', 50) for i in range(200)))
    copy = tmp_path / 'copies' / 'copy.sqlite'
    copy.parent.mkdir()
    backup(path, copy)
    program = (
        'import os, sqlite3, sys; db = sqlite3.connect(sys.argv[1], isolation_level=None);'
        'db.execute("PRAGMA cache_size = 1"); db.execute("BEGIN");'
        'db.execute("UPDATE clips SET tags = ?", ["x" * 9999]); os.kill(os.getpid(), 9)'
    )
    subprocess.run([sys.executable, '-c', program, str(copy)], check=False)
    assert (copy.parent / 'copy.sqlite-journal').exists()
    check(copy, CONFIGURATION)
    with SqliteStore(copy, CONFIGURATION) as opened:
        assert [entry.tags for entry in opened.page(0, 300)[0]] == [
            {'name': f'{i}'} for i in range(200)
        ]


def test_no_file_is_overwritten(index, path, tmp_path):
    target = tmp_path / 'precious'
    target.write_text('precious')
    with pytest.raises(IndexFileError, match='exists already'):
        backup(path, target)
    assert target.read_text() == 'precious'
    with pytest.raises(IndexFileError, match='exists already'):
        backup(path, path)


def test_there_is_nothing_to_copy(tmp_path):
    with pytest.raises(IndexFileError, match='no index'):
        backup(tmp_path / 'none.sqlite', tmp_path / 'copy.sqlite')
    (tmp_path / 'other').write_text('x' * 200)
    with pytest.raises(IndexFileError, match='not an index'):
        backup(tmp_path / 'other', tmp_path / 'copy.sqlite')
    assert os.listdir(tmp_path) == ['other']


def test_a_copy_that_fails_leaves_nothing(index, path: Path, tmp_path):
    put(index, clip('a', 50_000))
    before = list(contents(tmp_path))
    with file_size_limit(300_000), pytest.raises(IndexFileError, match='cannot be written'):
        backup(path, tmp_path / 'copy.sqlite')
    with pytest.raises(IndexFileError, match='cannot be written'):
        backup(path, tmp_path / 'no such folder' / 'copy.sqlite')
    assert list(contents(tmp_path)) == before
