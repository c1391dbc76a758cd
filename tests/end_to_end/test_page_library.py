"""A library of 100,000 clips on the page: found, sorted, turned, labelled and deleted."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import visited
from tests.made_index import make_index
from tests.running import RunningService

CLIPS = 100_000


@pytest.fixture(scope='module')
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    workspace = tmp_path_factory.mktemp('large') / 'workspace'
    workspace.mkdir()
    make_index(workspace / 'index.sqlite', CLIPS)
    with RunningService(workspace, 'serve', AUDIO_SEARCH_PAGE='on') as service:
        yield service


@pytest.fixture
def page(toy_window: Page, large: RunningService) -> Iterator[Page]:
    with visited(toy_window, large.url) as opened:
        opened.get_by_role('tab', name='Library').click()
        expect(rows(opened)).to_have_count(25)
        yield opened


def rows(page: Page) -> Locator:
    return page.locator('.as-library tbody tr')


def names(page: Page) -> list[str]:
    found = page.locator('.as-library tbody th').all_inner_texts()
    return [name.split('\n')[0].strip() for name in found]


def total(large: RunningService, **query: str) -> int:
    return int(large.http.get('/clips', params=query).json()['total'])


def test_clips_are_sorted_and_turned_by_pages(page: Page) -> None:
    assert names(page)[0] == '99999_car.wav'
    expect(page.locator('.as-library caption')).to_contain_text('1 to 25 of\n100,000 clips')
    page.get_by_role('button', name='Page 4,000').click()
    expect(rows(page).last).to_contain_text('0_birds.wav')
    page.get_by_role('spinbutton', name='Page').fill('2000')
    page.get_by_role('spinbutton', name='Page').press('Enter')
    expect(page.locator('.as-library caption')).to_contain_text('49,976 to 50,000 of')
    page.get_by_role('combobox', name='Sort').select_option('oldest first')
    expect(rows(page).first).to_contain_text('0_birds.wav')
    page.go_back()  # to page 2,000
    expect(page.locator('.as-library caption')).to_contain_text('49,976 to 50,000 of')
    expect(page.get_by_role('combobox', name='Sort')).to_have_value('newest')


def test_clips_are_found_by_their_words_and_tags(page: Page, large: RunningService) -> None:
    page.get_by_role('searchbox', name='Find clips').fill('9999 RAIN')
    expect(rows(page)).to_have_count(1)
    assert names(page) == ['99996_rain.wav']
    page.get_by_role('searchbox', name='Find clips').fill('')
    expect(rows(page)).to_have_count(25)
    rows(page).first.get_by_role('button', name='year: 2024').click()
    box = page.get_by_role('combobox', name='Only with these tags')
    box.fill('bell')
    box.press('Enter')
    expect(rows(page).first).to_contain_text('bell')
    found = total(large, filter='{"year": 2024, "label": "bell"}')
    expect(page.locator('.as-library caption')).to_contain_text(f'of\n{found:,} clips')
    assert 'has=year%3A2024' in page.url
    page.reload()
    expect(page.locator('.as-library caption')).to_contain_text(f'of\n{found:,} clips')
    page.get_by_role('searchbox', name='Find clips').fill('nothing is called so')
    expect(page.get_by_text('No clip fits.')).to_be_visible()


def test_a_clip_of_the_end_is_found_in_the_box(page: Page) -> None:
    page.get_by_role('tab', name='Search').click()
    page.get_by_role('combobox', name='Search for').fill('77777')
    page.locator('#as-suggestions').get_by_role('option').first.click()
    expect(page.locator('.as-query .as-name')).to_contain_text('77777_')
    expect(page.locator('.as-match')).to_have_count(5)


def test_labels_are_edited_one_by_one_and_of_many(page: Page, large: RunningService) -> None:
    page.get_by_role('searchbox', name='Find clips').fill('4321')
    first = rows(page).first
    expect(first).to_contain_text(re.compile('4321'))
    name = names(page)[0]
    page.get_by_role('button', name=f'Change the label of {name}').click()
    field = page.get_by_role('textbox', name=f'Change the label of {name}')
    field.fill('<owl>')
    field.press('Enter')
    expect(page.get_by_text('1 clip labelled <owl>.')).to_be_visible()
    expect(first.locator('.as-label')).to_have_text('<owl>')
    assert total(large, filter='{"label": "<owl>"}') == 1
    page.get_by_role('checkbox', name='Select all clips of this page').check()
    page.get_by_role('textbox', name='New label').fill('owl')
    page.get_by_role('button', name='Set label').click()
    expect(page.get_by_text('clips labelled owl.')).to_be_visible()
    assert total(large, filter='{"label": "owl"}') == total(large, filter='{"$text": "4321"}')


def test_a_selection_is_deleted_when_the_time_to_undo_is_over(
    page: Page, large: RunningService
) -> None:
    page.get_by_role('searchbox', name='Find clips').fill('year dog 12')
    expect(page.get_by_text('No clip fits.')).to_be_visible()  # numbers are no text
    page.get_by_role('searchbox', name='Find clips').fill('dog 12')
    expect(rows(page).first).to_contain_text('12')
    fits = total(large, filter='{"$text": "dog 12"}')
    assert fits > 25
    page.get_by_role('checkbox', name='Select all clips of this page').check()
    page.get_by_role('button', name=f'Select all {fits:,} clips that fit').click()
    page.get_by_role('button', name='Delete', exact=True).and_(
        page.locator('[data-library=delete]')
    ).click()
    toast = page.locator('.as-toast')
    expect(toast).to_contain_text(f'{fits:,} clips will be deleted. Files that were uploaded here')
    expect(page.locator('.as-going').first).to_be_visible()
    assert total(large) == CLIPS
    expect(page.get_by_text(f'{fits:,} clips deleted.')).to_be_visible()
    assert total(large) == CLIPS - fits
    assert total(large, filter='{"$text": "dog 12"}') == 0
