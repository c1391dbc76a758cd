"""The map follows the index: over a real store, and the real process that lays it out."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from audio_search.clip_map import kept as files
from audio_search.clip_map.kept import Kept
from audio_search.service.clip_map import ClipMap, View
from audio_search.service.pipeline import ExecutorDown
from audio_search.service.views import ListedClip
from audio_search.store import Clip
from audio_search.store.sqlite import SqliteStore
from tests.service.fake_pipeline import Running, running
from tests.service.map_pipeline import MapPipeline
from tests.store.clips import CONFIGURATION, DIMENSIONS, clip, put

GIVE_UP_S = 120
GROUPS = 3


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with SqliteStore(tmp_path / 'index.sqlite', CONFIGURATION) as opened:
        yield opened


@pytest.fixture
def here(tmp_path: Path, store: SqliteStore) -> Running:
    made = running(tmp_path)
    made.pipeline = MapPipeline(made.pipeline.roots, store)
    made.service.pipeline = made.pipeline
    return made


def sounds(numbers: range, **tags: str) -> list[Clip]:
    """Clips that sound like every third of them."""
    centres = np.random.default_rng(5).integers(-90, 90, (GROUPS, DIMENSIONS))
    return [
        clip(
            f'clip {number}',
            tags={'label': str(number % GROUPS), **tags},
            embeddings=(
                centres[number % GROUPS]
                + np.random.default_rng(number).integers(-9, 9, (2, DIMENSIONS))
            ).astype(np.int8),
        )
        for number in numbers
    ]


async def settled(clip_map: ClipMap) -> View:
    """The map when nothing is being done for it."""
    for _ in range(GIVE_UP_S * 10):
        view = await clip_map.view()
        if view.progress is None:
            return view
        await asyncio.sleep(0.1)
    raise AssertionError('the map is not ready')


async def shown(clip_map: ClipMap) -> Kept:
    kept = (await settled(clip_map)).kept
    assert kept
    return kept


def nearest_label(kept: Kept, id_: str) -> str:
    """The label of the dot nearest to a clip's."""
    row = kept.listed.ids.index(id_)
    distances = np.square(kept.points - kept.points[row]).sum(axis=1)
    distances[row] = np.inf
    column = kept.listed.columns['label']
    return column.values[column.codes[int(distances.argmin())]]


def read(here: Running) -> list[str]:
    assert isinstance(here.pipeline, MapPipeline)
    found, here.pipeline.read = here.pipeline.read, []
    return found


def test_the_map_follows_the_index(here: Running, store: SqliteStore) -> None:
    """Laid out once; then new clips are placed among the others, others leave or change."""

    async def scenario() -> None:
        clip_map = ClipMap(here.service)
        put(store, *sounds(range(60)))
        first = await shown(clip_map)
        assert first.laid_out.all()
        assert len(read(here)) == 60

        before = (await clip_map.view()).version
        assert (await settled(clip_map)).version == before  # nothing changed

        put(store, *sounds(range(60, 63)))
        with store.transaction() as transaction:
            transaction.delete('clip 0')
            transaction.replace_tags('clip 1', {'label': 'other'})
        second = await shown(clip_map)
        assert read(here) == ['clip 60', 'clip 61', 'clip 62']
        assert second.listed.ids == [f'clip {n}' for n in range(1, 63)]
        assert second.laid_out.tolist() == [True] * 59 + [False] * 3
        np.testing.assert_array_equal(second.points[:59], first.points[1:])
        assert [nearest_label(second, f'clip {n}') for n in (60, 61, 62)] == ['0', '1', '2']
        assert second.listed.columns['label'].values == ['2', '0', '1', 'other']
        assert clip_map.named(before, [0]) is None
        named = clip_map.named((await clip_map.view()).version, [61, 62, -1])
        assert named == [('clip 62', 'clip 62.wav', 61)]

        changed = sounds(range(60, 61))[0]
        changed.embeddings = sounds(range(61, 62))[0].embeddings
        changed.source = {'size': 4}
        put(store, changed)
        assert nearest_label(await shown(clip_map), 'clip 60') == '1'

        clip_map.rebuild()
        assert (await shown(clip_map)).laid_out.all()
        assert len(read(here)) == 1 + 62

    asyncio.run(scenario())


def test_the_map_outlives_the_service_and_belongs_to_its_index(
    here: Running, store: SqliteStore
) -> None:
    async def scenario() -> None:
        put(store, *sounds(range(10)))
        first = await shown(ClipMap(here.service))
        read(here)
        again = await shown(ClipMap(here.service))
        np.testing.assert_array_equal(again.points, first.points)
        assert again.listed.ids == first.listed.ids
        assert read(here) == []

        here.pipeline.model_sha256 = '1' * 64
        await shown(ClipMap(here.service))
        assert len(read(here)) == 10

        file = here.settings.workspace / 'map' / 'map.npz'
        file.write_bytes(file.read_bytes()[:500])
        await shown(ClipMap(here.service))
        assert len(read(here)) == 10

    asyncio.run(scenario())


@pytest.mark.parametrize('count', [0, 1, 5])
def test_few_clips_lie_on_a_plane(here: Running, store: SqliteStore, count: int) -> None:
    async def scenario() -> None:
        put(store, *sounds(range(count)))
        kept = await shown(ClipMap(here.service))
        assert kept.points.shape == (count, 2)
        assert not kept.is_laid_out
        assert np.isfinite(kept.points).all()

    asyncio.run(scenario())


def test_a_map_that_outgrew_what_was_laid_out_is_laid_out_anew(
    here: Running, store: SqliteStore
) -> None:
    async def scenario() -> None:
        clip_map = ClipMap(here.service)
        put(store, *sounds(range(12)))
        assert (await shown(clip_map)).laid_out.sum() == 12
        put(store, *sounds(range(12, 24)))
        assert (await shown(clip_map)).laid_out.sum() == 12
        put(store, *sounds(range(24, 25)))
        assert (await shown(clip_map)).laid_out.sum() == 25

    asyncio.run(scenario())


def test_an_indexer_that_is_down_is_the_problem_until_it_is_back(
    here: Running, store: SqliteStore
) -> None:
    async def scenario() -> None:
        clip_map = ClipMap(here.service)
        put(store, *sounds(range(5)))
        here.pipeline.down = 'indexer'
        view = await settled(clip_map)
        assert isinstance(view.problem, ExecutorDown)
        assert view.kept is None
        here.pipeline.down = ''
        view = await settled(clip_map)
        assert view.problem is None
        assert view.kept

    asyncio.run(scenario())


def test_a_layout_that_fails_leaves_the_plane_and_is_tried_again_on_request(
    here: Running, store: SqliteStore
) -> None:
    async def scenario() -> None:
        clip_map = ClipMap(here.service)
        put(store, *sounds(range(15)))
        folder = here.settings.workspace / 'map'
        (folder / 'given.npy').mkdir(parents=True)  # in the way of the vectors
        view = await settled(clip_map)
        assert isinstance(view.problem, OSError)
        assert view.kept
        assert not view.kept.is_laid_out
        (folder / 'given.npy').rmdir()
        assert (await settled(clip_map)).problem
        clip_map.rebuild()
        view = await settled(clip_map)
        assert view.problem is None
        assert view.kept
        assert view.kept.laid_out.all()

    asyncio.run(scenario())


def test_listed_clips_have_their_places_on_the_map(here: Running, store: SqliteStore) -> None:
    async def scenario() -> None:
        put(store, *sounds(range(4)))
        listed = [ListedClip(id_, None, {}, 2) for id_ in ('clip 3', 'clip 0', 'none')]
        last, first, none = await here.service.map.with_points(listed)
        kept = (await settled(here.service.map)).kept
        assert kept
        assert last.point == tuple(kept.points[3].tolist())
        assert first.point == tuple(kept.points[0].tolist())
        assert none.point is None
        put(store, *sounds(range(4, 5)))
        (new,) = await here.service.map.with_points([ListedClip('clip 4', None, {}, 2)])
        assert new.point
        here.pipeline.down = 'indexer'
        with pytest.raises(ExecutorDown):
            await here.service.map.with_points(listed)

    asyncio.run(scenario())


def test_a_file_of_another_format_is_no_map(tmp_path: Path) -> None:
    assert files.load(tmp_path / 'map.npz') is None
    np.savez(tmp_path / 'map.npz', about=np.frombuffer(b'{"format": 0}', np.uint8))
    assert files.load(tmp_path / 'map.npz') is None
