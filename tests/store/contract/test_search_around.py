"""The chunks whose distance is nearest to a given one."""

import numpy as np
import pytest

from audio_search.store import ClipStore, FilterError
from tests.store.clips import DIMENSIONS, clip, put

NAMES = [f'{n}' for n in range(40)]
QUERY = clip('query').embeddings[0]


@pytest.fixture
def stocked(store: ClipStore) -> ClipStore:
    for name in NAMES:
        stored = clip(name, 5, tags={'even': int(name) % 2 == 0})
        stored.embeddings[1] = 0
        put(store, stored)
    return store


def distances(name: str) -> np.ndarray:
    """By the definition; of the silent chunk none."""
    rows = clip(name, 5).embeddings.astype(np.int64)
    rows[1] = 0
    own = QUERY.astype(np.int64)
    norms = np.sqrt((rows * rows).sum(axis=1) * (own @ own))
    return 1 - np.divide(rows @ own, norms, out=np.full(5, np.nan), where=norms > 0)


@pytest.mark.parametrize('distance', [0.4, 1.0, 1.3, -1.0, 5.0])
def test_each_clip_is_found_by_its_chunk_nearest_to_the_distance(
    stocked: ClipStore, distance: float
) -> None:
    gaps = {name: np.abs(distances(name) - distance) for name in NAMES}
    wanted = sorted(NAMES, key=lambda name: (np.nanmin(gaps[name]), int(name)))[:7]
    found = stocked.search_around(QUERY, distance, 7)
    assert [one.clip_id for one in found] == wanted
    assert [one.location[0] for one in found] == [np.nanargmin(gaps[name]) for name in wanted]
    for one in found:
        assert one.distance == pytest.approx(distances(one.clip_id)[one.location[0]])
        assert one.uri == f'{one.clip_id}.wav'


def test_a_filter_selects_before_the_search(stocked: ClipStore) -> None:
    found = stocked.search_around(QUERY, 1.0, 99, filter={'even': True})
    assert sorted(int(one.clip_id) for one in found) == list(range(0, 40, 2))
    with pytest.raises(FilterError):
        stocked.search_around(QUERY, 1.0, 5, filter={'$nor': []})


def test_removed_clips_are_not_found(stocked: ClipStore) -> None:
    first = stocked.search_around(QUERY, 1.0, 1)[0].clip_id
    with stocked.transaction() as transaction:
        transaction.delete(first)
    assert first not in [one.clip_id for one in stocked.search_around(QUERY, 1.0, 99)]


def test_where_nothing_is_stored_nothing_is_found(store: ClipStore) -> None:
    assert store.search_around(np.ones(DIMENSIONS, np.int8), 0.5, 3) == []
