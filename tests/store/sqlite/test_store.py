import json
import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from audio_search.store import ClipRef, FilterError, StorageError
from audio_search.store.sqlite import SqliteStore
from tests.store.clips import CONFIGURATION, DIMENSIONS, clip
from tests.store.sqlite.files import file_size_limit


def put(index: SqliteStore, *clips) -> None:
    with index.transaction() as transaction:
        for one in clips:
            transaction.put(one)


def names(index: SqliteStore) -> list[str]:
    return [entry.id for entry in index.page(0, 1000)[0]]


def found(index: SqliteStore, query, limit=5, **kwargs) -> list[str]:
    (neighbours,) = index.search(query[np.newaxis], limit, **kwargs)
    return [neighbour.clip_id for neighbour in neighbours]


def test_a_new_index_is_empty_and_searchable(index):
    assert index.counts() == (0, 0)
    assert index.page(0, 10) == ([], 0)
    assert found(index, np.ones(DIMENSIONS, np.int8)) == []


def test_what_is_stored_comes_back_after_reopening(path):
    stored = clip('a', 3, tags={'n': 2**62, 'x': 0.1, 'deep': {'ä': [None, True]}, 'one': 1.0})
    stored.chunk_tags = {1: {'padded': True}}
    with SqliteStore(path, CONFIGURATION) as index:
        put(index, stored, clip('b', 1))
    with SqliteStore(path, CONFIGURATION) as index:
        assert index.counts() == (2, 4)
        back = index.clip('a')
        (neighbours,) = index.search(stored.embeddings[1:2], 1)
    assert back is not None
    assert json.dumps(back.tags) == json.dumps(stored.tags)
    assert (back.id, back.uri, back.source) == (stored.id, stored.uri, stored.source)
    assert (back.sample_rate, back.chunk_tags) == (16000, {1: {'padded': True}})
    np.testing.assert_array_equal(back.locations, stored.locations)
    np.testing.assert_array_equal(back.embeddings, stored.embeddings)
    (neighbour,) = neighbours
    assert neighbour.distance == 0
    assert (neighbour.clip_id, neighbour.uri, neighbour.tags) == ('a', 'a.wav', stored.tags)
    assert neighbour.location == (1, 32000, 96000, 2000, 6000)
    assert (neighbour.sample_rate, neighbour.chunk_tags) == (16000, {'padded': True})


def test_a_clip_replaces_the_one_with_its_id_and_the_one_with_its_uri(index):
    put(index, clip('a', uri='1.wav'), clip('b', uri='2.wav'), clip('c', uri='3.wav'))
    put(index, clip('a', 2, uri='2.wav', seed=1))
    assert names(index) == ['c', 'a']
    assert index.counts() == (2, 6)
    assert index.find(uri='1.wav') is None
    assert [entry.id for entry in index.page(0, 9)[0] if entry.uri == '2.wav'] == ['a']
    assert found(index, clip('b').embeddings[0], limit=9) in (['a', 'c'], ['c', 'a'])


def test_of_two_in_one_transaction_the_last_wins(index):
    put(index, clip('a', 5), clip('a', 3, seed=1), clip('b', 1), clip('c', 2, uri='b.wav'))
    assert index.counts() == (2, 5)
    assert names(index) == ['a', 'c']
    assert found(index, clip('a', 3, seed=1).embeddings[2], limit=1) == ['a']


def test_clips_without_a_uri_do_not_replace_one_another(index):
    one, two = clip('a'), clip('b')
    one.uri = two.uri = None
    put(index, one, two)
    assert names(index) == ['a', 'b']


def test_a_transaction_that_fails_leaves_nothing(index):
    put(index, clip('a'))

    def fail() -> None:
        with index.transaction() as transaction:
            transaction.put(clip('b'))
            transaction.delete('a')
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert names(index) == ['a']
    put(index, clip('c'))
    assert found(index, clip('b').embeddings[0], limit=9) in (['a', 'c'], ['c', 'a'])
    assert found(index, clip('c').embeddings[0], limit=1) == ['c']


def test_tags_are_replaced_alone(index):
    put(index, clip('a', tags={'old': 1}), clip('b'))
    with index.transaction() as transaction:
        assert transaction.replace_tags('a', {'new': 2})
        assert not transaction.replace_tags('x', {'new': 2})
    (entry,) = index.page(0, 9)[0][:1]
    assert (entry.tags, entry.source) == ({'new': 2}, clip('a').source)
    query = clip('a').embeddings[0]
    assert found(index, query, filter={'new': 2}) == ['a']
    assert found(index, query, filter={'old': {'$exists': True}}) == []


def test_deleted_clips_are_gone_also_after_reopening(path):
    with SqliteStore(path, CONFIGURATION) as index:
        put(index, *(clip(name) for name in 'abcd'))
        with index.transaction() as transaction:
            assert transaction.delete('b')
            assert not transaction.delete('x')
            assert transaction.find(uri='d.wav').id == 'd'
            assert transaction.delete('d')
        assert found(index, clip('b').embeddings[0], limit=9, filter={'name': 'b'}) == []
        put(index, clip('e'))
        assert sorted(found(index, clip('b').embeddings[0], limit=9)) == ['a', 'c', 'e']
    with SqliteStore(path, CONFIGURATION) as index:
        assert names(index) == ['a', 'c', 'e']
        assert index.counts() == (3, 12)
        assert sorted(found(index, clip('b').embeddings[0], limit=9)) == ['a', 'c', 'e']


def test_clear_empties_the_file_too(path):
    with SqliteStore(path, CONFIGURATION) as index:
        empty = index.file_bytes()
        put(index, *(clip(str(i)) for i in range(2000)))
        assert index.file_bytes() > 2 * empty
        index.clear()
        assert index.counts() == (0, 0)
        assert found(index, clip('1').embeddings[0]) == []
        assert index.file_bytes() <= 2 * empty
        put(index, clip('a'))
        assert found(index, clip('1').embeddings[0]) == ['a']


def test_a_filter_selects_before_the_search(index):
    """The one clip it leaves is found, though 50 others are nearer."""
    query = clip('q').embeddings[:1]
    near = [clip(f'{i}', embeddings=query) for i in range(50)]
    put(index, *near, clip('far', embeddings=-query, tags={'kind': {'sound': 'bell'}}))
    assert found(index, query[0], filter={'kind': {'sound': 'bell'}}) == ['far']
    assert found(index, query[0], filter={'name': {'$in': ['7', '9', 'x']}}) == ['7', '9']
    assert found(index, query[0], limit=99, filter={}) == [*map(str, range(50)), 'far']
    with pytest.raises(FilterError):
        index.search(query, 5, filter={'$nor': []})


def test_each_query_may_leave_a_clip_out(index):
    put(index, clip('a'), clip('b'), clip('c'))
    queries = np.stack([clip(name).embeddings[0] for name in 'abc'])
    excluded = [ClipRef('a', None), ClipRef(None, 'b.wav'), ClipRef('x', 'y')]
    results = index.search(queries, 1, excluded=excluded)
    assert [one[0].clip_id == name for one, name in zip(results, 'abc', strict=True)] == [
        False,
        False,
        True,
    ]


def test_nearest_chunks_instead_of_clips(index):
    query = clip('q').embeddings[:1]
    put(index, clip('a', embeddings=np.repeat(query, 3, axis=0)), clip('b'))
    (neighbours,) = index.search(query, 4, distinct=False)
    assert [one.clip_id for one in neighbours] == ['a', 'a', 'a', 'b']
    assert [one.location[0] for one in neighbours[:3]] == [0, 1, 2]


def test_pages_and_points(index):
    bells = [
        clip(f'bell {i}', embeddings=np.full((3, DIMENSIONS), 50 + i, np.int8)) for i in (0, 1)
    ]
    drum = clip('drum', 2, embeddings=-np.full((2, DIMENSIONS), 60, np.int8))
    put(index, *bells, drum)
    entries, total = index.page(1, 1)
    assert ([entry.id for entry in entries], total) == (['bell 1'], 3)
    assert (entries[0].point, entries[0].chunk_count) == (None, 3)
    points = [entry.point for entry in index.page(0, 9, points=True)[0]]
    assert abs(points[0][0] - points[1][0]) < 0.1 < abs(points[0][0] - points[2][0])
    with index.transaction() as transaction:
        transaction.replace_tags('drum', {'a': 1})
    assert [entry.point for entry in index.page(0, 9, points=True)[0]] == points
    put(index, clip('other'))
    assert [entry.point for entry in index.page(0, 9, points=True)[0]][:3] != points


def test_searches_beside_writes_see_whole_clips_of_one_moment(index):
    """Every version of the clips has its number in all chunks and tags; no search sees two."""
    size, rounds = 40, 60

    def version(n: int) -> list:
        direction = np.zeros((3, DIMENSIONS), np.int8)
        direction[:, 0], direction[:, 1] = 1 + n, 100 - n
        return [clip(str(i), embeddings=direction, tags={'version': n}) for i in range(size)]

    put(index, *version(0))
    done = threading.Event()
    wrong: list[object] = []

    def search() -> None:
        query = np.eye(1, DIMENSIONS, dtype=np.int8)
        while not done.is_set():
            (clips,) = index.search(query, 2 * size)
            (chunks,) = index.search(query, 4 * size, distinct=False)
            for neighbours, expected in ((clips, size), (chunks, 3 * size)):
                versions = {one.tags['version'] for one in neighbours}
                distances = {one.distance for one in neighbours}
                if len(neighbours) != expected or len(versions) != 1 or len(distances) != 1:
                    wrong.append((len(neighbours), versions, distances))

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for n in range(1, rounds):
        put(index, *version(n))
    done.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert index.counts() == (size, 3 * size)


def test_the_log_does_not_grow_under_searches_without_a_pause(index, monkeypatch):
    limit_bytes = 1 << 20
    monkeypatch.setattr('audio_search.store.sqlite.store.LOG_LIMIT_BYTES', limit_bytes)
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
        log_bytes.append(index.file_bytes() - index.path.stat().st_size)
    done.set()
    for thread in threads:
        thread.join()
    assert max(log_bytes) < 4 * limit_bytes
    assert index.path.stat().st_size > 4 * limit_bytes


def test_a_full_disk_fails_the_write_and_nothing_else(path):
    with SqliteStore(path, CONFIGURATION) as index:
        put(index, clip('a'))
        with file_size_limit(index.file_bytes() + 100_000):
            with pytest.raises(StorageError) as refused:
                put(index, clip('b'), clip('large', 50_000))
            assert str(path) in str(refused.value)
            assert '\n' not in str(refused.value)
            assert names(index) == ['a']
            assert found(index, clip('a').embeddings[0], limit=9) == ['a']
        put(index, clip('c'))
        assert names(index) == ['a', 'c']
    with SqliteStore(path, CONFIGURATION) as index:
        assert names(index) == ['a', 'c']
        assert found(index, clip('c').embeddings[0], limit=1) == ['c']


def test_a_file_that_another_program_changes_is_not_waited_for_forever(index, path, monkeypatch):
    monkeypatch.setattr('audio_search.store.sqlite.store.SAME_MOMENT_S', 0.1)
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
        assert names(index) == [str(i) for i in range(30)]
        assert found(index, clip('29').embeddings[3], limit=1) == ['29']


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
