"""What the tests of the page share: a service with toy clips of three labels, and a browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile
from playwright.sync_api import Browser, Page

from audio_search.audio import decoding
from tests.browser import new_window, running_browser, visited
from tests.running import ROOT, RunningService

TOYS = ROOT / 'toy-data'
LABELS = ('birds', 'churchbell', 'helicopter')


@pytest.fixture(scope='session')
def toy_service(sounds: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service of the page's own, with the toy clips of three labels."""
    workspace = tmp_path_factory.mktemp('page') / 'workspace'
    with RunningService(
        workspace, 'serve', AUDIO_SEARCH_ROOTS=f'{ROOT}:{sounds}', AUDIO_SEARCH_PAGE='on'
    ) as service:
        service.answers(
            '/index',
            *(
                {'uri': f'toy-data/{path.name}', 'tags': {'label': label}}
                for label in LABELS
                for path in sorted(TOYS.glob(f'*_{label}.mp3'))
            ),
        )
        yield service


@pytest.fixture(scope='module')
def toy_browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Its microphone hears a toy clip of birds. One per module: Playwright keeps an event loop
    running, beside which no other test could run one."""
    heard = tmp_path_factory.mktemp('microphone') / 'birds.wav'
    waveform = decoding.load(TOYS / '143_birds.mp3')
    soundfile.write(heard, waveform, decoding.SAMPLE_RATE_HZ, subtype='PCM_16')
    with running_browser(heard) as started:
        yield started


@pytest.fixture(scope='module')
def toy_window(toy_browser: Browser) -> Page:
    return new_window(toy_browser)


@pytest.fixture
def toy_page(toy_window: Page, toy_service: RunningService) -> Iterator[Page]:
    """The page, at a width of 1400 px."""
    with visited(toy_window, toy_service.url) as page:
        yield page
