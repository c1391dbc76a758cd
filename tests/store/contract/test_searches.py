"""Searches with a name."""

from contextlib import closing

import pytest

from audio_search.store.judgements import SavedSearch
from tests.store.clips import clip, put

BELLS = SavedSearch(
    'Bells, "ö"/\'1\'',
    '2026-11-29T09:00:00.000Z',
    {'label': 'bell', 'like': [{'id': 'a#t=4,8'}], 'filter': {'n': {'$gt': 1.5}}, 'deep': [None]},
)
DOGS = SavedSearch('A', '2026-11-29T08:00:00.000Z', {'words': 'dog bark'})


def save(store, *searches: SavedSearch) -> None:
    with store.transaction() as transaction:
        for search in searches:
            transaction.put_search(search)


def test_they_come_back_after_reopening(make_store):
    with closing(make_store()) as store:
        assert (store.searches(), store.saved_search('A')) == ([], None)
        save(store, BELLS, DOGS)
    with closing(make_store()) as store:
        assert store.searches() == [DOGS, BELLS]
        assert store.saved_search(BELLS.name) == BELLS
        assert store.saved_search('a') is None


def test_one_of_the_same_name_takes_the_place(store):
    save(store, BELLS, DOGS)
    again = SavedSearch('A', '2026-11-30T08:00:00.000Z', {'words': 'cat'})
    save(store, again)
    assert store.searches() == [again, BELLS]


def test_they_are_deleted(store):
    save(store, BELLS, DOGS)
    with store.transaction() as transaction:
        assert transaction.delete_search('A')
        assert not transaction.delete_search('A')
        assert not transaction.delete_search('B')
        transaction.put_search(SavedSearch('B', DOGS.made))
        assert transaction.delete_search('B')
    assert store.searches() == [BELLS]


def test_a_transaction_that_fails_changes_none(store):
    save(store, BELLS)

    def fail() -> None:
        with store.transaction() as transaction:
            transaction.put_search(DOGS)
            transaction.delete_search(BELLS.name)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert store.searches() == [BELLS]


def test_they_stay_where_clips_are_cleared(store):
    put(store, clip('a'))
    save(store, BELLS)
    store.clear()
    assert store.searches() == [BELLS]
