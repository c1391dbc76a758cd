"""Groups from vectors and files that are there, gone, or have nothing to compare."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audio_search.duplicates import Group, find_groups
from audio_search.duplicates import groups as module
from audio_search.roots import Roots
from audio_search.store.sqlite import SqliteStore
from audio_search.store.sqlite.reading import reading
from tests.conftest import write_tone
from tests.store.clips import CONFIGURATION, DIMENSIONS, clip, put

RATE_HZ = 16000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with SqliteStore(tmp_path / 'index.sqlite', CONFIGURATION) as store:
        yield store


def groups(store: SqliteStore) -> list[Group]:
    with reading(store.path) as index:
        return find_groups(index, Roots((store.path.parent,)))


def ids(store: SqliteStore) -> list[list[str]]:
    return [[member.id for member in group.clips] for group in groups(store)]


def kept(store: SqliteStore) -> list[str]:
    (group,) = groups(store)
    return [member.id for member in group.clips if member.keep]


def noise(seconds: float, seed: int = 0, rate_hz: int = RATE_HZ) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.1, round(seconds * rate_hz))


def near(distance: float) -> np.ndarray:
    """Four vectors, int8, some `distance` from those of near(0)."""
    rng = np.random.default_rng(0)
    base, other = rng.normal(0, 40, (2, 4, DIMENSIONS))
    cosine = 1 - distance
    mixed = cosine * base + np.sqrt(1 - cosine**2) * other
    return np.clip(np.rint(mixed), -128, 127).astype(np.int8)


def add(store: SqliteStore, name: str, samples: np.ndarray, distance: float = 0.0,
        rate_hz: int = RATE_HZ) -> None:  # fmt: skip
    path = store.path.with_name(f'{name}.wav')
    if not path.exists():
        soundfile.write(path, samples, rate_hz)
    put(store, clip(name, uri=path.name, embeddings=near(distance)))


def test_sound_decides_what_vectors_propose(store: SqliteStore) -> None:
    add(store, 'a', noise(9))
    add(store, 'other', noise(9, seed=1))
    add(store, 'copy', noise(9)[RATE_HZ // 2 :], 0.3)
    add(store, 'far', noise(9), 1.5)
    add(store, 'other copy', 0.1 * noise(9, seed=1), 0.2)
    assert ids(store) == [['a', 'copy'], ['other', 'other copy']]


def test_the_same_beginning_is_not_enough(store: SqliteStore) -> None:
    add(store, 'a', noise(9))
    add(store, 'b', np.concatenate([noise(9)[: 4 * RATE_HZ], noise(5, seed=1)]))
    assert ids(store) == []


def test_a_silent_beginning_is_not_enough_to_tell_them_apart(store: SqliteStore) -> None:
    silence = np.zeros(5 * RATE_HZ)
    for name, seed in (('a', 0), ('b', 1), ('copy', 0)):
        add(store, name, np.concatenate([silence, noise(5, seed)]))
    assert ids(store) == [['a', 'copy']]


def test_parts_of_one_recording_are_different_clips(store: SqliteStore) -> None:
    soundfile.write(store.path.with_name('rec.wav'), noise(30), RATE_HZ)
    for number, part in enumerate(('0,9', '9,18', '0.5,9', '18')):
        put(store, clip(str(number), uri=f'rec.wav#t={part}', embeddings=near(0)))
    assert ids(store) == [['0', '2']]
    assert kept(store) == ['0']


def test_where_a_file_is_gone_only_very_near_vectors_count(store: SqliteStore) -> None:
    add(store, 'a', noise(9))
    put(store, clip('gone', embeddings=near(0.02)), clip('gone, cut', embeddings=near(0.2)))
    put(store, clip('without a uri', uri='', embeddings=near(0.01)))
    assert ids(store) == [['a', 'gone', 'without a uri']]
    assert kept(store) == ['a']


def test_steady_tones_are_told_apart_by_their_vectors(store: SqliteStore) -> None:
    for name, hz, distance in (('a', 440, 0.0), ('b', 440, 0.01), ('c', 600, 0.2)):
        write_tone(store.path.with_name(f'{name}.wav'), 9, hz)
        add(store, name, np.empty(0), distance)
    assert ids(store) == [['a', 'b']]


def test_the_longest_is_kept_then_the_one_with_the_best_rate(store: SqliteStore) -> None:
    add(store, 'cut', noise(9)[RATE_HZ // 2 :], 0.1)
    add(store, 'low', noise(9))
    add(store, 'same', noise(9))
    assert kept(store) == ['low']
    high = np.repeat(noise(9), 3)  # at three times the rate
    add(store, 'high', high, 0.1, 3 * RATE_HZ)
    assert kept(store) == ['high']
    add(store, 'long', noise(9.5)[: round(9.5 * RATE_HZ)], 0.1)
    assert kept(store) == ['long']


def test_an_empty_index_has_no_groups(store: SqliteStore) -> None:
    assert groups(store) == []


def test_little_room_for_fingerprints_changes_nothing(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, 'MAX_KEPT_BYTES', 0)
    monkeypatch.setattr(module, 'BATCH_PAIRS', 1)
    for name in ('a', 'b', 'c'):
        add(store, name, noise(6))
    assert ids(store) == [['a', 'b', 'c']]
