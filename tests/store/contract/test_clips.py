"""What is stored, replaced and removed, and what is there after opening the store again."""

import json
from contextlib import closing

import numpy as np
import pytest

from audio_search.store import ClipRef
from tests.store.clips import DIMENSIONS, clip, found_ids, put, stored_ids


def test_a_new_index_is_empty_and_searchable(store):
    assert store.counts() == (0, 0)
    assert store.page(0, 10) == ([], 0)
    assert found_ids(store, np.ones(DIMENSIONS, np.int8)) == []


def test_what_is_stored_comes_back_after_reopening(make_store):
    stored = clip('a', 3, tags={'n': 2**62, 'x': 0.1, 'deep': {'ä': [None, True]}, 'one': 1.0})
    stored.chunk_tags = {1: {'padded': True}}
    with closing(make_store()) as store:
        put(store, stored, clip('b', 1))
    with closing(make_store()) as store:
        assert store.counts() == (2, 4)
        back = store.clip('a')
        (neighbours,) = store.search(stored.embeddings[1:2], 1)
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


def test_a_clip_replaces_the_one_with_its_id_and_the_one_with_its_uri(store):
    put(store, clip('a', uri='1.wav'), clip('b', uri='2.wav'), clip('c', uri='3.wav'))
    put(store, clip('a', 2, uri='2.wav', seed=1))
    assert stored_ids(store) == ['c', 'a']
    assert store.counts() == (2, 6)
    assert store.find(uri='1.wav') is None
    assert [entry.id for entry in store.page(0, 9)[0] if entry.uri == '2.wav'] == ['a']
    assert found_ids(store, clip('b').embeddings[0], limit=9) in (['a', 'c'], ['c', 'a'])


def test_of_two_in_one_transaction_the_last_wins(store):
    put(store, clip('a', 5), clip('a', 3, seed=1), clip('b', 1), clip('c', 2, uri='b.wav'))
    assert store.counts() == (2, 5)
    assert stored_ids(store) == ['a', 'c']
    assert found_ids(store, clip('a', 3, seed=1).embeddings[2], limit=1) == ['a']


def test_clips_without_a_uri_do_not_replace_one_another(store):
    one, two = clip('a'), clip('b')
    one.uri = two.uri = None
    put(store, one, two)
    assert stored_ids(store) == ['a', 'b']


def test_a_transaction_that_fails_leaves_nothing(store):
    put(store, clip('a'))

    def fail() -> None:
        with store.transaction() as transaction:
            transaction.put(clip('b'))
            transaction.delete('a')
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert stored_ids(store) == ['a']
    put(store, clip('c'))
    assert found_ids(store, clip('b').embeddings[0], limit=9) in (['a', 'c'], ['c', 'a'])
    assert found_ids(store, clip('c').embeddings[0], limit=1) == ['c']


def test_tags_are_replaced_alone(store):
    put(store, clip('a', tags={'old': 1}), clip('b'))
    with store.transaction() as transaction:
        assert transaction.replace_tags('a', {'new': 2})
        assert not transaction.replace_tags('x', {'new': 2})
    (entry,) = store.page(0, 9)[0][:1]
    assert (entry.tags, entry.source) == ({'new': 2}, clip('a').source)
    query = clip('a').embeddings[0]
    assert found_ids(store, query, filter={'new': 2}) == ['a']
    assert found_ids(store, query, filter={'old': {'$exists': True}}) == []


def test_deleted_clips_are_gone_also_after_reopening(make_store):
    with closing(make_store()) as store:
        put(store, *(clip(name) for name in 'abcd'))
        with store.transaction() as transaction:
            assert transaction.delete('b')
            assert not transaction.delete('x')
            assert transaction.find(uri='d.wav').id == 'd'
            assert transaction.delete('d')
        assert found_ids(store, clip('b').embeddings[0], limit=9, filter={'name': 'b'}) == []
        put(store, clip('e'))
        assert sorted(found_ids(store, clip('b').embeddings[0], limit=9)) == ['a', 'c', 'e']
    with closing(make_store()) as store:
        assert stored_ids(store) == ['a', 'c', 'e']
        assert store.counts() == (3, 12)
        assert sorted(found_ids(store, clip('b').embeddings[0], limit=9)) == ['a', 'c', 'e']


def test_clear_leaves_a_store_that_can_be_used(make_store):
    with closing(make_store()) as store:
        put(store, *(clip(str(i)) for i in range(20)))
        store.clear()
        assert (store.counts(), stored_ids(store)) == ((0, 0), [])
        assert found_ids(store, clip('1').embeddings[0]) == []
        put(store, clip('a'))
        assert found_ids(store, clip('1').embeddings[0]) == ['a']
    with closing(make_store()) as store:
        assert stored_ids(store) == ['a']


def test_a_clip_is_found_by_id_then_uri_then_sound(store):
    mine = clip('mine', uri='one spelling.wav')
    mine.source = {'sound': 'the sound'}
    put(store, mine, clip('b'), clip('c', uri='b'))
    assert store.find('b').id == 'b'
    assert store.find('x', 'b').id == 'c'
    assert store.find('b', 'c.wav').id == 'b'
    assert store.find('the sound', 'another spelling.wav').id == 'mine'
    assert store.find('the sound', 'b.wav').id == 'b'
    assert store.find('x', 'y') is None
    assert store.find() is None
    assert store.clip('the sound') is None


def test_many_are_found_as_one_by_one(store):
    mine = clip('mine', uri='one spelling.wav')
    mine.source = {'sound': 'the sound'}
    other = clip('other', uri='other.wav')
    other.source = {'sound': 'the sound'}
    put(store, mine, other, clip('b', tags={'n': 1}), clip('c', uri='b'))
    names = [
        ('b', None), ('x', 'b'), ('b', 'c.wav'), ('the sound', 'another spelling.wav'),
        ('the sound', 'b.wav'), ('x', 'y'), (None, None), ('b', None), (None, 'other.wav'),
    ]  # fmt: skip
    found = store.find_many([ClipRef(*name) for name in names])
    assert found == [store.find(*name) for name in names]
    assert [entry and entry.id for entry in found[:5]] == ['b', 'c', 'b', 'mine', 'b']
    assert store.find_many([]) == []


def test_ids_and_uris_are_taken_as_they_are(store):
    """Upper and lower case, spaces, letters that look alike, and what queries give a meaning to."""
    names = [
        'a',
        'A',
        ' a',
        'a ',
        'ä',
        'a\u0308',
        "a'b",
        'a"b',
        'a%',
        'a_',
        '*',
        'a\\b',
        '🔔',
        '1',
        '01',
    ]
    put(store, *(clip(name) for name in names))
    assert stored_ids(store) == names
    for name in names:
        assert store.find(name).uri == store.find(uri=f'{name}.wav').uri == f'{name}.wav'
        assert store.clip(name).id == name
