"""The pairs that the vectors propose, against a plain computation of all of them."""

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from audio_search.duplicates import candidates
from audio_search.duplicates.candidates import candidate_pairs
from audio_search.store import Clip
from audio_search.store.sqlite import SqliteStore
from audio_search.store.sqlite.reading import reading
from tests.store.clips import CONFIGURATION, DIMENSIONS, clip, put


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with SqliteStore(tmp_path / 'index.sqlite', CONFIGURATION) as store:
        yield store


def pairs(store: SqliteStore, max_distance: float = 2.0, per_clip: int = 100) -> dict:
    """The distance of each pair of ids."""
    numbers = dict(enumerate([entry.id for entry in store.page(0, 10**6)[0]], 1))
    with reading(store.path) as index:
        found = candidate_pairs(index, max_distance, per_clip)
    assert [pair.distance for pair in found] == sorted(pair.distance for pair in found)
    return {(numbers[pair.first], numbers[pair.second]): pair.distance for pair in found}


def mean_distance(first: Clip, second: Clip) -> float:
    distances = []
    for ours, theirs in zip(first.embeddings, second.embeddings, strict=False):
        ours, theirs = ours.astype(float), theirs.astype(float)
        norms = np.linalg.norm(ours) * np.linalg.norm(theirs)
        if ours.any() or theirs.any():
            distances.append(1 - (ours @ theirs / norms if norms else 0.0))
    return float(np.mean(distances)) if distances else np.inf


@pytest.mark.parametrize('block_rows', [8192, 7, 1])
def test_every_pair_is_compared_whatever_the_blocks(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch, block_rows: int
) -> None:
    monkeypatch.setattr(candidates, 'BLOCK_ROWS', block_rows)
    clips = [clip(f'{chunks}{name}', chunks) for name in 'abcd' for chunks in (1, 2, 3, 5)]
    put(store, *clips)
    expected = {
        (first.id, second.id): mean_distance(first, second)
        for place, first in enumerate(clips)
        for second in clips[place + 1 :]
        if abs(first.chunk_count - second.chunk_count) <= 1
    }
    found = pairs(store)
    assert found.keys() == expected.keys()
    for names, distance in found.items():
        assert distance == pytest.approx(expected[names], abs=1e-5)


def test_silent_windows_say_nothing(store: SqliteStore) -> None:
    sound = np.random.default_rng(0).integers(-128, 128, (3, DIMENSIONS)).astype(np.int8)
    half = sound.copy()
    half[1] = 0
    silent = np.zeros_like(sound)
    put(
        store,
        clip('half', embeddings=half),
        clip('copy', embeddings=half.copy()),
        clip('silent', embeddings=silent),
        clip('silent too', embeddings=silent.copy()),
    )
    found = pairs(store)
    assert found['half', 'copy'] == pytest.approx(0, abs=1e-6)
    assert found['half', 'silent'] == pytest.approx(1)
    assert ('silent', 'silent too') not in found


def test_of_each_clip_the_nearest_are_kept(store: SqliteStore) -> None:
    put(store, *(clip(str(number)) for number in range(12)))
    every, near = pairs(store), pairs(store, per_clip=2)
    for number in map(str, range(12)):
        own = sorted((distance, pair) for pair, distance in every.items() if number in pair)
        assert {pair for _, pair in own[:2]} <= near.keys()
    assert len(near) <= 2 * 12
    assert all(distance <= 0.9 for distance in pairs(store, max_distance=0.9).values())


def test_nothing_to_compare(store: SqliteStore) -> None:
    assert pairs(store) == {}
    put(store, clip('alone'))
    assert pairs(store) == {}


def test_memory_is_bounded_by_blocks(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, 'BLOCK_ROWS', 256)
    same = clip('0').embeddings
    put(store, *(clip(str(number), embeddings=same) for number in range(2000)))
    tracemalloc.start()
    found = pairs(store, per_clip=5)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(found) >= 2000
    assert peak < 16e6  # all pairs would be 48 MB
