"""Recordings that are stored part by part."""

from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest

from audio_search.store import Clip, ClipRef, ClipStore
from tests.store.clips import DIMENSIONS, clip, put, stored_ids

WHOLE = replace(
    clip('a', 10), chunk_tags={0: {'first': True}, 6: {'own': 1}}, source={'size': 3, 'sha256': 'x'}
)
SEAMS = [0, 4, 7, 10]


def part(number: int, *, of: Clip = WHOLE, size: int = 3) -> Clip:
    """Part `number` of three; the hash of the file is known at the last one."""
    start, end = SEAMS[number : number + 2]
    return replace(
        of,
        locations=of.locations[start:end],
        embeddings=of.embeddings[start:end],
        chunk_tags={row - start: own for row, own in of.chunk_tags.items() if start <= row < end},
        source={'size': size} | ({'sha256': 'x'} if number == 2 else {}),
    )


def keep(store: ClipStore, one: Clip, number: int, count: int = 3) -> Clip | None:
    """As the indexer does: what is whole is stored."""
    with store.transaction() as transaction:
        whole = transaction.keep_part(one, number, count)
        if whole:
            transaction.put(whole)
    return whole


def test_parts_of_ten_minutes_are_kept(store: ClipStore) -> None:
    """Each has the bytes of 300 windows of 512 dimensions: more than a field of Milvus takes."""
    size = 3000
    long = replace(clip('a', 2 * size), source=WHOLE.source)
    for number in range(2):
        half = slice(size * number, size * (number + 1))
        one = replace(
            long, locations=long.locations[half], embeddings=long.embeddings[half], chunk_tags={}
        )
        whole = keep(store, one, number, 2)
    assert_equal(whole, long)
    assert_equal(store.clip('a'), long)


def assert_equal(found: Clip | None, expected: Clip) -> None:
    assert found is not None
    np.testing.assert_array_equal(found.locations, expected.locations)
    np.testing.assert_array_equal(found.embeddings, expected.embeddings)
    assert (found.id, found.uri, found.tags) == (expected.id, expected.uri, expected.tags)
    assert found.source == expected.source
    assert found.chunk_tags == expected.chunk_tags
    assert found.sample_rate == expected.sample_rate


@pytest.mark.parametrize('order', [(0, 1, 2), (2, 0, 1), (1, 1, 0, 0, 2)], ids=str)
def test_the_last_part_makes_the_recording_whole(store: ClipStore, order: tuple[int, ...]) -> None:
    for number in order[:-1]:
        assert keep(store, part(number), number) is None
    assert_equal(keep(store, part(order[-1]), order[-1]), WHOLE)
    assert_equal(store.clip('a'), WHOLE)
    assert store.kept_parts('a') is None
    found = store.search(WHOLE.embeddings[6:7], 1)[0][0]
    assert found.location == tuple(WHOLE.locations[6].tolist())
    assert found.chunk_tags == {'own': 1}


def test_half_a_recording_is_nowhere(store: ClipStore) -> None:
    put(store, clip('b'))
    keep(store, part(0), 0)
    keep(store, part(1), 1)
    assert stored_ids(store) == ['b']
    assert store.counts() == (1, 4)
    assert store.clip('a') is None
    assert store.find('a', WHOLE.uri) is None
    assert store.find_many([ClipRef('a', None)]) == [None]
    assert {one.clip_id for one in store.search(WHOLE.embeddings[:1], 9)[0]} == {'b'}
    kept = store.kept_parts('a')
    assert kept is not None
    assert (kept.numbers, kept.count, kept.source) == ((0, 1), 3, {'size': 3})


def test_what_is_stored_stays_until_its_next_version_is_whole(store: ClipStore) -> None:
    put(store, former := clip('a', seed=1))
    keep(store, part(0), 0)
    keep(store, part(1), 1)
    assert_equal(store.clip('a'), former)
    keep(store, part(2), 2)
    assert_equal(store.clip('a'), WHOLE)
    assert store.counts() == (1, 10)


@pytest.mark.parametrize('change', ['file', 'count'])
def test_parts_of_another_version_are_forgotten(store: ClipStore, change: str) -> None:
    keep(store, part(0), 0)
    keep(store, part(1), 1)
    if change == 'file':
        assert keep(store, part(2, size=4), 2) is None
    else:
        assert keep(store, part(2), 2, count=4) is None
    kept = store.kept_parts('a')
    assert kept is not None
    assert kept.numbers == (2,)


def test_parts_behind_the_end_have_no_chunks(store: ClipStore) -> None:
    nothing = replace(
        WHOLE,
        locations=np.zeros((0, 5), np.int64),
        embeddings=np.zeros((0, DIMENSIONS), np.int8),
        chunk_tags={},
        source={'size': 3, 'sha256': 'x'},
    )
    for number in range(3):
        assert keep(store, replace(part(number), source={'size': 3}), number, 5) is None
    assert keep(store, replace(nothing, source={'size': 3}), 3, 5) is None
    assert_equal(keep(store, nothing, 4, 5), WHOLE)


@pytest.mark.parametrize('change', ['put', 'delete', 'clear'])
def test_parts_go_with_their_clip(store: ClipStore, change: str) -> None:
    quoted = '\'a" or "b\\'
    put(store, clip(quoted, seed=1))
    keep(store, part(0, of=replace(WHOLE, id=quoted)), 0)
    with store.transaction() as transaction:
        if change == 'put':
            transaction.put(clip(quoted, seed=2))
        elif change == 'delete':
            transaction.delete(quoted)
        else:
            transaction.clear()
    assert store.kept_parts(quoted) is None


def test_what_is_undone_keeps_no_part(store: ClipStore) -> None:
    with suppress(RuntimeError), store.transaction() as transaction:
        transaction.keep_part(part(0), 0, 3)
        raise RuntimeError
    assert store.kept_parts('a') is None
