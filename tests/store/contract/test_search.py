"""The nearest chunks and clips."""

import numpy as np
import pytest

from audio_search.store import ClipRef, FilterError
from tests.store.clips import DIMENSIONS, clip, found_ids, put


def test_a_filter_selects_before_the_search(store):
    """The one clip it leaves is found, though 50 others are nearer."""
    query = clip('q').embeddings[:1]
    near = [clip(f'{i}', embeddings=query) for i in range(50)]
    put(store, *near, clip('far', embeddings=-query, tags={'kind': {'sound': 'bell'}}))
    assert found_ids(store, query[0], filter={'kind': {'sound': 'bell'}}) == ['far']
    assert found_ids(store, query[0], filter={'name': {'$in': ['7', '9', 'x']}}) == ['7', '9']
    assert found_ids(store, query[0], limit=99, filter={}) == [*map(str, range(50)), 'far']
    with pytest.raises(FilterError):
        store.search(query, 5, filter={'$nor': []})


def test_each_query_may_leave_a_clip_out(store):
    put(store, clip('a'), clip('b'), clip('c'))
    queries = np.stack([clip(name).embeddings[0] for name in 'abc'])
    excluded = [ClipRef('a', None), ClipRef(None, 'b.wav'), ClipRef('x', 'y')]
    results = store.search(queries, 1, excluded=excluded)
    assert [one[0].clip_id == name for one, name in zip(results, 'abc', strict=True)] == [
        False,
        False,
        True,
    ]


def test_nearest_chunks_instead_of_clips(store):
    query = clip('q').embeddings[:1]
    put(store, clip('a', embeddings=np.repeat(query, 3, axis=0)), clip('b'))
    (neighbours,) = store.search(query, 4, distinct=False)
    assert [one.clip_id for one in neighbours] == ['a', 'a', 'a', 'b']
    assert [one.location[0] for one in neighbours[:3]] == [0, 1, 2]


def test_ties_go_to_what_was_stored_first(store):
    query = clip('q').embeddings[:1]
    same = [clip(name, embeddings=np.repeat(query, 3, axis=0)) for name in 'cab']
    put(store, *same)
    (neighbours,) = store.search(query, 2)
    assert [(one.clip_id, one.location[0], one.distance) for one in neighbours] == [
        ('c', 0, 0.0),
        ('a', 0, 0.0),
    ]


def test_distances_are_cosine_from_0_to_2(store):
    vector = np.arange(1, DIMENSIONS + 1, dtype=np.int8)[np.newaxis]
    clips = {'opposite': -vector, 'same': vector, 'louder': 3 * vector}
    put(store, *(clip(name, embeddings=values) for name, values in clips.items()))
    (neighbours,) = store.search(vector, 4)
    assert [(one.clip_id, one.distance) for one in neighbours] == [
        ('same', 0.0),
        ('louder', 0.0),
        ('opposite', 2.0),
    ]
    assert store.search(vector[:0], 4) == []


def test_silence_is_counted_but_never_found_and_finds_nothing(store):
    vector = np.arange(1, DIMENSIONS + 1, dtype=np.int8)
    silent = np.zeros((2, DIMENSIONS), np.int8)
    put(store, clip('silent', embeddings=silent))
    put(store, clip('half', embeddings=np.stack([0 * vector, vector])))
    assert store.counts() == (2, 4)
    queries = np.stack([-vector, 0 * vector])
    for distinct in (True, False):
        away, nothing = store.search(queries, 9, distinct=distinct)
        assert [(one.clip_id, one.location[0]) for one in away] == [('half', 1)]
        assert nothing == []
    np.testing.assert_array_equal(store.clip('silent').embeddings, silent)
