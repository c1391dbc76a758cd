"""The approximate search against the exact one."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from audio_search.store import ClipRef
from audio_search.store.sqlite import SqliteStore
from audio_search.store.sqlite.copying import copy_database
from tests.store.clips import CONFIGURATION, DIMENSIONS, clip

SIZES = (1, 4, 4, 4, 4, 4, 30)


def sounds(count: int, seed: int = 0) -> list[np.ndarray]:
    """Clips in clusters, as sounds are."""
    rng = np.random.default_rng(seed)
    kinds = rng.normal(0, 40, (20, DIMENSIONS))
    return [
        np.clip(rng.normal(kinds[i % 20], 25, (SIZES[i % 7], DIMENSIONS)), -128, 127).astype(
            np.int8
        )
        for i in range(count)
    ]


def store(index: SqliteStore, embeddings: list[np.ndarray], prefix: str = '') -> None:
    with index.transaction() as transaction:
        for i, values in enumerate(embeddings):
            transaction.put(clip(f'{prefix}{i}', embeddings=values, tags={'parity': i % 2}))


def delete(index: SqliteStore, *ids: str) -> None:
    with index.transaction() as transaction:
        for id_ in ids:
            transaction.delete(id_)


def ids(index: SqliteStore, queries: np.ndarray, limit: int = 5, **kwargs) -> list[list[str]]:
    found = index.search(queries, limit, **kwargs)
    return [[neighbour.clip_id for neighbour in one] for one in found]


def graphs(path: Path) -> list[str]:
    return sorted(name for name in os.listdir(path.parent) if name.endswith('.ann'))


@pytest.fixture
def stored(path: Path) -> Path:
    """An index of 1000 clips, closed, with its graph beside it."""
    with SqliteStore(path, CONFIGURATION, ann=True) as index:
        store(index, sounds(1000))
        index.wait_for_ann()
    assert len(graphs(path)) == 1
    return path


def assert_as_exact(path: Path, **kwargs) -> None:
    """Nearly all neighbours, and exact distances."""
    queries = np.concatenate(sounds(40, seed=1))
    with SqliteStore(path, CONFIGURATION) as index:
        exact = index.search(queries, 5, **kwargs)
    with SqliteStore(path, CONFIGURATION, ann=True) as index:
        before_it_is_built = index.search(queries, 5, **kwargs)
        index.wait_for_ann()
        approximate = index.search(queries, 5, **kwargs)
    assert same(before_it_is_built, exact) > 0.98
    assert same(approximate, exact) > 0.98


def same(found, expected) -> float:
    """The share of the expected clips that were found, at the same distances."""
    shares = []
    for one, other in zip(found, expected, strict=True):
        distances = {chunk.clip_id: chunk.distance for chunk in other}
        assert len(one) == len(other) == len({chunk.clip_id for chunk in one})
        assert [chunk.distance for chunk in one] == sorted(chunk.distance for chunk in one)
        common = [one for one in one if distances.get(one.clip_id) == one.distance]
        shares.append(len(common) / len(other))
    return float(np.mean(shares))


def test_it_finds_what_the_exact_search_finds(stored):
    assert_as_exact(stored)


def test_what_was_just_stored_is_found_and_what_was_removed_is_not(stored):
    """While the graph is still behind, and after."""
    fresh = sounds(50, seed=2)
    firsts = np.stack([values[0] for values in fresh])
    with SqliteStore(stored, CONFIGURATION, ann=True) as index:
        store(index, fresh, 'new ')
        assert [one[0] for one in ids(index, firsts)] == [f'new {i}' for i in range(50)]
        index.wait_for_ann()
        assert [one[0] for one in ids(index, firsts)] == [f'new {i}' for i in range(50)]
        delete(index, *(f'new {i}' for i in range(0, 50, 2)))
        for _ in ('behind', 'up to date'):
            found = ids(index, firsts)
            assert [one[0] == f'new {i}' for i, one in enumerate(found)] == [False, True] * 25
            index.wait_for_ann()
        index.clear()
        assert ids(index, firsts) == [[]] * 50
        store(index, fresh[:1], 'again ')
        index.wait_for_ann()
        assert ids(index, firsts[:2]) == [['again 0']] * 2


def test_filters_limits_and_exclusions(stored):
    query = sounds(1)[0][:1]
    with SqliteStore(stored, CONFIGURATION, ann=True) as index:
        index.wait_for_ann()
        odd = index.search(query, 20, filter={'parity': 1})[0]
        assert [one.tags['parity'] for one in odd] == [1] * 20
        assert ids(index, query, 1) == [['0']]
        assert ids(index, query, 1, excluded=[ClipRef('0', None)])[0] != ['0']
        assert len(ids(index, query, 1000)[0]) == 1000
        assert len(ids(index, query, 10**9)[0]) == 1000
        chunks = index.search(query, 40, distinct=False)[0]
        assert len({(one.clip_id, one.location) for one in chunks}) == 40


def test_the_graph_is_taken_up_after_a_restart_without_it(stored):
    """What changed meanwhile is noticed."""
    (before,) = graphs(stored)
    with SqliteStore(stored, CONFIGURATION) as index:
        delete(index, *(str(i) for i in range(0, 1000, 3)))
        store(index, sounds(300, seed=3), 'later ')
    assert graphs(stored) == [before]
    assert_as_exact(stored)
    (after,) = graphs(stored)
    assert after != before
    with SqliteStore(stored, CONFIGURATION, ann=True) as index:
        index.wait_for_ann()
    assert graphs(stored) == [after]


@pytest.mark.parametrize('damage', ['missing', 'truncated', 'changed', 'other'])
def test_a_graph_that_cannot_be_used_is_built_again(stored, damage):
    graph = stored.parent / graphs(stored)[0]
    if damage == 'missing':
        graph.unlink()
    elif damage == 'truncated':
        os.truncate(graph, graph.stat().st_size // 2)
    elif damage == 'changed':  # of which USearch ends the process
        content = bytearray(graph.read_bytes())
        for place in range(200, len(content), len(content) // 20):
            content[place] ^= 0xFF
        graph.write_bytes(content)
    else:
        graph.write_bytes(b'something else' * 100)
    assert_as_exact(stored)
    assert len(graphs(stored)) == 1


def test_a_graph_of_another_state_is_not_used(stored, tmp_path):
    """As when an index is put back from a copy, and other clips were stored since."""
    copy = tmp_path / 'copy.sqlite'
    copy_database(stored, copy)
    with SqliteStore(stored, CONFIGURATION, ann=True) as index:
        store(index, sounds(200, seed=4), 'lost ')
        index.wait_for_ann()
    shutil.move(copy, stored)
    with SqliteStore(stored, CONFIGURATION) as index:
        store(index, sounds(200, seed=5), 'other ')
    assert_as_exact(stored)


def test_an_empty_index(path):
    with SqliteStore(path, CONFIGURATION, ann=True) as index:
        assert ids(index, np.ones((2, DIMENSIONS), np.int8)) == [[], []]
        index.wait_for_ann()
        assert ids(index, np.ones((2, DIMENSIONS), np.int8)) == [[], []]


def test_closing_does_not_wait_for_the_graph(path):
    with SqliteStore(path, CONFIGURATION, ann=True) as index:
        store(index, sounds(1000))
    assert_as_exact(path)
