"""A browser for the tests of the page, and what a user does with it."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Error, Page, Request, expect, sync_playwright

from tests.running import ROOT

FLAGS = (
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--use-fake-device-for-media-stream',
    '--use-fake-ui-for-media-stream',
    '--autoplay-policy=user-gesture-required',
)

GIVE_UP_MS = 60_000  # on a busy machine
expect.set_options(timeout=GIVE_UP_MS)


def browser_path() -> str:
    """The installed browser; AssertionError where there is none and none can be installed."""
    script = ROOT / 'scripts' / 'install_browser.sh'
    found = subprocess.run([script], capture_output=True, text=True, check=False)
    assert found.returncode == 0, (
        f'these tests need a browser; run scripts/install_browser.sh ({found.stderr.strip()})'
    )
    return found.stdout.strip()


@contextmanager
def running_browser(heard: Path | None = None) -> Iterator[Browser]:
    """A headless browser whose microphone hears a wav file, over and over."""
    flags = [*FLAGS, f'--use-file-for-fake-audio-capture={heard}'] if heard else FLAGS
    path = browser_path()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()


def new_window(browser: Browser) -> Page:
    """A window that one test after another uses: a fresh one takes longer than most tests."""
    page = browser.new_context().new_page()
    page.set_default_timeout(GIVE_UP_MS)
    return page


@contextmanager
def visited(window: Page, url: str, width: int = 1400, height: int = 1000) -> Iterator[Page]:
    """The page, opened anew. It has to get along with its service alone, and without a fault."""
    window.goto('about:blank')
    window.set_viewport_size({'width': width, 'height': height})
    hosts, faults = set[str](), list[str]()

    def asked(request: Request) -> None:
        hosts.add(urlsplit(request.url).netloc)

    def failed(error: Error) -> None:
        faults.append(str(error))

    window.on('request', asked)
    window.on('pageerror', failed)
    open_page(window, url)
    yield window
    window.remove_listener('request', asked)
    window.remove_listener('pageerror', failed)
    window.unroute_all()
    assert hosts - {''} == {urlsplit(url).netloc}  # data: and blob: have none
    assert not faults


def open_page(page: Page, url: str) -> None:
    """Open the page, and wait until it knows what is indexed, and has searched with an example."""
    page.goto(f'{url}/ui')
    expect(page.get_by_text('Weights')).to_be_attached()
    expect(page.locator('#as-matches').locator('ol, .as-note').first).to_be_visible()


def choose_clip(page: Page, words: str) -> None:
    """Choose the first clip that is offered for these words, in the place of all examples."""
    clear = page.get_by_role('button', name='Start anew')
    if clear.is_visible():
        clear.click()
        expect(clear).to_be_hidden()
    page.get_by_role('combobox', name='Search for').fill(words)
    offered = page.get_by_role('listbox', name='Suggestions').get_by_role('option')
    offered.filter(has_text=words).first.click()


def search_with_clip(page: Page, words: str) -> None:
    """The same, until its matches are there."""
    choose_clip(page, words)
    expect(page.locator('.as-query .as-name')).to_contain_text(words)


def give_own_sound(page: Page, path: Path) -> None:
    """Upload a sound, which is searched with when it is there."""
    page.locator('#as-file').set_input_files(path)
    expect(page.locator('.as-ask .as-chip').filter(has_text=path.name)).to_be_visible()


def open_map(page: Page, clips: int) -> None:
    """Open the map, and wait until it has so many dots."""
    page.get_by_role('tab', name='Map').click()
    page.wait_for_function(f'window.audioSearch.clipMap.dots?.x.length === {clips}')


def place_of_dot(page: Page, number: int) -> tuple[float, float]:
    """Where on the screen the dot with that number is."""
    x, y = page.evaluate(
        """(number) => {
          const {dots} = window.audioSearch.clipMap;
          const box = dots.canvas.getBoundingClientRect();
          const [x, y] = dots.at(number);
          return [box.x + x, box.y + y];
        }""",
        number,
    )
    return x, y
