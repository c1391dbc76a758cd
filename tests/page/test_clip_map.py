"""What the browser reads of the map, over a service whose index is a real store."""

import asyncio
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fastapi import FastAPI

from audio_search.clip_map.columns import Column
from audio_search.clip_map.kept import Kept, Listed
from audio_search.clip_map.running import LayoutFailed
from audio_search.clip_map.space import Space
from audio_search.errors import Kind, RequestError
from audio_search.page.clip_map import (
    LAYOUT_FAILED,
    MAX_NAMED,
    TITLES,
    add_map,
    dots_of,
    spread,
    state_of,
)
from audio_search.page.colours import COLOURS, LabelColours
from audio_search.service.clip_map import ClipMap, Progress, View
from audio_search.store.sqlite import SqliteStore
from tests.http.asgi import client
from tests.service.fake_pipeline import running
from tests.service.map_pipeline import MapPipeline
from tests.store.clips import CONFIGURATION, clip, put


def kept(labels: list[str], points: list[tuple[float, float]] | None = None) -> Kept:
    values = sorted(set(labels))
    label = Column(values, np.array([values.index(one) for one in labels], np.uint16))
    count = len(labels)
    other = Column([''], np.zeros(count, np.uint16))
    listed = Listed(
        ids=[f'id {n}' for n in range(count)],
        names=[f'{n}.wav' for n in range(count)],
        prints=np.zeros(count, np.uint32),
        columns={name: label if name == 'label' else other for name in TITLES},
    )
    places = np.array(points or [(n, n) for n in range(count)], np.float32).reshape(-1, 2)
    nothing = np.zeros((count, 2), np.float16)
    space = Space(np.zeros(2, np.float32), np.eye(2, dtype=np.float32))
    return Kept('index', 1, listed, space, nothing, places, np.ones(count, bool))


def view(
    of: Kept | None, progress: Progress | None = None, problem: Exception | None = None
) -> View:
    return View('v', of, progress, problem)


@pytest.mark.parametrize('is_plane', [True, False])
def test_dots_lie_as_their_points_do(is_plane: bool) -> None:
    points = np.array([(0.0, 0.0), (1.0, 2.0), (-3.0, 1.0), (100.0, -50.0)])
    found = spread(points, is_plane)
    assert found.min() >= 0
    assert found.max() <= 1
    np.testing.assert_array_equal(np.argsort(found[:, 0]), np.argsort(points[:, 0]))
    np.testing.assert_array_equal(np.argsort(found[:, 1]), np.argsort(-points[:, 1]))


def test_a_layout_keeps_its_shape() -> None:
    found = spread(np.array([(0.0, 0.0), (4.0, 0.0), (0.0, 1.0)]), is_plane=False)
    np.testing.assert_allclose(found, [(0, 0.625), (1, 0.625), (0, 0.375)])


@pytest.mark.parametrize('point', [(0.0, 0.0), (5.0, -1.0)])
def test_a_single_clip_lies_in_the_middle(point: tuple[float, float]) -> None:
    np.testing.assert_array_equal(spread(np.array([point]), is_plane=True), [[0.5, 0.5]])


def test_dots_are_arrays_of_16_bits() -> None:
    dots = np.frombuffer(dots_of(kept(['b', 'a', 'b'], [(0, 0), (2, 1), (1, 2)])), '<u2')
    x, y, label, *others = dots.reshape(2 + len(TITLES), 3)
    assert x.tolist() == [0, 65535, 32767]
    assert y.tolist() == [65535, 32767, 0]
    assert label.tolist() == [1, 0, 1]
    assert not np.any(others)


def test_the_legend_counts_and_has_the_colours_of_the_page() -> None:
    colours = LabelColours()
    assert colours.of('bird') == COLOURS[0]
    told = state_of(view(kept(['bell', 'bird', 'bird', ''])), colours)
    assert told['columns'][0]['values'] == [['', 1, -1], ['bell', 1, 1], ['bird', 2, 0]]
    assert [column['name'] for column in told['columns']] == list(TITLES)
    assert [column['name'] for column in told['columns'] if column['is_ordered']] == ['date']


def test_how_many_were_placed_and_not_laid_out() -> None:
    made = kept(['a'] * 4)
    some = replace(made, laid_out=np.array([True, True, True, False]))
    none = replace(made, laid_out=np.zeros(4, bool))
    for one, laid_out, placed in ((made, 4, 0), (some, 3, 1), (none, 0, 0)):
        told = state_of(view(one), LabelColours())
        assert (told['total'], told['laid_out'], told['placed']) == (4, laid_out, placed)


def test_what_is_done_and_what_went_wrong_are_sentences() -> None:
    told = state_of(view(None, Progress('reading', 0.304)), LabelColours())
    assert (told['total'], told['doing']) == (None, 'Reading the clips: 30% done.')
    told = state_of(view(kept(['a']), Progress('laying out', 1)), LabelColours())
    assert told['doing'] == 'Laying out the map: 100% done.'
    for problem, sentence in (
        (LayoutFailed('Traceback'), LAYOUT_FAILED),
        (OSError('disk'), LAYOUT_FAILED),
        (RequestError(Kind.STORAGE, 'no room'), 'no room.'),
    ):
        assert state_of(view(None, problem=problem), LabelColours())['problem'] == sentence


def test_the_browser_reads_dots_and_asks_for_names(tmp_path: Path) -> None:
    async def scenario(app: FastAPI) -> None:
        async with client(app) as http:
            told = (await http.get('/ui/map/state')).json()
            assert told['total'] == 3
            dots = await http.get('/ui/map/dots')
            assert dots.headers['x-map-version'] == told['version']
            assert len(dots.content) == 2 * 3 * (2 + len(TITLES))
            asked = {'version': told['version'], 'numbers': [2, 0, 3]}
            found = (await http.post('/ui/map/clips', json=asked)).json()['clips']
            assert [(one['number'], one['id'], one['name'], one['src']) for one in found] == [
                (2, 'c/d', 'c/d.wav'.rpartition('/')[2], '/audio/c%2Fd'),
                (0, 'a', 'a.wav', '/audio/a'),
            ]
            asked['version'] = 'another'
            assert (await http.post('/ui/map/clips', json=asked)).json() == {'clips': None}
            many = {'version': '', 'numbers': [0] * (MAX_NAMED + 1)}
            assert (await http.post('/ui/map/clips', json=many)).status_code == 422

    with SqliteStore(tmp_path / 'index.sqlite', CONFIGURATION) as store:
        put(store, clip('a'), clip('b'), clip('c/d'))
        here = running(tmp_path)
        here.service.pipeline = MapPipeline(here.pipeline.roots, store)
        app = FastAPI()
        add_map(app, ClipMap(here.service), LabelColours())
        asyncio.run(scenario(app))
