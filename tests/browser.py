"""A browser for the tests of the page, and what a user does with it."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

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


def open_page(page: Page, url: str) -> None:
    """Open the page, and wait until it knows what is indexed."""
    page.goto(f'{url}/ui')
    expect(page.get_by_text('Weights')).to_be_visible()


def choose_clip(page: Page, words: str) -> None:
    """Choose the first clip that is listed for these words."""
    page.get_by_role('combobox', name='Clip').click()
    type_clip(page, words)


def type_clip(page: Page, words: str) -> None:
    """As `choose_clip`, in the list that has the focus."""
    page.keyboard.type(words)
    options = page.get_by_role('option')
    expect(options.filter(has_text=words).first).to_be_visible()
    expect(options.filter(has_not_text=words)).to_have_count(0)
    page.keyboard.press('Enter')
    expect(options).to_have_count(0)  # what was typed is chosen when the list has gone
    expect(page.get_by_role('combobox', name='Clip')).to_have_value(re.compile(re.escape(words)))


def search_with_clip(page: Page, words: str) -> None:
    choose_clip(page, words)
    page.get_by_role('button', name='Search with this clip').click()


def give_own_sound(page: Page, path: Path) -> None:
    """Upload a sound to search with."""
    page.get_by_role('tab', name='Upload or record').click()
    page.locator('#as-own input[type=file]').set_input_files(path)
    expect(page.locator('#as-own').get_by_role('button', name='Clear')).to_be_visible()


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
