"""Files that are not served, and stay as they are."""

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from audio_search.store import Configuration, IndexFileError
from audio_search.store.sqlite import SqliteStore, check
from audio_search.store.sqlite.schema import SCHEMA_VERSION
from tests.store.clips import CONFIGURATION, clip
from tests.store.sqlite.files import contents, file_size_limit, read_only


@pytest.fixture
def stored(path: Path) -> Path:
    """An index with some clips, closed."""
    with SqliteStore(path, CONFIGURATION) as index, index.transaction() as transaction:
        for i in range(500):
            transaction.put(clip(str(i), 40))
    return path


def assert_refused(path: Path, *named: str, configuration: Configuration = CONFIGURATION) -> None:
    """By the check before a start and by the start itself, in one sentence, and unchanged."""
    before = contents(path.parent)
    messages = []
    for refuse in (check, SqliteStore):
        with pytest.raises(IndexFileError) as refused:
            refuse(path, configuration)
        messages.append(str(refused.value))
    assert messages[0] == messages[1]
    for name in (str(path), *named):
        assert name in messages[0]
    assert '\n' not in messages[0]
    assert contents(path.parent) == before


@pytest.mark.parametrize(
    ('change', 'named'),
    [
        ({'model_sha256': 'f' * 64, 'model_name': 'other'}, ['tiny', 'other']),
        ({'window_s': 2.0}, ['window', '4 s', '2 s']),
        ({'stride_s': 0.5}, ['stride', '2 s', '0.5 s']),
        ({'pooling': 'mean', 'dimensions': 128}, ['concat', 'mean']),
    ],
    ids=['model', 'window', 'stride', 'pooling'],
)
def test_an_index_made_otherwise(stored, change, named):
    assert_refused(stored, *named, configuration=replace(CONFIGURATION, **change))
    check(stored, CONFIGURATION)


def test_the_name_of_the_model_does_not_matter(stored):
    SqliteStore(stored, replace(CONFIGURATION, model_name='the same weights, renamed')).close()


def test_another_schema_version(stored):
    with closing(sqlite3.connect(stored)) as db:
        db.execute(f'PRAGMA user_version = {SCHEMA_VERSION + 1}')
    assert_refused(stored, f'version {SCHEMA_VERSION + 1}')


@pytest.mark.parametrize('content', [b'', b'SQLite format 3', b'ID3' * 100, bytes(5000)], ids=len)
def test_a_file_that_is_no_index(path, content):
    path.parent.mkdir()
    path.write_bytes(content)
    assert_refused(path)


def test_a_database_of_another_program(path):
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as db:
        db.execute('PRAGMA journal_mode = WAL')
        db.execute('CREATE TABLE clips (id)')
    assert_refused(path, 'another program')


@pytest.mark.parametrize('share', [0.1, 0.5, 0.999])
def test_a_truncated_file(stored, share):
    os.truncate(stored, int(share * stored.stat().st_size))
    assert_refused(stored, 'damaged')


def test_a_truncated_file_with_a_log_beside_it(stored, tmp_path):
    """The log may hold pages that the file lacks, so only reading tells."""
    broken = tmp_path / 'broken' / stored.name
    broken.parent.mkdir()
    with SqliteStore(stored, CONFIGURATION) as index:
        with index.transaction() as transaction:
            transaction.put(clip('new'))
        for suffix in ('', '-wal'):
            shutil.copy(f'{stored}{suffix}', f'{broken}{suffix}')
    os.truncate(broken, broken.stat().st_size // 2)
    before = contents(broken.parent)[broken.name]
    with pytest.raises(IndexFileError, match='damaged'):
        SqliteStore(broken, CONFIGURATION)
    assert contents(broken.parent)[broken.name] == before


def test_bytes_overwritten_in_the_middle(stored):
    size = stored.stat().st_size
    with stored.open('r+b') as file:
        file.seek(size // 2)
        file.write(b'\xff' * 100_000)
    before = contents(stored.parent)[stored.name]
    with pytest.raises(IndexFileError, match='damaged'):
        SqliteStore(stored, CONFIGURATION)
    assert contents(stored.parent)[stored.name] == before


def test_two_services_on_one_file(stored):
    with SqliteStore(stored, CONFIGURATION):
        for refuse in (check, SqliteStore):
            with pytest.raises(IndexFileError, match='in use'):
                refuse(stored, CONFIGURATION)
    SqliteStore(stored, CONFIGURATION).close()


def test_two_services_on_one_file_by_different_names(stored):
    link = stored.with_name('link.sqlite')
    link.symlink_to(stored)
    with SqliteStore(stored, CONFIGURATION):
        for refuse in (check, SqliteStore):
            with pytest.raises(IndexFileError, match='in use'):
                refuse(link, CONFIGURATION)
    with SqliteStore(link, CONFIGURATION) as index:
        assert index.counts() == (500, 20_000)
        assert sorted(path.name for path in stored.parent.iterdir()) == [
            'index.sqlite', 'index.sqlite-shm', 'index.sqlite-wal', 'index.sqlite.lock',
            'link.sqlite',
        ]  # fmt: skip


def test_a_service_in_another_process_and_its_death(stored):
    program = (
        'import sys, time; from pathlib import Path;'
        'from audio_search.store.sqlite import SqliteStore;'
        'from tests.store.clips import CONFIGURATION;'
        f'index = SqliteStore(Path({str(stored)!r}), CONFIGURATION); print("open", flush=True);'
        'time.sleep(60)'
    )
    with subprocess.Popen([sys.executable, '-c', program], stdout=subprocess.PIPE) as other:
        assert other.stdout
        assert other.stdout.readline() == b'open\n'
        with pytest.raises(IndexFileError, match='in use'):
            SqliteStore(stored, CONFIGURATION)
        other.kill()
    with SqliteStore(stored, CONFIGURATION) as index:
        assert index.counts() == (500, 20_000)


@pytest.fixture
def shared_folder() -> Iterator[Path]:
    """One that every user can reach, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def test_a_file_that_cannot_be_written(shared_folder):
    path = shared_folder / 'index.sqlite'
    SqliteStore(path, CONFIGURATION).close()
    with read_only(path, shared_folder):
        assert_refused(path, 'cannot be written')
    SqliteStore(path, CONFIGURATION).close()


def test_a_folder_that_cannot_be_written(shared_folder):
    path = shared_folder / 'new' / 'index.sqlite'
    with read_only(shared_folder):
        for refuse in (check, SqliteStore):
            with pytest.raises(IndexFileError, match='cannot be written'):
                refuse(path, CONFIGURATION)
    assert contents(shared_folder) == {}


def test_a_file_that_cannot_be_read(shared_folder):
    path = shared_folder / 'index.sqlite'
    SqliteStore(path, CONFIGURATION).close()
    path.chmod(0)
    with read_only(shared_folder), pytest.raises(IndexFileError, match='cannot be read'):
        check(path, CONFIGURATION)


def test_a_folder_where_a_file_is(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(IndexFileError, match='cannot be written'):
        SqliteStore(tmp_path / 'file' / 'index.sqlite', CONFIGURATION)


def test_no_room_for_a_new_index(path):
    path.parent.mkdir()
    with file_size_limit(1000), pytest.raises(IndexFileError, match='cannot be written'):
        SqliteStore(path, CONFIGURATION)
    assert list(contents(path.parent)) == ['index.sqlite.lock']
    SqliteStore(path, CONFIGURATION).close()


def test_no_room_beside_an_index(stored):
    before = contents(stored.parent)[stored.name]
    with file_size_limit(1000), pytest.raises(IndexFileError) as refused:
        SqliteStore(stored, CONFIGURATION)
    assert 'make room' in str(refused.value)
    assert 'damaged' not in str(refused.value)
    assert contents(stored.parent)[stored.name] == before
    with SqliteStore(stored, CONFIGURATION) as index:
        assert index.counts() == (500, 20_000)


def test_a_check_makes_nothing(path, stored):
    before = contents(stored.parent)
    check(stored, CONFIGURATION)
    check(stored.parent / 'deeper' / 'index.sqlite', CONFIGURATION)
    assert contents(stored.parent) == before
