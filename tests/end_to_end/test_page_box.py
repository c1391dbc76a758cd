"""The box at the top of the page, its examples, and the address that remembers them."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser import (
    GIVE_UP_MS,
    choose_clip,
    give_own_sound,
    open_page,
    search_with_clip,
)
from tests.conftest import write_tone
from tests.running import RunningService

# Of text on its background, by WCAG 2.2.
CONTRAST_JS = """(element) => {
  const parts = (colour) => {
    const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const behind = (one) => {
    const colour = parts(getComputedStyle(one).backgroundColor);
    return colour[3] === 255 || !one.parentElement ? colour : behind(one.parentElement);
  };
  const light = (colour) => {
    const [r, g, b] = colour.slice(0, 3).map((one) => one / 255)
      .map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [one, other] = [light(parts(getComputedStyle(element).color)), light(behind(element))];
  return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
}"""


@pytest.fixture
def page(toy_page: Page) -> Page:
    return toy_page


def chips(page: Page) -> Locator:
    return page.locator('.as-ask .as-chip')


def asked(page: Page, name: str) -> None:
    """Wait until that was searched with."""
    expect(page.locator('.as-query .as-name')).to_have_text(name)


def test_it_opens_with_a_search_and_examples(page: Page) -> None:
    expect(chips(page)).to_have_count(1)
    expect(page.locator('.as-match')).to_have_count(5)
    tries = page.locator('.as-try')
    hints = tries.locator('.as-faint').all_inner_texts()
    assert {'birds', 'churchbell', 'helicopter', 'words'} == set(hints)
    tries.filter(has_text='birds').first.click()
    expect(page.locator('.as-match .as-label').first).to_have_text('birds')
    expect(chips(page)).to_have_count(1)  # in the place of the one that was offered


def test_words_are_searched_for(page: Page) -> None:
    choose_clip(page, 'helicopters')
    expect(page.locator('.as-query')).to_contain_text('Searched for the sound of: Helicopter.')
    expect(chips(page)).to_have_text(re.compile('“helicopters”'))
    assert page.locator('.as-match .as-label').all_inner_texts() == ['helicopter'] * 5
    box = page.get_by_role('combobox', name='Search for')
    page.get_by_role('button', name='Start anew').click()
    box.fill('helicoptre')
    expect(
        page.locator('#as-suggestions').get_by_role('option').filter(has_text='Helicopter').first
    ).to_be_visible()
    box.fill('xyzzyx qwfp')
    box.press('Enter')
    expect(page.get_by_role('alert')).to_contain_text('names no sound that is known')


def test_a_path_is_pasted(page: Page, sounds: Path) -> None:
    tone = write_tone(sounds / 'pasted tone.wav', 5)
    for path in ('toy-data/181_piano.mp3', str(tone)):
        page.get_by_role('button', name='Start anew').click()
        box = page.get_by_role('combobox', name='Search for')
        box.fill(path)
        box.press('Enter')
        asked(page, Path(path).name)


def test_the_address_leads_to_the_search_again(page: Page, toy_service: RunningService) -> None:
    search_with_clip(page, '114_churchbell')
    page.get_by_role('spinbutton', name='Number of results').fill('3')
    page.get_by_role('spinbutton', name='Number of results').press('Tab')
    expect(page.locator('.as-match')).to_have_count(3)
    box = page.get_by_role('combobox', name='Only these labels')
    box.fill('birds')
    box.press('Enter')
    expect(page.locator('.as-match .as-label').first).to_have_text('birds')
    found = page.locator('.as-match .as-name').all_inner_texts()
    other = page.context.new_page()
    other.goto(page.url)
    asked(other, '114_churchbell.mp3')
    expect(other).to_have_title('114_churchbell.mp3 – Audio search')
    expect(chips(other)).to_have_text(re.compile('114_churchbell.mp3'))
    expect(other.locator('.as-match')).to_have_count(3)
    assert other.locator('.as-match .as-name').all_inner_texts() == found
    expect(other.get_by_role('spinbutton', name='Number of results')).to_have_value('3')
    other.close()
    page.go_back()
    expect(page.locator('.as-match .as-label').first).to_have_text('churchbell')
    page.get_by_role('tab', name='Library').click()
    expect(page).to_have_url(re.compile('tab=library'))
    page.go_back()
    expect(page.get_by_role('tab', name='Search')).to_have_attribute('aria-selected', 'true')
    asked(page, '114_churchbell.mp3')


def test_search_with_this_shows_a_name_wherever_it_is_pressed(page: Page) -> None:
    row = page.locator('.as-match').nth(1)
    name = row.locator('.as-name').inner_text()
    row.get_by_role('button', name='Search with').click()
    asked(page, name)
    expect(chips(page)).to_have_text(re.compile(re.escape(name)))
    page.get_by_role('tab', name='Library').click()
    row = page.locator('.as-library tbody tr').nth(2)
    name = row.locator('th').inner_text().split('\n')[0].strip()
    row.get_by_role('button', name='Search with').click()
    asked(page, name)
    expect(chips(page)).to_have_text(re.compile(re.escape(name)))


def test_why_nothing_was_found_is_said(page: Page) -> None:
    search_with_clip(page, '114_churchbell')
    box = page.get_by_role('combobox', name='Only these labels')
    box.fill('no such label')
    box.press('Enter')
    expect(page.get_by_text('No clip has what was chosen')).to_be_visible()
    page.get_by_role('button', name='No longer only no such label').click()
    expect(page.locator('.as-match').first).to_be_visible()


def test_a_sound_that_was_searched_with_is_added(
    page: Page, toy_service: RunningService, tmp_path: Path
) -> None:
    give_own_sound(page, write_tone(tmp_path / 'own tone.wav', 5, 660))
    asked(page, 'own tone.wav')
    page.get_by_role('button', name='Add this sound to the library').click()
    expect(page.get_by_text('1 clip indexed.')).to_be_visible()
    added = toy_service.http.get('/clips', params={'order': 'newest'}).json()['clips'][0]
    assert added['tags'] == {'file': 'own tone.wav'}
    page.get_by_role('checkbox', name='Leave out the chosen clip itself').uncheck()
    expect(page.locator('.as-match .as-name').first).to_have_text(
        'own tone.wav'
    )  # it still is here
    toy_service.post('/delete', ids=[added['id']])


def test_a_search_that_takes_long_shows_it_and_can_be_stopped(page: Page, sounds: Path) -> None:
    long = write_tone(sounds / 'long.wav', 2400)
    page.get_by_role('button', name='Start anew').click()
    box = page.get_by_role('combobox', name='Search for')
    box.fill(str(long))
    box.press('Enter')
    message = page.locator('#as-message')
    expect(message.get_by_role('progressbar')).to_be_visible()
    message.get_by_role('button', name='Stop').click()
    expect(message).to_have_text('The search was stopped.')
    search_with_clip(page, '114_churchbell')
    expect(page.locator('.as-match')).to_have_count(5)


@pytest.mark.parametrize('theme', ['light', 'dark'])
def test_what_is_written_on_buttons_and_tabs_can_be_read(
    toy_browser: Browser, toy_service: RunningService, theme: str
) -> None:
    page = toy_browser.new_page(viewport={'width': 1400, 'height': 1000})
    page.set_default_timeout(GIVE_UP_MS)
    page.goto(f'{toy_service.url}/ui?__theme={theme}')
    expect(page.locator('.as-match')).to_have_count(5)
    texts = [
        page.get_by_role('button', name='Search', exact=True),
        page.get_by_role('tab', name='Search'),
        page.get_by_role('tab', name='Map'),
        page.locator('.as-match [data-play]').first,
        page.locator('.as-match .as-label').first,
        page.locator('.as-alike').last,
        page.locator('.as-try .as-faint').first,
        page.locator('.as-heat .as-best'),
    ]
    for text in texts:
        assert text.evaluate(CONTRAST_JS) >= 4.5, text
    page.get_by_role('tab', name='Library').click()
    add = page.get_by_role('button', name='Add to the index')
    expect(add).to_be_visible()
    assert add.evaluate(CONTRAST_JS) >= 4.5
    page.close()


def test_each_stop_of_the_tab_key_can_be_seen_and_named(page: Page) -> None:
    expect(page.locator('.as-match')).to_have_count(5)
    seen = []
    for _ in range(60):
        page.keyboard.press('Tab')
        stop = page.evaluate(
            """() => {
              const one = document.activeElement;
              const box = one.getBoundingClientRect();
              const name = one.ariaLabel ?? (one.labels?.[0]?.textContent || one.textContent);
              return [one.tagName, name.trim(), box.width * box.height];
            }"""
        )
        if stop[0] == 'BODY':
            break
        assert stop[1], f'{stop} has no name, after {seen[-3:]}'
        assert stop[2] > 1 or 'Choose a file' in stop[1], f'{stop} cannot be seen'
        seen.append(stop[1])
    assert seen[0] == 'Search'  # the tab


@pytest.fixture
def phone(toy_browser: Browser, toy_service: RunningService) -> Iterator[Page]:
    context = toy_browser.new_context(viewport={'width': 400, 'height': 800})
    context.set_default_timeout(GIVE_UP_MS)
    opened = context.new_page()
    open_page(opened, toy_service.url)
    yield opened
    context.close()


def test_on_a_phone_the_box_is_near_the_top_and_compare_leads_back(phone: Page) -> None:
    box = phone.locator('.as-box').bounding_box()
    assert box is not None
    assert box['y'] < 140  # of 800
    second = phone.locator('.as-match').nth(1)
    compare = second.get_by_role('button', name='Compare')
    compare.click()
    back = phone.get_by_role('button', name='Back to the match')
    expect(back).to_be_in_viewport()
    expect(second).not_to_be_in_viewport()
    back.click()
    expect(compare).to_be_in_viewport()
    expect(compare).to_be_focused()
    assert phone.evaluate('document.documentElement.scrollWidth') <= 400


def test_a_press_on_a_phone_leads_to_the_matches_and_opening_does_not(phone: Page) -> None:
    assert phone.evaluate('scrollY') == 0
    phone.locator('.as-try').first.click()
    phone.wait_for_function('scrollY > 0')
