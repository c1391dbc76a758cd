"""The nearest chunks by the nearest of their examples."""

import numpy as np
import pytest

from audio_search.store import ClipRef, ClipStore
from tests.store.clips import CONFIGURATION, DIMENSIONS, clip, put

PARTS = 4  # examples in a window of 4 s
SIZE = DIMENSIONS // PARTS
NAMES = [f'{n}' for n in range(40)]


def distances(query: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """[rows], by the definition: each pair of examples by itself; 2 where none can be heard."""
    found = []
    for row in rows:
        pairs = [
            1 - float(one @ other) / float(np.sqrt(int(one @ one) * int(other @ other)))
            for one in query.astype(np.int64).reshape(PARTS, SIZE)
            for other in row.astype(np.int64).reshape(PARTS, SIZE)
            if one.any() and other.any()
        ]
        found.append(min(pairs, default=2.0))
    return np.array(found)


@pytest.fixture
def stocked(store: ClipStore) -> ClipStore:
    rng = np.random.default_rng(5)
    for name in NAMES:
        stored = clip(name, 6)
        silent = rng.random((6, PARTS)) < 0.3
        stored.embeddings.reshape(6, PARTS, SIZE)[silent] = 0
        put(store, stored)
    return store


def embeddings(store: ClipStore, name: str) -> np.ndarray:
    found = store.clip(name)
    assert found
    return found.embeddings


def queries() -> np.ndarray:
    asked = clip('q', 5).embeddings.copy()
    asked[1, :SIZE] = 0
    asked[4] = 0
    return asked


@pytest.mark.parametrize('limit', [1, 7, 99])
def test_every_clip_by_its_nearest_example(stocked: ClipStore, limit: int) -> None:
    for query, found in zip(
        queries(), stocked.search(queries(), limit, by_example=True), strict=True
    ):
        nearest = {name: distances(query, embeddings(stocked, name)) for name in NAMES}
        order = sorted(
            (rows.min(), number, name, int(rows.argmin()))
            for number, (name, rows) in enumerate(nearest.items())
            if rows.min() < 2
        )
        expected = [(name, row) for _, _, name, row in order[:limit]]
        assert [(one.clip_id, one.location[0]) for one in found] == expected
        assert [one.distance for one in found] == pytest.approx([one[0] for one in order[:limit]])


def test_every_chunk_by_its_nearest_example(stocked: ClipStore) -> None:
    query = queries()[:1]
    (found,) = stocked.search(query, 1000, distinct=False, by_example=True)
    expected = np.concatenate([distances(query[0], embeddings(stocked, name)) for name in NAMES])
    assert [one.distance for one in found] == pytest.approx(np.sort(expected[expected < 2]))


def test_a_shared_example_is_enough_wherever_it_stands(store: ClipStore) -> None:
    query, other = clip('q', 1).embeddings, clip('x', 1).embeddings
    shared = other.copy()
    shared[0, 3 * SIZE :] = query[0, :SIZE]
    put(store, clip('other', embeddings=other), clip('shared', embeddings=shared))
    (found,) = store.search(query, 2, by_example=True)
    assert (found[0].clip_id, found[0].distance) == ('shared', 0.0)
    (whole,) = store.search(query, 2)
    assert whole[0].distance > 0.1


def test_filters_exclusions_and_removals_hold(stocked: ClipStore) -> None:
    query = embeddings(stocked, '7')[:1]
    chosen = {'name': {'$in': ['7', '8', '9']}}
    (found,) = stocked.search(query, 99, by_example=True, filter=chosen)
    assert sorted(one.clip_id for one in found) == ['7', '8', '9']
    (found,) = stocked.search(query, 99, by_example=True, excluded=[ClipRef('7', None)])
    assert '7' not in {one.clip_id for one in found}
    with stocked.transaction() as transaction:
        transaction.delete('8')
    (found,) = stocked.search(query, 99, by_example=True)
    assert {one.clip_id for one in found} == set(NAMES) - {'8'}
    assert found[0].clip_id == '7'
    assert stocked.search(query[:0], 4, by_example=True) == []


def test_the_examples_of_a_chunk_are_those_of_its_window() -> None:
    assert CONFIGURATION.examples_per_chunk == PARTS
