"""The page, used in a browser as a person would."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.browser import (
    GIVE_UP_MS,
    give_own_sound,
    new_window,
    open_map,
    open_page,
    search_with_clip,
    visited,
)
from tests.conftest import write_tone
from tests.running import ROOT, RunningService

TOYS = ROOT / 'toy-data'
NOT_INDEXED = '181_piano.mp3'
EVIL = '<img src=x onerror="window.hacked = 1">${window.hacked = 2}{{x}}'
TOKEN = 'a "quoted"; token'
# The request with the file's bytes, and not `upload_progress`, which may come before it.
UPLOADS = re.compile(r'/gradio_api/upload(\?|$)')


@pytest.fixture
def running(toy_service: RunningService) -> RunningService:
    return toy_service


@pytest.fixture
def browser(toy_browser: Browser) -> Browser:
    return toy_browser


@pytest.fixture
def page(toy_page: Page) -> Page:
    return toy_page


def rows(page: Page) -> Locator:
    return page.locator('.as-match')


def labels(page: Page) -> list[str]:
    return page.locator('.as-match .as-label').all_inner_texts()


def distances(page: Page) -> list[float]:
    return [
        float(str(one.get_attribute('data-distance'))) for one in page.locator('.as-alike').all()
    ]


def counted(page: Page, clips: int) -> None:
    expect(page.locator('.as-header')).to_contain_text(f'{clips} clips')


def total(running: RunningService) -> int:
    return int(running.http.get('/clips').json()['total'])


def test_searching_with_an_indexed_clip(page: Page) -> None:
    search_with_clip(page, '114_churchbell')
    expect(rows(page)).to_have_count(5)
    first = rows(page).first
    expect(first.locator('.as-label')).to_have_text('churchbell')
    expect(page.locator('.as-match .as-name').filter(has_text='114_churchbell')).to_have_count(0)
    scores = distances(page)
    assert scores == sorted(scores)
    assert 0 < scores[0] < scores[-1] < 2
    bars = [bar.evaluate('bar => bar.clientWidth') for bar in page.locator('.as-bar i').all()]
    assert bars == sorted(bars, reverse=True)
    assert bars[0] > bars[-1]
    expect(first.locator('.as-parts')).to_have_text(
        re.compile(r'^\d+ – \d+ s of your sound matched\s+\d+ – \d+ s of this clip\.$')
    )


def test_what_is_indexed_and_with_which_weights(page: Page, running: RunningService) -> None:
    status = running.http.get('/status').json()
    header = page.locator('.as-header')
    expect(header).to_contain_text(f'{status["clips"]} clips, {status["chunks"]} windows')
    expect(header).to_contain_text(f'{status["model"]["name"]} {status["model"]["sha256"][:8]}')


def test_the_pictures_show_where_the_windows_lie(page: Page) -> None:
    search_with_clip(page, '114_churchbell')
    marks = page.locator('.as-mark')
    expect(marks).to_have_text(['0 – 4 s', '2 – 6 s', '4 – 8 s', '6 – 10 s'])
    figure = page.locator('.as-query figure > img')
    left, width = (figure.evaluate(f'image => image.getBoundingClientRect().{side}')
                   for side in ('left', 'width'))  # fmt: skip
    box = marks.nth(1).bounding_box()
    assert box is not None
    assert box['x'] - left == pytest.approx(0.2 * width, rel=0.03)
    assert box['width'] == pytest.approx(0.4 * width, rel=0.03)
    for picture in (figure, rows(page).first.locator('img')):
        page.wait_for_function('image => image.naturalWidth > 100', arg=picture.element_handle())
        assert picture.evaluate('image => image.naturalHeight') == 64


def test_another_clip_is_chosen_by_typing(page: Page) -> None:
    for name in ('114_churchbell', '143_birds'):
        search_with_clip(page, name)
        expect(page.locator('.as-query .as-name')).to_have_text(f'{name}.mp3')
    assert labels(page)[0] == 'birds'


def test_a_toy_clip_that_is_not_indexed(page: Page) -> None:
    search_with_clip(page, NOT_INDEXED)
    expect(rows(page)).to_have_count(5)
    player = page.locator('.as-query audio')
    page.wait_for_function('audio => audio.duration > 9', arg=player.element_handle())


def test_the_player_starts_at_the_matched_part(page: Page) -> None:
    search_with_clip(page, '114_churchbell')
    later = rows(page).filter(has_not=page.locator('[data-play^="0,"]')).first
    button = later.get_by_role('button', name='Play match')
    beg, end = (float(time) for time in str(button.get_attribute('data-play')).split(','))
    player = later.locator('audio').element_handle()
    page.wait_for_function('audio => audio.readyState >= 1', arg=player)
    page.wait_for_function(f'audio => Math.abs(audio.currentTime - {beg}) < 0.1', arg=player)
    button.click()
    page.wait_for_function(f'audio => audio.currentTime > {beg} + 0.4', arg=player)
    assert player is not None
    assert not player.evaluate('audio => audio.paused')
    assert beg < player.evaluate('audio => audio.currentTime') < end
    player.evaluate(f'audio => {{ audio.currentTime = {end} - 0.3 }}')
    page.wait_for_function(f'audio => audio.paused && audio.currentTime >= {end}', arg=player)


def test_one_sound_at_a_time(page: Page) -> None:
    search_with_clip(page, '114_churchbell')
    first, second = rows(page).nth(0), rows(page).nth(1)
    for row in (first, second):
        row.get_by_role('button', name='Play match').click()
        player = row.locator('audio').element_handle()
        page.wait_for_function('audio => !audio.paused && audio.currentTime > 0.1', arg=player)
    assert first.locator('audio').evaluate('audio => audio.paused')


def test_an_uploaded_sound(page: Page, running: RunningService) -> None:
    give_own_sound(page, TOYS / '146_birds.mp3')
    expect(page.locator('.as-query .as-name')).to_have_text('146_birds.mp3')
    expect(rows(page)).to_have_count(5)
    assert labels(page)[0] == 'birds'
    expect(page.locator('.as-query .as-name')).to_have_text('146_birds.mp3')
    assert not list((running.workspace / 'media' / '.incoming').iterdir())


def test_a_recorded_sound_is_cut_and_searched_with(page: Page) -> None:
    page.get_by_role('button', name='Record a sound').click()
    stop = page.get_by_role('button', name=re.compile(r'^Stop \('))
    expect(stop).to_have_text(re.compile(r'\(([5-9]|\d\d) s\)'))
    assert page.get_by_role('meter').evaluate('meter => meter.value') > 0
    stop.click()
    said = page.locator('.as-recorder').get_by_role('status')
    expect(said).to_have_text(re.compile(r'^(\d+\.\d) of \1 s$'))
    begin = page.get_by_role('slider', name='Begin of the part')
    begin.fill('1')
    expect(said).not_to_have_text(re.compile(r'^(\d+\.\d) of \1 s$'))
    page.get_by_role('button', name='Play', exact=True).click()
    page.locator('.as-recorder').get_by_role('button', name='Search with this').click()
    expect(page.locator('.as-query .as-name')).to_contain_text('recording')
    expect(rows(page)).to_have_count(5)
    assert labels(page)[0] == 'birds'
    player = page.locator('.as-query audio')
    page.wait_for_function('audio => audio.duration > 3', arg=player.element_handle())


def test_a_sound_is_searched_with_when_it_is_here(page: Page) -> None:
    held: list[Route] = []
    page.route(UPLOADS, lambda route: held.append(route))
    with page.expect_request(UPLOADS):
        page.locator('#as-file').set_input_files(TOYS / '146_birds.mp3')
    said = page.locator('#as-own-message').get_by_role('status')
    expect(said).to_contain_text('Sending 146_birds.mp3')
    held[0].continue_()
    expect(page.locator('.as-query .as-name')).to_have_text('146_birds.mp3')
    expect(said).to_have_count(0)
    assert labels(page)[0] == 'birds'


def test_files_are_added_when_they_are_here(
    page: Page, running: RunningService, tmp_path: Path
) -> None:
    held: list[Route] = []
    page.route(UPLOADS, lambda route: held.append(route))
    page.get_by_role('tab', name='Library').click()
    tone = write_tone(tmp_path / 'late.wav', 5)
    with page.expect_request(UPLOADS):
        page.locator('#as-files input[type=file]').set_input_files(tone)
    page.get_by_role('button', name='Add to the index').click()
    expect(page.locator('#as-files-message')).to_contain_text('as soon as they are chosen')
    held[0].continue_()
    expect(page.get_by_text('1 clip indexed.')).to_be_visible()
    clips = running.http.get('/clips').json()['clips']
    running.post('/delete', ids=[c['id'] for c in clips if c['tags'].get('file') == 'late.wav'])


def test_an_upload_that_breaks_off_says_so(page: Page) -> None:
    page.route(UPLOADS, lambda route: route.abort())
    page.locator('#as-file').set_input_files(TOYS / '146_birds.mp3')
    expect(page.locator('#as-own-message').get_by_role('alert')).to_contain_text('broke off')


def test_text_that_is_called_a_sound(page: Page, tmp_path: Path) -> None:
    notes = tmp_path / 'notes.mp3'
    notes.write_text('milk, bread, eggs\n' * 50)
    give_own_sound(page, notes)
    said = page.get_by_role('alert')
    expect(said).to_contain_text('notes.mp3 is not audio')
    expect(rows(page)).to_have_count(0)


def test_silence_says_why_it_finds_nothing(
    page: Page, running: RunningService, tmp_path: Path
) -> None:
    silence = tmp_path / 'silence.wav'
    soundfile.write(silence, np.zeros(80000), 16000)
    give_own_sound(page, silence)
    expect(page.get_by_text('nothing can be heard in this sound')).to_be_visible()
    expect(page.get_by_text('Nothing is indexed yet')).to_have_count(0)
    expect(rows(page)).to_have_count(0)
    page.get_by_role('tab', name='Library').click()
    page.locator('#as-files input[type=file]').set_input_files(silence)
    page.get_by_role('button', name='Add to the index').click()
    expect(page.get_by_text('silence.wav: nothing can be heard in this sound')).to_be_visible()
    clips = running.http.get('/clips').json()['clips']
    running.post('/delete', ids=[c['id'] for c in clips if c['tags'].get('file') == silence.name])


def test_searching_with_nothing(page: Page) -> None:
    page.get_by_role('button', name='Start anew').click()
    expect(page.get_by_text('Choose a sound and press Search')).to_be_visible()
    expect(rows(page)).to_have_count(0)


def test_only_some_labels(page: Page) -> None:
    search_with_clip(page, '114_churchbell')
    expect(rows(page)).to_have_count(5)
    box = page.get_by_role('combobox', name='Only these labels')
    box.fill('birds')
    box.press('Enter')
    expect(rows(page).first.locator('.as-label')).to_have_text('birds')
    assert labels(page) == ['birds'] * 5
    page.get_by_role('button', name='No longer only birds').click()
    expect(rows(page).first.locator('.as-label')).to_have_text('churchbell')


def test_fewer_results_and_only_near_ones(page: Page) -> None:
    search_with_clip(page, '114_churchbell')
    expect(rows(page)).to_have_count(5)
    limit = page.get_by_role('spinbutton', name='Number of results')
    limit.fill('3')
    limit.press('Tab')
    expect(rows(page)).to_have_count(3)
    second, third = distances(page)[1:]
    between = np.ceil(second * 20) / 20  # a stop of the slider
    assert second <= between < third
    distance = page.get_by_role('spinbutton', name='Greatest distance')
    distance.fill(f'{between:.2f}')
    distance.press('Tab')
    expect(rows(page)).to_have_count(2)
    expect(page.get_by_text('1 match left out')).to_be_visible()
    distance.fill('0')
    distance.press('Tab')
    expect(page.get_by_text('No match within that distance')).to_be_visible()
    expect(rows(page)).to_have_count(0)


def test_comparing_windows(page: Page) -> None:
    search_with_clip(page, '114_churchbell')
    heat = page.locator('.as-heat')
    second = rows(page).nth(1)
    second.get_by_role('button', name=re.compile('^Compare')).click()
    expect(heat.locator('.as-name')).to_have_text(second.locator('.as-name').inner_text())
    expect(heat.locator('td button')).to_have_count(16)
    best = heat.locator('.as-best')
    expect(best).to_have_count(1)
    score = distances(page)[1]
    assert float(best.inner_text()) == pytest.approx(score, abs=0.006)
    cells = [float(text) for text in heat.locator('td button').all_inner_texts()]
    assert min(cells) == float(best.inner_text())
    best.click()
    player = heat.locator('audio').element_handle()
    page.wait_for_function('audio => !audio.paused && audio.currentTime > 0.1', arg=player)


def test_adding_and_deleting_clips(page: Page, running: RunningService, tmp_path: Path) -> None:
    before = total(running)
    good = [write_tone(tmp_path / f'tone_{hz}.wav', 5, hz) for hz in (300, 500, 800, 1300, 2100)]
    bad = tmp_path / 'broken.mp3'
    bad.write_text('no sound')
    page.get_by_role('tab', name='Library').click()
    page.locator('#as-files input[type=file]').set_input_files([*good, bad])
    expect(page.locator('#as-files').get_by_text('tone_2100')).to_be_visible()
    page.get_by_role('textbox', name=re.compile('^Label')).fill('tone')
    page.get_by_role('button', name='Add to the index').click()
    expect(page.get_by_text('5 clips indexed.')).to_be_visible()
    expect(page.get_by_role('alert')).to_contain_text('broken.mp3')
    counted(page, before + 5)
    assert total(running) == before + 5
    cached = (running.workspace / 'page').rglob('*.*')
    assert not [path.name for path in cached if path.name in {file.name for file in [*good, bad]}]

    page.get_by_role('searchbox', name='Find clips').fill('tone 80')
    listed = page.locator('.as-library tbody tr')
    expect(listed).to_have_count(1)
    delete = listed.get_by_role('button', name='Delete tone_800.wav')
    place = listed.bounding_box()
    delete.click()
    undo = page.get_by_role('button', name='Undo')
    expect(page.locator('.as-toast')).to_contain_text('Its file goes too: it was uploaded here.')
    assert listed.bounding_box() == place  # what is said of it pushes nothing under the pointer
    undo.click()
    expect(undo).to_be_hidden()
    delete.click()
    expect(page.get_by_text('1 clip deleted.')).to_be_visible()
    counted(page, before + 4)
    names = [clip['tags'].get('file') for clip in running.http.get('/clips').json()['clips']]
    assert 'tone_800.wav' not in names
    assert 'tone_500.wav' in names
    clips = running.http.get('/clips').json()['clips']
    running.post('/delete', ids=[c['id'] for c in clips if c['tags']['label'] == 'tone'])


def test_with_the_keyboard_alone(page: Page) -> None:
    def press_until(wanted: str, key: str = 'Tab') -> None:
        for _ in range(40):
            page.keyboard.press(key)
            name = page.evaluate(
                '(document.activeElement.getAttribute("aria-label") ?? '
                'document.activeElement.textContent).trim()'
            )
            if name == wanted:
                return
        raise AssertionError(f'{wanted} cannot be reached')

    press_until('Start anew')
    page.keyboard.press('Enter')  # goes on in the box
    page.keyboard.type('115_churchbell')
    expect(page.locator('#as-suggestions').get_by_role('option').first).to_contain_text(
        '115_churchbell.mp3'
    )
    page.keyboard.press('ArrowDown')
    page.keyboard.press('Enter')
    expect(page.locator('.as-query .as-name')).to_have_text('115_churchbell.mp3')
    expect(rows(page)).to_have_count(5)
    press_until('Play match')
    page.keyboard.press('Enter')
    player = rows(page).first.locator('audio').element_handle()
    page.wait_for_function('audio => !audio.paused && audio.currentTime > 0.1', arg=player)


@pytest.mark.parametrize('width', [400, 1400])
def test_nothing_is_wider_than_the_window(page: Page, width: int) -> None:
    page.set_viewport_size({'width': width, 'height': 800})
    search_with_clip(page, '114_churchbell')
    expect(rows(page)).to_have_count(5)
    for tab in ('Search', 'Map', 'Library'):
        page.get_by_role('tab', name=tab).click()
        expect(
            page.locator('.as-match, .as-plane canvas, .as-library').locator('visible=true').first
        ).to_be_visible()
        assert page.evaluate('document.documentElement.scrollWidth') <= width


def test_tags_and_names_are_text(page: Page, running: RunningService, sounds: Path) -> None:
    write_tone(sounds / '<b>tone.wav', 4)
    tags = {'label': EVIL, 'file': EVIL, 'note': EVIL, EVIL: EVIL}
    clip = {'id': '"><script>x</script>', 'uri': '<b>tone.wav', 'tags': tags}
    assert running.answers('/index', clip)[0]['error'] is None
    try:
        open_page(page, running.url)
        search_with_clip(page, '<img src=x')
        page.get_by_role('checkbox', name='Leave out the chosen clip itself').uncheck()
        expect(rows(page).first.locator('.as-label')).to_have_text(EVIL)
        expect(rows(page).first.locator('.as-tag').first).to_contain_text(EVIL[:50])
        expect(page.locator('.as-heat .as-name')).to_have_text(EVIL)
        page.get_by_role('tab', name='Library').click()
        expect(page.locator('.as-library tbody th').filter(has_text=EVIL)).to_be_visible()
        open_map(page, total(running))
        page.get_by_role('searchbox', name='Find in the legend').fill('<img')
        page.locator('.as-legend button').filter(has_text=EVIL).click()
        page.locator('.as-plane canvas').press('ArrowRight')  # to the only one that is not dimmed
        expect(page.locator('.as-heard')).to_have_text(f'{EVIL}, {EVIL}')
        assert page.evaluate('window.hacked') is None
        assert page.locator('img[src="x"]').count() == 0
    finally:
        running.post('/delete', ids=[clip['id']])


@pytest.mark.parametrize('path', ['/etc/passwd', '{workspace}/index.sqlite', '{root}/app.py'])
def test_files_stay_where_they_are(running: RunningService, path: str) -> None:
    path = path.format(workspace=running.workspace, root=ROOT)
    for prefix in ('file=', 'file/', 'proxy=', 'stream/x/x/'):
        response = running.http.get(f'/ui/gradio_api/{prefix}{path}')
        assert response.status_code in (400, 403, 404), prefix
        assert 'detail' in response.text


def test_the_browser_may_talk_to_the_service_alone(page: Page, running: RunningService) -> None:
    policy = running.http.get('/ui/').headers['content-security-policy']
    assert "default-src 'self'" in policy
    assert 'http' not in policy
    blocked: Any = page.evaluate(
        """() => new Promise((tell) => {
          document.addEventListener('securitypolicyviolation', (event) => tell(event.blockedURI));
          fetch('http://198.51.100.1/').catch(() => {});
        })"""
    )
    assert blocked == 'http://198.51.100.1/'


@pytest.fixture(scope='module')
def other_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service with a token, that takes 1 MB at once and knows a folder of its own."""
    folder = tmp_path_factory.mktemp('other')
    settings = {
        'AUDIO_SEARCH_TOKEN': TOKEN,
        'AUDIO_SEARCH_MAX_BODY_MB': '1',
        'AUDIO_SEARCH_ROOTS': f'{ROOT}:{folder}',
        'AUDIO_SEARCH_PAGE': 'on',
    }
    with RunningService(folder / 'workspace', 'serve', **settings) as service:
        service.http.headers['Authorization'] = f'Bearer {TOKEN}'
        yield service


@pytest.fixture
def guarded(other_service: RunningService) -> RunningService:
    """With nothing indexed."""
    assert other_service.post('/clear').status_code == 200
    return other_service


@pytest.fixture
def narrow(guarded: RunningService) -> RunningService:
    """With one clip whose file is gone and one that is there."""
    folder = guarded.workspace.parent
    for name in ('gone', 'there'):
        write_tone(folder / f'{name}.wav', 5)
    guarded.answers('/index', {'uri': 'gone.wav'}, {'uri': 'there.wav'})
    (folder / 'gone.wav').unlink()
    return guarded


@pytest.fixture(scope='module')
def narrow_window(toy_browser: Browser, other_service: RunningService) -> Page:
    """One in which the token was given."""
    window = new_window(toy_browser)
    give_token(window, other_service.url)
    return window


@pytest.fixture
def narrow_page(narrow_window: Page, narrow: RunningService) -> Iterator[Page]:
    with visited(narrow_window, narrow.url) as page:
        yield page


def give_token(page: Page, url: str) -> None:
    page.goto(f'{url}/ui')
    page.get_by_label('Token').fill(TOKEN)
    page.get_by_label('Token').press('Enter')
    expect(page.get_by_text('Weights')).to_be_visible()  # what can be chosen is listed with it


def test_the_token_is_asked_for_once(browser: Browser, guarded: RunningService) -> None:
    context = browser.new_context()
    context.set_default_timeout(GIVE_UP_MS)
    page = context.new_page()
    answered = page.goto(f'{guarded.url}/ui')
    assert answered is not None
    assert answered.status == 401
    page.get_by_label('Token').fill('wrong')
    page.get_by_role('button', name='Continue').click()
    expect(page.get_by_role('alert')).to_contain_text('not the token')
    page.get_by_label('Token').fill(TOKEN)
    page.get_by_role('button', name='Continue').click()
    expect(page.get_by_text('Weights')).to_be_visible()
    cookie = context.cookies()[0]
    assert cookie['httpOnly']
    assert cookie['sameSite'] == 'Strict'
    again = context.new_page()
    open_page(again, guarded.url)
    context.close()


def test_nothing_is_indexed_yet(browser: Browser, guarded: RunningService) -> None:
    page = new_window(browser)
    give_token(page, guarded.url)
    expect(page.get_by_text('Nothing is indexed yet, so nothing can be found')).to_be_visible()
    page.get_by_role('button', name='Add sounds in the library').click()
    expect(page.locator('#as-files')).to_be_visible()
    page.get_by_role('tab', name='Search').click()
    search_with_clip(page, NOT_INDEXED)
    expect(page.get_by_text('Nothing is indexed yet, so nothing can be found')).to_be_visible()
    page.get_by_role('tab', name='Map').click()
    expect(page.get_by_text('each becomes a dot here')).to_be_visible()
    page.get_by_role('tab', name='Library').click()
    expect(page.get_by_text('Nothing is indexed yet.').locator('visible=true')).to_be_visible()
    toys = len(list(TOYS.glob('*.mp3')))
    expect(page.get_by_role('button', name=f'Add the {toys} toy clips')).to_be_visible()
    page.context.close()


DROP_JS = """(target, sizes) => {
  const data = new DataTransfer();
  for (const [at, size] of sizes.entries()) {
    data.items.add(new File([new Uint8Array(size)], `drop${at}.wav`, {type: 'audio/wav'}));
  }
  const options = {bubbles: true, cancelable: true, dataTransfer: data};
  target.dispatchEvent(new DragEvent('drop', options));
}"""


def test_a_sound_over_the_limit_is_refused_where_it_was_given(
    narrow_page: Page, tmp_path: Path
) -> None:
    page = narrow_page
    said = page.locator('#as-own-message').get_by_role('alert')
    large = write_tone(tmp_path / 'large.wav', 40)  # 1.28 MB
    page.locator('#as-file').set_input_files(large)
    expect(said).to_contain_text('large.wav has 1.3 MB, and 1 MB can be sent at once.')
    expect(said).to_contain_text('AUDIO_SEARCH_MAX_BODY_MB')
    give_own_sound(page, write_tone(tmp_path / 'small.wav', 5))
    expect(said).to_have_count(0)
    page.locator('.as-box').evaluate(DROP_JS, [2_000_000])
    expect(said).to_contain_text('drop0.wav has 2 MB')
    expect(page.get_by_text('Error', exact=True)).to_have_count(0)


def test_files_over_the_limit_together_are_refused_where_they_were_given(narrow_page: Page) -> None:
    page = narrow_page
    page.get_by_role('tab', name='Library').click()
    said = page.locator('#as-files-message').get_by_role('alert')
    target = page.locator('#as-files button').filter(has_text='Drop')
    target.evaluate(DROP_JS, [600_000, 600_000])
    expect(said).to_contain_text(
        'These 2 files have 1.2 MB together, and 1 MB can be sent at once.'
    )
    expect(said).to_contain_text('Add fewer at a time')
    expect(page.get_by_text('Error', exact=True)).to_have_count(0)


def test_what_the_service_refuses_is_said_in_its_words(narrow_page: Page, tmp_path: Path) -> None:
    page = narrow_page
    # As if a proxy before the service had another limit than the page knows of.
    page.locator('#as-own-message .as-upload').evaluate('slot => { slot.dataset.maxBytes = 1e9; }')
    large = write_tone(tmp_path / 'large.wav', 32)  # its form is just over the limit
    page.locator('#as-file').set_input_files(large)
    expect(page.locator('#as-own-message').get_by_role('alert')).to_contain_text('than 1 MB')


def test_a_clip_whose_file_is_gone(narrow_page: Page, narrow: RunningService) -> None:
    page = narrow_page
    search_with_clip(page, 'there.wav')
    expect(rows(page)).to_have_count(1)
    row = rows(page).first
    expect(row).to_contain_text('The file of this clip is gone.')
    expect(row.locator('audio, img')).to_have_count(0)
    expect(row.get_by_role('button', name='Play match')).to_be_disabled()
    expect(page.locator('.as-heat')).to_contain_text('cannot be played')
    row.get_by_role('button', name='Search with gone.wav').click()
    expect(page.locator('.as-query .as-name')).to_have_text('gone.wav')
    expect(rows(page)).to_have_count(1)
    expect(page.locator('.as-query audio')).to_have_count(0)
    page.get_by_role('tab', name='Library').click()
    listed = page.locator('.as-library tbody tr').filter(has_text='gone.wav')
    expect(listed).to_contain_text('is gone')
    expect(listed.locator('audio')).to_have_count(0)
    listed.get_by_role('button', name='Delete gone.wav').click()
    expect(listed).to_have_count(0)
    assert total(narrow) == 1


def test_other_requests_are_told_of_the_token_in_json(guarded: RunningService) -> None:
    for path in ('/ui/config', '/ui/gradio_api/queue/data', '/ui/spectrogram/x', '/audio/x'):
        response = httpx.get(f'{guarded.url}{path}')
        assert response.status_code == 401
        assert 'Bearer' in response.json()['detail']


@pytest.mark.parametrize(('title', 'name'), [('CSV', 'hits.csv'), ('Audacity', 'hits.zip')])
def test_the_matches_are_downloaded(page: Page, title: str, name: str) -> None:
    search_with_clip(page, '114_churchbell')
    expect(rows(page)).to_have_count(5)
    with page.expect_download() as started:
        page.get_by_role('button', name=f'Download the matches as {title}').click()
    assert started.value.suggested_filename == name
    content = Path(started.value.path()).read_bytes()
    assert b'churchbell' in content
    expect(page.locator('#as-saved')).to_have_text(f'Saved as {name}.')
