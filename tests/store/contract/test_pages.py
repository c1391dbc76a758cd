"""Pages of all clips or of some, and deleting some."""

from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

from audio_search.store import FilterError
from tests.store.clips import DIMENSIONS, clip, found_ids, put, stored_ids


def test_pages(store):
    bells = [
        clip(f'bell {i}', embeddings=np.full((3, DIMENSIONS), 50 + i, np.int8)) for i in (0, 1)
    ]
    drum = clip('drum', 2, embeddings=-np.full((2, DIMENSIONS), 60, np.int8))
    put(store, *bells, drum)
    entries, total = store.page(1, 1)
    assert ([entry.id for entry in entries], total) == (['bell 1'], 3)
    assert entries[0].chunk_count == 3


def test_the_version_changes_with_every_change(store):
    """Where the engine has none, it is None at all times."""
    versions = [store.version()]
    put(store, clip('a'))
    versions.append(store.version())
    with store.transaction() as transaction:
        transaction.replace_tags('a', {'b': 1})
    versions.append(store.version())
    store.clear()
    versions.append(store.version())
    assert len(set(versions)) == 4 or set(versions) == {None}
    assert store.version() == versions[-1]


def selected(store, **selection) -> list[str]:
    entries, total = store.page(0, 100, **selection)
    assert total == len(entries)
    return [entry.id for entry in entries]


def test_pages_of_the_clips_that_a_filter_selects(store):
    put(store, *(clip(str(i), tags={'odd': i % 2 == 1, 'n': i}) for i in range(10)))
    odd = {'odd': True}
    assert selected(store, filter=odd) == ['1', '3', '5', '7', '9']
    entries, total = store.page(1, 2, filter=odd)
    assert ([entry.id for entry in entries], total) == (['3', '5'], 5)
    assert store.page(9, 2, filter=odd) == ([], 5)
    assert selected(store, filter={}) == stored_ids(store)
    assert selected(store, filter={'n': {'$gt': 9}}) == []
    with pytest.raises(FilterError):
        store.page(0, 9, filter={'$nor': []})


def test_clips_are_selected_by_their_ids(store):
    put(store, *(clip(str(i), tags={'odd': i % 2}) for i in range(6)))
    assert selected(store, filter={'$id': '3'}) == ['3']
    chosen = {'$id': {'$in': ['5', '1', '2', 'none']}}
    assert selected(store, filter=chosen) == ['1', '2', '5']
    assert selected(store, filter={**chosen, 'odd': 1}) == ['1', '5']
    assert selected(store, filter={'$not': chosen}) == ['0', '3', '4']
    assert selected(store, filter={'$id': {'$in': []}}) == []
    (found,) = store.search(clip('4').embeddings[:1], 9, filter=chosen)
    assert sorted(one.clip_id for one in found) == ['1', '2', '5']


def test_a_prefix_is_taken_literally(store):
    uris = [
        'a', 'a/', 'a/b', 'A/b', 'a%/b', 'axb', 'a_b', 'a*b', '[a]', 'ab', 'b', 'ä', 'a\u0308',
        'a\U0010ffff', 'a\U0010ffff\U0010ffffz', '\U0010ffff', 'x\ud7ff', 'x\ue000', '',
    ]  # fmt: skip
    without = clip('without')
    without.uri = None
    put(store, without, *(clip(f'id {uri}', uri=uri) for uri in uris))
    more = ['a%', 'a_', 'a*', 'a?', '[', 'a\U0010ffff\U0010ffff', 'x', 'zz', "'", "a' OR 1 --"]
    for prefix in uris + more:
        expected = [f'id {uri}' for uri in uris if uri.startswith(prefix)]
        assert selected(store, prefix=prefix) == expected, ascii(prefix)


def test_a_prefix_and_a_filter(store):
    put(store, *(clip(f'{i}', uri=f'{"ab"[i % 2]}/{i}', tags={'n': i}) for i in range(8)))
    assert selected(store, prefix='a/', filter={'n': {'$gte': 4}}) == ['4', '6']
    with pytest.raises(FilterError, match='Unicode'):
        store.page(0, 9, prefix='\ud800')


def test_deleting_by_filter_and_prefix(make_store):
    with closing(make_store()) as store:
        put(store, *(clip(f'{i}', uri=f'{"ab"[i % 2]}/{i}', tags={'n': i}) for i in range(10)))
        with store.transaction() as transaction:
            removed = transaction.delete_selected(prefix='a/', filter={'n': {'$gte': 4}})
            assert transaction.find('4') is None
        assert [(one.id, one.uri, one.tags['n']) for one in removed] == [
            ('4', 'a/4', 4),
            ('6', 'a/6', 6),
            ('8', 'a/8', 8),
        ]
        assert stored_ids(store) == ['0', '1', '2', '3', '5', '7', '9']
        assert '4' not in found_ids(store, clip('4').embeddings[0], limit=9)
        with store.transaction() as transaction:
            assert [one.id for one in transaction.delete_selected(prefix='a/')] == ['0', '2']
            assert transaction.delete_selected(prefix='a/') == []
            assert [one.id for one in transaction.delete_selected(filter={'n': 9})] == ['9']
    with closing(make_store()) as store:
        assert stored_ids(store) == ['1', '3', '5', '7']
        assert store.counts() == (4, 16)
        with store.transaction() as transaction:
            assert len(transaction.delete_selected(filter={})) == 4
        assert store.counts() == (0, 0)


def test_deleting_some_takes_what_was_stored_in_the_same_transaction(store):
    put(store, clip('a'), clip('b'))
    with store.transaction() as transaction:
        transaction.put(clip('c', tags={'new': True}))
        transaction.replace_tags('a', {'new': True})
        assert [one.id for one in transaction.delete_selected(filter={'new': True})] == ['a', 'c']
    assert stored_ids(store) == ['b']
    assert found_ids(store, clip('c').embeddings[0]) == ['b']


def delete(store, clip_id: str, **selection) -> None:
    with store.transaction() as transaction:
        transaction.delete(clip_id)
        transaction.delete_selected(**selection)


def test_deleting_without_a_selection_or_with_a_wrong_one_deletes_nothing(store):
    put(store, clip('a'))
    for selection, error in (({}, ValueError), ({'filter': {'$nor': []}}, FilterError)):
        with pytest.raises(error):
            delete(store, 'a', **selection)
    assert stored_ids(store) == ['a']


def test_the_newest_come_first_where_that_is_wanted(store):
    put(store, *(clip(str(i), tags={'odd': i % 2 == 1}) for i in range(10)))
    entries, total = store.page(0, 3, newest_first=True)
    assert ([entry.id for entry in entries], total) == (['9', '8', '7'], 10)
    entries, total = store.page(8, 5, newest_first=True)
    assert ([entry.id for entry in entries], total) == (['1', '0'], 10)
    assert store.page(12, 5, newest_first=True) == ([], 10)
    entries, total = store.page(1, 2, newest_first=True, filter={'odd': True})
    assert ([entry.id for entry in entries], total) == (['7', '5'], 5)


def test_a_text_is_looked_for_in_uris_text_tags_and_words(store):
    bell = clip('bell', uri='Tower/114_bell.wav', tags={'label': 'Church', 'n': 2014})
    store_words = (('Church bell', 0.814), ('Bicycle bell', 0.2))
    put(
        store,
        replace(bell, words=store_words),
        clip('dog', uri='a%b\\c.wav', tags={'label': 'dog', 'at': {'place': 'Tower"s'}}),
        clip(
            'x', uri=f'114/x/bell/{"a" * 30}', tags={'bell': 3, 'Über': '-Ä.ärger', 'label': None}
        ),
    )
    for text, expected in {
        '': ['bell', 'dog', 'x'],
        'BEL': ['bell', 'x'],
        'ell': [],
        '114_bell': ['bell', 'x'],
        '14 tower': [],
        'tower 11': ['bell'],
        'tower': ['bell', 'dog'],
        'tower"s': ['dog'],
        'bicycle': ['bell'],
        '81': [],  # of a probability
        '2014': [],  # a tag that is no text
        'c-DO': ['dog'],
        'Ä': ['x'],
        'ärger': ['x'],
        "' OR 1": [],
        'a' * 40: ['x'],
    }.items():
        assert selected(store, filter={'$text': text}) == expected, text
    assert selected(store, filter={'$text': 'bell', 'label': 'Church'}) == ['bell']
    assert selected(store, filter={'$not': {'$text': 'bell'}}) == ['dog']
    with store.transaction() as transaction:
        transaction.replace_tags('dog', {'label': 'bell'})
    assert selected(store, filter={'$text': 'bell'}) == ['bell', 'dog', 'x']
    (found,) = store.search(clip('dog').embeddings[:1], 9, filter={'$text': 'tower'})
    assert [one.clip_id for one in found] == ['bell']
    with pytest.raises(FilterError, match=r'\$text'):
        store.page(0, 9, filter={'$text': 5})
