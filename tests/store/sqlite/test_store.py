import os
import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from audio_search.errors import Kind
from audio_search.store import StorageError
from audio_search.store.judgements import Judgement, SavedSearch
from audio_search.store.sqlite import SqliteStore
from tests.store.clips import CONFIGURATION, clip, found_ids, put, stored_ids
from tests.store.sqlite.files import file_size_limit


def test_clear_empties_the_file_too(path):
    with SqliteStore(path, CONFIGURATION) as index:
        empty = index.stored_bytes()
        put(index, *(clip(str(i)) for i in range(2000)))
        assert index.stored_bytes() > 2 * empty
        index.clear()
        assert index.counts() == (0, 0)
        assert found_ids(index, clip('1').embeddings[0]) == []
        assert index.stored_bytes() <= 2 * empty
        put(index, clip('a'))
        assert found_ids(index, clip('1').embeddings[0]) == ['a']


def test_the_log_does_not_grow_under_searches_without_a_pause(index, monkeypatch):
    limit_bytes = 1 << 20
    monkeypatch.setattr('audio_search.store.sqlite.store.WAL_LIMIT_BYTES', limit_bytes)
    done = threading.Event()
    query = clip('q').embeddings

    def search() -> None:
        while not done.is_set():
            index.search(query, 5)

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    log_bytes = []
    for n in range(20):
        put(index, clip(str(n), 8000))
        log_bytes.append(index.stored_bytes() - index.path.stat().st_size)
    done.set()
    for thread in threads:
        thread.join()
    assert max(log_bytes) < 4 * limit_bytes
    assert index.path.stat().st_size > 4 * limit_bytes


def test_a_full_disk_fails_the_write_and_nothing_else(path):
    with SqliteStore(path, CONFIGURATION) as index:
        put(index, clip('a'))
        with file_size_limit(index.stored_bytes() + 100_000):
            with pytest.raises(StorageError) as refused:
                put(index, clip('b'), clip('large', 50_000))
            assert str(path) in str(refused.value)
            assert '\n' not in str(refused.value)
            assert stored_ids(index) == ['a']
            assert found_ids(index, clip('a').embeddings[0], limit=9) == ['a']
        put(index, clip('c'))
        assert stored_ids(index) == ['a', 'c']
    with SqliteStore(path, CONFIGURATION) as index:
        assert stored_ids(index) == ['a', 'c']
        assert found_ids(index, clip('c').embeddings[0], limit=1) == ['c']


OPERATIONS = {
    'find': lambda index: index.find('7'),
    'find by uri': lambda index: index.find(uri='7.wav'),
    'clip': lambda index: index.clip('7'),
    'page': lambda index: index.page(0, 1000),
    'page of some': lambda index: index.page(0, 9, filter={'name': '7'}, prefix='7'),
    'counts': lambda index: index.counts(),
    'search': lambda index: index.search(clip('7').embeddings, 5),
    'search among some': lambda index: index.search(clip('7').embeddings, 5, filter={'name': '7'}),
    'put': lambda index: put(index, clip('new')),
    'delete': lambda index: change(index, lambda transaction: transaction.delete('7')),
    'tags': lambda index: change(index, lambda transaction: transaction.replace_tags('7', {})),
    'find to change': lambda index: change(index, lambda transaction: transaction.find('7')),
    'delete some': lambda index: change(
        index, lambda transaction: transaction.delete_selected(prefix='7')
    ),
    'clear': lambda index: index.clear(),
}


def change(index: SqliteStore, action) -> None:
    with index.transaction() as transaction:
        action(transaction)


@pytest.mark.parametrize('damage', ['overwritten', 'cut', 'not JSON', 'half a clip'])
def test_an_index_that_can_no_longer_be_used_is_a_storage_error(path, damage):
    """Whatever is asked: never another error, and never an answer that nothing is there."""
    with SqliteStore(path, CONFIGURATION) as index:
        put(index, *(clip(f'{i}', 40) for i in range(300)))
    with SqliteStore(path, CONFIGURATION) as index:
        if damage == 'overwritten':
            with path.open('r+b') as file:
                file.seek(200)  # behind the header, by which SQLite tells whether it changed
                file.write(b'\xff' * (path.stat().st_size - 200))
        elif damage == 'cut':
            os.truncate(path, 200)
        else:
            broken = {
                'not JSON': "clips SET tags = '{'",
                'half a clip': "chunks SET locations = x'00'",
            }
            with closing(sqlite3.connect(path)) as db, db:
                db.execute(f'UPDATE {broken[damage]}')
        failed = set()
        for name, operation in OPERATIONS.items():
            try:
                operation(index)
            except StorageError as error:
                failed.add(name)
                assert error.kind is Kind.STORAGE
                assert str(path) in str(error)
                assert '\n' not in str(error)
    if damage in ('overwritten', 'cut'):
        assert failed == set(OPERATIONS)
    elif damage == 'not JSON':
        assert {'find', 'clip', 'page', 'search', 'delete some'} <= failed
    else:
        assert failed == {'clip', 'search', 'search among some'}


def test_a_page_that_cannot_be_read_leaves_no_reader_behind(path):
    """Who wants the file for himself would wait for it."""
    with SqliteStore(path, CONFIGURATION) as index:
        put(index, *(clip(f'{i}', 40) for i in range(300)))
        with closing(sqlite3.connect(path)) as db, db:
            db.execute("UPDATE clips SET tags = '{'")
        with pytest.raises(StorageError):
            index.page(0, 1000)
        with closing(sqlite3.connect(path)) as db:
            assert db.execute('PRAGMA wal_checkpoint(TRUNCATE)').fetchone() == (0, 0, 0)


def test_a_file_that_is_gone_is_a_storage_error_and_found_again(path):
    with SqliteStore(path, CONFIGURATION) as index:
        put(index, clip('a'))
        moved = path.with_name('moved')
        path.rename(moved)
        with pytest.raises(StorageError, match='cannot be read'):
            index.find('a')
        moved.rename(path)
        assert stored_ids(index) == ['a']


def test_a_file_that_another_program_changes_is_not_waited_for_forever(index, path, monkeypatch):
    monkeypatch.setattr('audio_search.store.sqlite.readers.SAME_MOMENT_S', 0.1)
    put(index, clip('a'))
    with closing(sqlite3.connect(path)) as db, db:
        db.execute('UPDATE state SET version = version + 1')
    with pytest.raises(StorageError, match='another program'):
        index.find('a')


def test_a_copy_of_the_files_in_use_opens_with_all_that_was_acknowledged(path, tmp_path):
    """What a power cut leaves: the file, and a log that was never written back."""
    with SqliteStore(path, CONFIGURATION) as index:
        for i in range(30):
            put(index, clip(str(i)))
        after = tmp_path / 'after' / path.name
        after.parent.mkdir()
        for suffix in ('', '-wal'):
            shutil.copy(f'{path}{suffix}', f'{after}{suffix}')
    with SqliteStore(after, CONFIGURATION) as index:
        assert stored_ids(index) == [str(i) for i in range(30)]
        assert found_ids(index, clip('29').embeddings[3], limit=1) == ['29']


def test_numbers_are_never_given_twice(path):
    with SqliteStore(path, CONFIGURATION) as index:
        put(index, clip('a'), clip('b'))
        with index.transaction() as transaction:
            transaction.delete('b')
    with SqliteStore(path, CONFIGURATION) as index:
        put(index, clip('c'))
    with closing(sqlite3.connect(path)) as db:
        assert db.execute('SELECT id, number FROM clips').fetchall() == [('a', 1), ('c', 3)]


def test_every_commit_waits_for_the_disk(index: SqliteStore, path: Path):
    """2 is FULL: with less, a power cut may take the last answers back."""
    with index.transaction() as transaction:
        assert transaction._db.execute('PRAGMA synchronous').fetchone() == (2,)
        assert transaction._db.execute('PRAGMA journal_mode').fetchone() == ('wal',)


def test_a_judgement_leaves_the_version_of_the_clips(index):
    """Who follows the clips, as the map does, need not read them again."""
    put(index, clip('a'))
    before = index.version()
    judgement = Judgement('a', 'bell', 'right', '2026-11-29T09:00:00.000Z')
    with index.transaction() as transaction:
        transaction.put_judgement(judgement)
        transaction.put_search(SavedSearch('bells', judgement.time))
    assert index.version() == before
    assert index.judgements(0, 9)[0] == [judgement]
    with index.transaction() as transaction:
        transaction.delete('a')
    assert index.version() > before
