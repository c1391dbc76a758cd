"""Recordings on the page: where a sound occurs inside one, and looking along it."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from playwright.sync_api import Browser, Locator, Page, expect

from audio_search.audio import decoding
from tests.browser import give_own_sound, new_window, running_browser, search_with_clip, visited
from tests.conftest import RATE_HZ
from tests.running import ROOT, RunningService

BIRD = ROOT / 'toy-data' / '144_birds.mp3'
BEGIN_S = 84.5
NIGHT = 'SITE_20240512_043000.wav'
QUIET = 'quiet.wav'


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two minutes of hiss in which two seconds of a bird are heard, a minute without, and those
    two seconds as a sound of their own."""
    made = tmp_path_factory.mktemp('recordings')
    rng = np.random.default_rng(1)
    samples = rng.normal(0, 0.01, 120 * RATE_HZ).astype(np.float32)
    bird = decoding.load(BIRD, 1, 3)
    bird *= 0.1 / np.sqrt((bird**2).mean())
    first = round(BEGIN_S * RATE_HZ)
    samples[first : first + len(bird)] += bird
    soundfile.write(made / NIGHT, samples, RATE_HZ, subtype='PCM_16')
    quiet = rng.normal(0, 0.01, 60 * RATE_HZ).astype(np.float32)
    soundfile.write(made / QUIET, quiet, RATE_HZ, subtype='PCM_16')
    (made / 'own').mkdir()
    soundfile.write(made / 'own' / 'bird.wav', bird, RATE_HZ, subtype='PCM_16')
    return made


@pytest.fixture(scope='module')
def running(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    workspace = tmp_path_factory.mktemp('inside') / 'workspace'
    with RunningService(
        workspace, 'serve', AUDIO_SEARCH_ROOTS=f'{ROOT}:{folder}', AUDIO_SEARCH_PAGE='on'
    ) as service:
        service.answers(
            '/index',
            {'uri': NIGHT},
            {'uri': QUIET},
            {'uri': 'toy-data/144_birds.mp3', 'tags': {'label': 'birds'}},
        )
        yield service


@pytest.fixture(scope='module')
def browser() -> Iterator[Browser]:
    with running_browser() as started:
        yield started


@pytest.fixture(scope='module')
def window(browser: Browser) -> Page:
    return new_window(browser)


BOTH_WIDTHS = pytest.mark.parametrize('page', [1400, 400], indirect=True)


@pytest.fixture
def page(window: Page, running: RunningService, request: pytest.FixtureRequest) -> Iterator[Page]:
    """At a width of 1400 px, or what a test asks for."""
    width = getattr(request, 'param', 1400)
    with visited(window, running.url, width) as opened:
        yield opened
        assert opened.evaluate('document.documentElement.scrollWidth') <= width


def match(page: Page, name: str) -> Locator:
    return page.locator('.as-match').filter(has_text=name)


def find_inside(place: Locator) -> None:
    place.get_by_role('button', name='Find your sound inside').click()


def in_library(page: Page, name: str) -> Locator:
    page.get_by_role('tab', name='Library').click()
    return page.locator('tr').filter(has_text=name)


@BOTH_WIDTHS
def test_the_places_of_an_own_sound_are_drawn_and_played(page: Page, folder: Path) -> None:
    give_own_sound(page, folder / 'own' / 'bird.wav')
    expect(page.locator('.as-query .as-name')).to_have_text('bird.wav')
    find_inside(match(page, NIGHT))
    timeline = page.locator('.tl')
    expect(timeline).to_contain_text('1 place in 2:00, recorded from 2024-05-12 04:30:00 on')
    expect(timeline.locator('.tl-strip button')).to_have_count(1)
    row = timeline.locator('tbody tr')
    expect(row).to_contain_text(re.compile(r'1:2[45]\.\d – 1:2[67]\.\d'))
    expect(row).to_contain_text('2024-05-12 04:31:2')
    row.get_by_role('button', name='Play').click()
    audio = timeline.locator('audio')
    expect(audio).to_have_js_property('paused', value=False)
    assert BEGIN_S - 1 < audio.evaluate('audio => audio.currentTime') < BEGIN_S + 3
    expect(audio).to_have_js_property('paused', value=True)  # where the place ends


@BOTH_WIDTHS
def test_begin_and_end_are_told_from_the_sound_on_request(page: Page, folder: Path) -> None:
    give_own_sound(page, folder / 'own' / 'bird.wav')
    expect(page.locator('.as-query .as-name')).to_have_text('bird.wav')
    find_inside(match(page, NIGHT))
    page.get_by_role('button', name='Tell begin and end more exactly').click()
    expect(page.locator('#as-inside')).to_contain_text('are told from the sound itself')
    expect(page.locator('.tl tbody tr')).to_contain_text('1:24.5 – 1:26.5')
    expect(page.get_by_role('button', name='Tell begin and end more exactly')).to_have_count(0)


def test_a_longer_sound_counts_as_a_whole_and_then_by_the_part_that_matched(page: Page) -> None:
    search_with_clip(page, '144_birds')
    find_inside(match(page, NIGHT))
    expect(page.locator('.tl')).to_contain_text('1 place in 2:00')
    find_inside(match(page, QUIET))
    expect(page.locator('#as-inside')).to_contain_text('Your sound as a whole occurs nowhere in it')
    expect(page.locator('.tl')).to_contain_text('The sound was not found in this recording')
    search_with_clip(page, NIGHT)
    expect(page.locator('.tl')).to_have_count(0)  # it was of the search before


def test_where_nothing_is_found_or_nothing_was_searched_it_says_so(page: Page) -> None:
    page.get_by_role('button', name='Start anew').click()
    expect(page.locator('.as-match')).to_have_count(0)
    find_inside(in_library(page, QUIET))
    expect(page.locator('#as-inside').get_by_role('alert')).to_have_text(
        'Search with a sound first; then it can be found inside a recording.'
    )
    search_with_clip(page, '144_birds')
    expect(page.locator('.as-match').first).to_be_visible()
    find_inside(in_library(page, QUIET))
    expect(page.locator('.tl')).to_contain_text('The sound was not found in this recording')
    expect(page.get_by_role('tab', name='Search')).to_have_attribute('aria-selected', 'true')


@BOTH_WIDTHS
def test_a_strip_leads_along_a_recording(page: Page) -> None:
    search_with_clip(page, '144_birds')
    match(page, NIGHT).get_by_role('button', name='Compare').click()
    heat = page.locator('#as-heat')
    bars = heat.locator('.as-strip button')
    expect(bars).to_have_count(59)  # a bar for each window, of which there are few
    expect(heat).to_contain_text('Those around the nearest pair are shown, of 4 × 59.')
    best = heat.locator('.as-best')
    expect(best).to_be_in_viewport()
    begins = heat.locator('thead th')
    nearest = begins.all_inner_texts()
    bars.first.click()
    expect(heat).to_contain_text('Those around that place are shown')
    expect(begins.first).to_have_text('0 – 4 s')
    expect(heat.get_by_role('button', name='Earlier')).to_be_disabled()
    heat.get_by_role('button', name='Later').click()
    expect(begins.first).not_to_have_text('0 – 4 s')
    assert begins.all_inner_texts() != nearest
    cell = heat.locator('td button').first
    cell.click()
    expect(heat.locator('audio')).to_have_js_property('paused', value=False)
