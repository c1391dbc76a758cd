"""The map in a browser: found, heard, zoomed, selected and coloured."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import (
    new_window,
    open_map,
    place_of_dot,
    running_browser,
    search_with_clip,
    visited,
)
from tests.conftest import write_tone
from tests.running import ROOT, RunningService

LABELS = ('birds', 'churchbell', 'helicopter')


@pytest.fixture(scope='module')
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """Toy clips of three labels, of which the map is laid out."""
    folder = tmp_path_factory.mktemp('map')
    roots = f'{ROOT}:{folder}'
    with RunningService(
        folder / 'workspace', 'serve', AUDIO_SEARCH_ROOTS=roots, AUDIO_SEARCH_PAGE='on'
    ) as service:
        clips = [
            {'uri': f'toy-data/{path.name}', 'tags': {'label': label}}
            for label in LABELS
            for path in sorted((ROOT / 'toy-data').glob(f'*_{label}.mp3'))
        ]
        service.answers('/index', *clips)
        yield service


@pytest.fixture(scope='module')
def browser() -> Iterator[Browser]:
    with running_browser() as started:
        yield started


@pytest.fixture(scope='module')
def window(browser: Browser) -> Page:
    return new_window(browser)


@pytest.fixture
def page(window: Page, running: RunningService) -> Iterator[Page]:
    """The map, laid out."""
    with visited(window, running.url) as opened:
        open_map(opened, 18)
        opened.wait_for_function('window.audioSearch.clipMap.isLaidOut')
        yield opened


def dots(page: Page, what: str) -> Any:
    return page.evaluate(f'window.audioSearch.clipMap.dots.{what}')


def numbers_of(page: Page, label: str) -> list[int]:
    """The dots of a label."""
    page.locator('.as-legend button').filter(has_text=label).click()
    lit = dots(page, 'lit.join("")')
    page.locator('.as-legend button').filter(has_text=label).click()
    return [number for number, one in enumerate(lit) if one == '1']


def colour_at(page: Page, place: tuple[float, float]) -> tuple[int, ...]:
    """The pixel of the canvas at a place of the screen, when what was asked for is drawn."""
    return tuple(
        page.evaluate(
            """([x, y]) => new Promise((tell) => requestAnimationFrame(() => {
              const {canvas, context, scale} = window.audioSearch.clipMap.dots;
              const box = canvas.getBoundingClientRect();
              const [px, py] = [x - box.x, y - box.y].map((one) => Math.round(one * scale));
              requestAnimationFrame(() => tell([...context.getImageData(px, py, 1, 1).data]));
            }))""",
            place,
        )[:3]
    )


def test_a_dot_tells_its_name_and_plays(page: Page) -> None:
    number = numbers_of(page, 'birds')[0]
    x, y = place_of_dot(page, number)
    page.mouse.move(x + 1, y)
    expect(page.locator('.as-tip')).to_contain_text('_birds.mp3, birds')
    page.mouse.click(x, y)
    expect(page.locator('.as-heard')).to_contain_text('_birds.mp3, birds')
    player = page.locator('.as-listen audio').element_handle()
    page.wait_for_function('audio => !audio.paused && audio.currentTime > 0.2', arg=player)
    card, plane = (page.locator(one).bounding_box() for one in ('.as-listen', '.as-plane'))
    assert card
    assert plane
    assert card['x'] > plane['x'] + plane['width']  # beside the map
    assert card['y'] + card['height'] < 500  # and not below the fold
    heard = page.locator('.as-heard').inner_text().split(',')[0]
    page.get_by_role('button', name='Search with this', exact=True).locator('visible=true').click()
    expect(page.locator('.as-match')).to_have_count(5)
    expect(page.locator('.as-ask .as-chip-name')).to_have_text(heard)
    expect(page.locator('.as-query .as-name')).to_have_text(heard)


def test_the_keyboard_goes_from_dot_to_dot(page: Page) -> None:
    canvas = page.locator('.as-plane canvas')
    canvas.press('ArrowRight')
    first = dots(page, 'chosen')
    assert first >= 0
    canvas.press('ArrowLeft')
    canvas.press('ArrowLeft')
    reached = dots(page, 'chosen')
    assert dots(page, f'x[{reached}]') < dots(page, f'x[{first}]')
    canvas.press('Enter')
    player = page.locator('.as-listen audio').element_handle()
    page.wait_for_function('audio => !audio.paused && audio.currentTime > 0.2', arg=player)
    canvas.press('+')
    assert dots(page, 'view.zoom') == 1.5
    canvas.press('Shift+ArrowRight')
    assert dots(page, 'view.x') > 0.5
    canvas.press('0')
    assert dots(page, 'view') == {'zoom': 1, 'x': 0.5, 'y': 0.5}


def test_the_wheel_zooms_around_the_mouse_and_dragging_moves_the_map(page: Page) -> None:
    number = numbers_of(page, 'helicopter')[0]
    place = place_of_dot(page, number)
    page.mouse.move(*place)
    page.mouse.wheel(0, -400)
    page.wait_for_function('window.audioSearch.clipMap.dots.view.zoom > 2')
    zoomed = place_of_dot(page, number)
    # The browser tells whole pixels of the mouse, and zooming enlarges what they leave out.
    np.testing.assert_allclose(zoomed, place, atol=2)
    plane = page.locator('.as-plane').bounding_box()
    assert plane
    middle = plane['x'] + plane['width'] / 2, plane['y'] + plane['height'] / 2
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 60, middle[1] - 40, steps=4)
    page.mouse.up()
    np.testing.assert_allclose(place_of_dot(page, number), (zoomed[0] + 60, zoomed[1] - 40), atol=1)


def test_a_selected_area_is_listed_and_the_rest_is_dimmed(page: Page) -> None:
    birds = numbers_of(page, 'birds')
    places = np.array([place_of_dot(page, number) for number in birds])
    left, top = places.min(axis=0) - 14
    right, bottom = places.max(axis=0) + 14
    page.get_by_role('button', name='Select an area').click()
    page.mouse.move(left, top)
    page.mouse.down()
    for corner in ((right, top), (right, bottom), (left, bottom), (left, top)):
        page.mouse.move(*corner, steps=5)
    page.mouse.up()
    inside = [
        number
        for number in range(18)
        if left <= place_of_dot(page, number)[0] <= right
        and top <= place_of_dot(page, number)[1] <= bottom
    ]
    assert set(birds) <= set(inside)
    expect(page.locator('.as-picked h2')).to_have_text(f'{len(inside)} clips selected')
    expect(page.locator('.as-picked li')).to_have_count(len(inside))
    assert [n for n, lit in enumerate(dots(page, 'lit.join("")')) if lit == '1'] == inside
    names = {one.split(',')[0] for one in page.locator('.as-picked li').all_inner_texts()}
    page.locator('.as-picked li button').filter(has_text='birds').first.click()
    expect(page.locator('.as-heard')).to_contain_text('birds')
    page.get_by_role('button', name='Search only among these').click()
    expect(page.get_by_text(f'only among the {len(inside)} clips')).to_be_visible()
    search_with_clip(page, '114_churchbell')
    expect(page.locator('.as-match .as-label').first).to_be_visible()
    assert set(page.locator('.as-match .as-name').all_inner_texts()) <= names
    page.get_by_role('button', name='Search all', exact=True).click()
    expect(page.locator('.as-among')).to_be_hidden()
    page.get_by_role('tab', name='Map').click()
    page.get_by_role('button', name='End the selection').click()
    assert dots(page, 'lit.join("")') == '1' * 18
    expect(page.locator('.as-picked')).to_be_hidden()


def test_the_legend_counts_finds_and_shows_only_some(page: Page) -> None:
    legend = page.locator('.as-legend button')
    expect(legend).to_have_text([f'{label} 6' for label in LABELS])
    page.get_by_role('searchbox', name='Find in the legend').fill('HELI')
    expect(legend).to_have_text(['helicopter 6'])
    legend.click()
    expect(legend).to_have_attribute('aria-pressed', 'true')
    assert dots(page, 'lit.join("")').count('1') == 6


def test_dots_are_coloured_by_what_is_chosen(page: Page) -> None:
    number = numbers_of(page, 'birds')[0]
    place = place_of_dot(page, number)
    by_label = colour_at(page, place)
    page.get_by_role('combobox', name='Colour by').select_option('folder')
    expect(page.locator('.as-legend button')).to_have_text(['toy-data 18'])
    page.get_by_role('combobox', name='Colour by').select_option('word')
    expect(page.locator('.as-legend button')).to_have_text([f'{label} 6' for label in LABELS])
    page.get_by_role('combobox', name='Colour by').select_option('date')
    expect(page.locator('.as-legend button')).to_have_text(['none 18'])
    grey = colour_at(page, place)
    assert max(grey) - min(grey) < 20
    assert max(by_label) - min(by_label) > 60


def test_what_is_indexed_meanwhile_comes_onto_the_map(page: Page, running: RunningService) -> None:
    folder = Path(running.workspace).parent
    write_tone(folder / '20240512_043000.wav', 5)
    (clip,) = running.answers('/index', {'uri': '20240512_043000.wav', 'tags': {'label': 'tone'}})
    try:
        page.wait_for_function('window.audioSearch.clipMap.dots.x.length === 19')
        expect(page.locator('.as-map-state')).to_contain_text('1 of 19 clips lie where')
        page.get_by_role('combobox', name='Colour by').select_option('date')
        expect(page.locator('.as-legend button')).to_have_text(['none 18', '2024-05-12 1'])
        (folder / '20240512_043000.wav').unlink()
        page.locator('.as-legend button').filter(has_text='2024').click()
        page.locator('.as-plane canvas').press('ArrowRight')
        page.locator('.as-plane canvas').press('Enter')
        expect(
            page.get_by_text('The file of this clip is gone.').locator('visible=true')
        ).to_be_visible()
    finally:
        running.post('/delete', ids=[clip['id']])
    page.wait_for_function('window.audioSearch.clipMap.dots.x.length === 18')
