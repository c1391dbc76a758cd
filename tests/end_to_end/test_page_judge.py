"""Judging on the page: by buttons and by keys, and the search that follows."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import search_with_clip
from tests.end_to_end.conftest import LABELS
from tests.running import RunningService


@pytest.fixture
def page(toy_page: Page, toy_service: RunningService) -> Iterator[Page]:
    yield toy_page
    for label in (*LABELS, 'owl'):
        kept = judgements(toy_service, label)
        taken_back = [
            {key: one[key] for key in ('id', 'part', 'label')} | {'judgement': None} for one in kept
        ]
        assert toy_service.post('/judgements', *taken_back).status_code == 200


def judgements(service: RunningService, label: str) -> list[dict]:
    return list(service.http.get('/judgements', params={'label': label}).json()['judgements'])


def fresh(page: Page) -> Locator:
    """The matches that are not judged."""
    return page.locator('ol:not(.as-judged) > .as-match')


def judged(page: Page) -> Locator:
    return page.locator('.as-judged .as-match')


def name_of(row: Locator) -> str:
    return str(row.get_attribute('data-name'))


def test_what_is_judged_is_kept_and_searched_with(page: Page, toy_service: RunningService) -> None:
    search_with_clip(page, '114_churchbell')
    first, second = fresh(page).nth(0), fresh(page).nth(1)
    right, wrong = name_of(first), name_of(second)
    first.get_by_role('button', name=f'{right} is right').click()
    expect(judged(page)).to_have_count(1)
    expect(page.get_by_role('heading', name='Your examples')).to_be_visible()
    fresh(page).filter(has_text=wrong).get_by_role('button', name=f'{wrong} is wrong').click()
    expect(judged(page)).to_have_count(2)
    expect(fresh(page)).to_have_count(5)
    assert not {right, wrong} & {name_of(row) for row in fresh(page).all()}
    expect(page.get_by_text('It is kept as wrong for churchbell.')).to_be_attached()
    kept = judgements(toy_service, 'churchbell')
    assert sorted(one['judgement'] for one in kept) == ['right', 'wrong']
    assert all(one['part'][1] - one['part'][0] == 4 for one in kept)
    expect(fresh(page).first.locator('.as-alike')).to_have_attribute('title', re.compile('prob'))
    page.reload()  # all of it is in the address
    expect(judged(page)).to_have_count(2)
    button = judged(page).filter(has_text=wrong).get_by_role('button', name=f'{wrong} is wrong')
    expect(button).to_have_attribute('aria-pressed', 'true')
    button.click()  # taken back
    expect(judged(page)).to_have_count(1)
    expect(page.get_by_text('It is taken back for churchbell.')).to_be_attached()
    assert [one['judgement'] for one in judgements(toy_service, 'churchbell')] == ['right']


def test_a_clip_is_judged_for_another_label(page: Page, toy_service: RunningService) -> None:
    search_with_clip(page, '114_churchbell')
    row = fresh(page).first
    name = name_of(row)
    row.get_by_role('textbox', name=f'Label that {name} is judged for').fill('owl')
    row.get_by_role('button', name=f'{name} is wrong').click()
    button = row.get_by_role('button', name=f'{name} is wrong')
    expect(button).to_have_attribute('aria-pressed', 'true')
    expect(page.get_by_text('It is kept as wrong for owl.')).to_be_attached()
    expect(judged(page)).to_have_count(0)  # it says nothing of what was searched for
    assert [one['judgement'] for one in judgements(toy_service, 'owl')] == ['wrong']


def test_by_keys_alone(page: Page, toy_service: RunningService) -> None:
    search_with_clip(page, '114_churchbell')
    expect(fresh(page)).to_have_count(5)
    page.evaluate('document.activeElement.blur()')
    page.keyboard.press('ArrowDown')
    first, second = fresh(page).nth(0), fresh(page).nth(1)
    expect(first).to_be_focused()
    page.keyboard.press('ArrowDown')
    expect(second).to_be_focused()
    player = second.locator('audio')
    expect(player).to_have_js_property('paused', value=False)
    page.keyboard.press(' ')
    expect(player).to_have_js_property('paused', value=True)
    page.keyboard.press('ArrowUp')
    right = name_of(first)
    page.keyboard.press('+')
    expect(judged(page)).to_have_count(1)
    expect(fresh(page).first).to_be_focused()  # the next to be judged
    assert name_of(judged(page).first) == right
    wrong = name_of(fresh(page).first)
    page.keyboard.press('-')
    expect(judged(page)).to_have_count(2)
    expect(page.get_by_text('It is kept as wrong for churchbell.')).to_be_attached()
    assert {one['judgement'] for one in judgements(toy_service, 'churchbell')} == {'right', 'wrong'}
    assert wrong in {name_of(row) for row in judged(page).all()}
    page.keyboard.press('l')
    field = fresh(page).first.get_by_role('textbox')
    expect(field).to_be_focused()
    page.keyboard.type('owl')
    page.keyboard.press('Enter')
    expect(page.get_by_text('It is kept as right for owl.')).to_be_attached()
    page.keyboard.press('Escape')
    page.keyboard.press('/')
    expect(page.get_by_role('combobox', name='Search for')).to_be_focused()
    page.keyboard.type('-+l/')  # are letters here
    expect(page.get_by_role('combobox', name='Search for')).to_have_value('-+l/')


def test_examples_and_counter_examples(page: Page) -> None:
    search_with_clip(page, '114_churchbell')
    box = page.get_by_role('combobox', name='Search for')
    box.fill('101_helicopter')
    page.locator('#as-suggestions').get_by_role('option').first.click()
    chips = page.locator('.as-ask .as-chip')
    expect(chips).to_have_count(2)
    expect(page.locator('.as-examples li')).to_have_count(2)
    labels = page.locator('.as-match .as-label')
    expect(page.get_by_role('heading', name='Your examples')).to_be_visible()
    assert {'churchbell', 'helicopter'} <= set(labels.all_inner_texts())
    page.get_by_role('button', name='Make it a counter-example: 101_helicopter.mp3').click()
    expect(page.locator('.as-chip.as-not')).to_have_text(re.compile('101_helicopter'))
    expect(page.get_by_text('and unlike')).to_be_visible()
    assert 'helicopter' not in labels.all_inner_texts()[:3]
    page.get_by_role('combobox', name='First come').select_option('the most doubtful')
    expect(page.get_by_text('most doubtful first')).to_be_visible()
    page.get_by_role('combobox', name='First come').select_option('the nearest')
    expect(page.get_by_text('nearest first')).to_be_visible()
    page.get_by_role('button', name='Remove 101_helicopter.mp3').click()
    expect(page.locator('.as-query .as-name')).to_have_text('114_churchbell.mp3')
    box.fill('-birds')
    box.press('Enter')
    expect(page.locator('.as-chip.as-not')).to_have_text(re.compile('birds'))


def test_hits_of_two_searches_are_downloaded_from_the_tray(page: Page) -> None:
    names = []
    for clip in ('114_churchbell', '143_birds'):
        search_with_clip(page, clip)
        row = fresh(page).first
        names.append(name_of(row))
        row.get_by_role('button', name=f'Keep {names[-1]} in the tray').click()
        expect(page.locator('.as-tray li').filter(has_text=names[-1])).to_be_visible()
    expect(page.locator('.as-tray')).to_contain_text('2 hits kept')
    with page.expect_download() as started:
        page.get_by_role('button', name='Download the tray as CSV').click()
    content = started.value.path().read_text()
    assert all(name in content for name in names)
    page.get_by_role('button', name=f'Take {names[0]} out of the tray').click()
    expect(page.locator('.as-tray')).to_contain_text('1 hit kept')
    page.get_by_role('button', name='Empty it').click()
    expect(page.locator('.as-tray')).to_have_count(0)
