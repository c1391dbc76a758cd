"""Indexes that are moved from a file to Milvus and back."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audio_search.moving import MoveError, move
from audio_search.store import StorageError
from audio_search.store.judgements import Judgement, SavedSearch
from audio_search.store.milvus.store import MilvusStore
from audio_search.store.sqlite import SqliteStore
from tests.store.clips import CONFIGURATION, clip, put, stored_ids

NAMES = [f'clip {number}' for number in range(30)]
TIME = '2026-11-29T09:00:00.000Z'
JUDGEMENTS = [
    Judgement('clip 1', 'bell', 'right', TIME, part=(0.0, 4.5), by='Ann'),
    Judgement('clip 2', 'bell', 'wrong', TIME),
]
SEARCH = SavedSearch('bells', TIME, {'label': 'bell', 'words': 'church bell'})


@pytest.fixture
def file(tmp_path: Path) -> SqliteStore:
    store = SqliteStore(tmp_path / 'index.sqlite', CONFIGURATION)
    clips = [
        replace(clip(name, 1 + number % 5, tags={'n': number}), words=(('Bark', 0.5),))
        for number, name in enumerate(NAMES)
    ]
    clips[3].chunk_tags = {1: {'padded': True}}
    clips[4].embeddings[0] = 0
    put(store, *clips)
    with store.transaction() as transaction:
        for judgement in JUDGEMENTS:
            transaction.put_judgement(judgement)
        transaction.put_search(SEARCH)
    return store


def nobody(done: int, total: int) -> None:
    pass


def test_there_and_back(
    file: SqliteStore,
    open_milvus: Callable[..., MilvusStore],
    tmp_path: Path,
) -> None:
    told = []
    with closing(file), closing(open_milvus(CONFIGURATION)) as milvus:
        moved = move(file, milvus, lambda *so_far: told.append(so_far))
        assert (moved.stored, moved.unchanged, moved.searches) == (30, 0, 20)
        assert (moved.judgements, moved.saved_searches) == (2, 1)
        assert told[-1] == (30, 30)
        with closing(SqliteStore(tmp_path / 'back.sqlite', CONFIGURATION)) as back:
            move(milvus, back, nobody)
            assert back.judgements(0, 9) == (JUDGEMENTS, 2)
            assert back.searches() == [SEARCH]
            assert stored_ids(back) == stored_ids(milvus) == NAMES
            for name in NAMES:
                was, now = file.clip(name), back.clip(name)
                assert was
                assert now
                np.testing.assert_array_equal(now.embeddings, was.embeddings)
                np.testing.assert_array_equal(now.locations, was.locations)
                assert (now.uri, now.tags, now.source) == (was.uri, was.tags, was.source)
                assert (now.chunk_tags, now.words) == (was.chunk_tags, was.words)
                assert now.sample_rate == was.sample_rate


def test_a_run_that_was_ended_goes_on(file: SqliteStore, tmp_path: Path) -> None:
    class Ended(Exception):
        pass

    class HalfWay(SqliteStore):
        """Ends the run as a kill would, when some clips are stored."""

        def find_many(self, names):
            found = super().find_many(names)
            if not self.counts()[0]:
                put(self, *(file.clip(name) for name in NAMES[:11]))
                raise Ended
            return found

    with closing(file), closing(HalfWay(tmp_path / 'target.sqlite', CONFIGURATION)) as target:
        with pytest.raises(Ended):
            move(file, target, nobody)
        moved = move(file, target, nobody)
        assert (moved.stored, moved.unchanged) == (19, 11)
        again = move(file, target, nobody)
        assert (again.stored, again.unchanged) == (0, 30)
        assert stored_ids(target) == NAMES


def test_a_target_with_other_clips_is_said(file: SqliteStore, tmp_path: Path) -> None:
    with closing(file), closing(SqliteStore(tmp_path / 'target.sqlite', CONFIGURATION)) as target:
        put(target, clip('of another index'))
        with pytest.raises(MoveError, match=r'31 clips .* and .* 30 with'):
            move(file, target, nobody)


def test_what_cannot_be_written_is_said(
    file: SqliteStore,
    open_milvus: Callable[..., MilvusStore],
) -> None:
    too_large = clip('large', tags={'text': 'a' * 70_000})
    with closing(file), closing(open_milvus(CONFIGURATION)) as milvus:
        put(file, too_large)
        with pytest.raises(StorageError, match='Milvus cannot keep large: its tags take more'):
            move(file, milvus, nobody)
