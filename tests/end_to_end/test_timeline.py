"""The picture of a recording's events: made by the command line, listened to in a browser."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from playwright.sync_api import Browser, expect

from audio_search.audio import decoding
from tests.browser import GIVE_UP_MS, running_browser
from tests.cli.command import run
from tests.conftest import RATE_HZ
from tests.running import ROOT, RunningService

BIRD = 'toy-data/144_birds.mp3'
PART = f'{BIRD}#t=1,3'
BEGIN_S = 84.5
NAME = "SITE'<b>_20240512_043000.wav"
TOKEN = 'a "quoted"; token'


@pytest.fixture(scope='module')
def browser() -> Iterator[Browser]:
    with running_browser() as started:
        yield started


def index(service: RunningService, folder: Path) -> None:
    """Two minutes of hiss in which a bird sings."""
    rng = np.random.default_rng(1)
    samples = rng.normal(0, 0.01, 120 * RATE_HZ).astype(np.float32)
    bird = decoding.load(ROOT / BIRD, 1, 3)
    first = round(BEGIN_S * RATE_HZ)
    samples[first : first + len(bird)] += bird * 0.1 / np.sqrt((bird**2).mean())
    soundfile.write(folder / NAME, samples, RATE_HZ, subtype='PCM_16')
    (answer,) = service.answers('/index', {'uri': NAME})
    assert answer['error'] is None


def heard_s(browser: Browser, file: Path, width: int) -> tuple[float, str]:
    """When, in s of the recording, the first event is heard, and where its sound comes from."""
    page = browser.new_page(viewport={'width': width, 'height': 900})
    page.set_default_timeout(GIVE_UP_MS)
    faults: list[str] = []
    page.on('pageerror', lambda error: faults.append(str(error)))
    page.goto(file.as_uri())
    assert page.evaluate('document.documentElement.scrollWidth') <= width
    page.get_by_role('button', name=re.compile('^Play ')).first.click()
    audio = page.locator('audio')
    expect(audio).to_have_js_property('paused', value=False)
    began = audio.evaluate('audio => audio.currentTime')
    expect(audio).to_have_js_property('paused', value=True)  # it stops where the event ends
    source = audio.evaluate('audio => audio.currentSrc')
    expect(page.locator('.tl-gone')).to_be_hidden()
    assert not faults
    page.close()
    return began, source


def test_the_picture_says_when_and_plays_from_there(
    service: RunningService, sounds: Path, tmp_path: Path, browser: Browser
) -> None:
    index(service, sounds)
    file = tmp_path / 'events.html'
    status, output, errors = run(
        service, 'search', PART, '--within', NAME, '--html', file, AUDIO_SEARCH_ROOTS='/nowhere'
    )
    assert (status, errors) == (0, f'audio-search: wrote {file}\n')
    head, row = [line.split('\t') for line in output.splitlines()]
    assert row[head.index('recorded at')] in ('2024-05-12 04:31:24', '2024-05-12 04:31:25')
    _, output, _ = run(service, 'search', PART, '--within', NAME, '--json')
    found = json.loads(output)
    (event,) = found['events']
    assert event['recorded_at'].startswith('2024-05-12T04:31:2')
    assert found['recordings'] == [
        {
            'id': event['id'],
            'uri': NAME,
            'duration_s': 120.0,
            'recorded_at': '2024-05-12T04:30:00.000',
        }
    ]
    html = file.read_text()
    assert '<b>' not in html
    assert '1 place in 2:00, recorded from 2024-05-12 04:30:00 on' in html
    for width in (1400, 400):
        began_s, source = heard_s(browser, file, width)
        assert event['beg_s'] - 0.01 <= began_s < event['end_s']
        assert source.startswith(f'{service.url}/audio/')


def test_where_the_service_wants_a_token_the_file_is_played(
    sounds: Path, tmp_path: Path, browser: Browser
) -> None:
    roots = f'{ROOT}:{sounds}'
    with RunningService(
        tmp_path / 'workspace', 'serve', AUDIO_SEARCH_ROOTS=roots, AUDIO_SEARCH_TOKEN=TOKEN
    ) as service:
        service.http.headers['Authorization'] = f'Bearer {TOKEN}'
        index(service, sounds)
        file = tmp_path / 'events.html'
        status, _, _ = run(
            service, 'search', PART, '--within', NAME, '--html', file,
            AUDIO_SEARCH_ROOTS=roots, AUDIO_SEARCH_TOKEN=TOKEN,
        )  # fmt: skip
        assert status == 0
        assert TOKEN not in file.read_text()
        began_s, source = heard_s(browser, file, 1400)
    assert BEGIN_S - 1 < began_s < BEGIN_S + 3
    assert source.startswith('file:///')


def test_what_is_not_for_a_picture_is_refused(service: RunningService, tmp_path: Path) -> None:
    for options, reason in (
        (['--html', tmp_path / 'a.html'], 'add --within REC'),
        (['--within', 'x', '--html', tmp_path / 'no' / 'a.html'], 'is not a folder; make it'),
    ):
        status, output, errors = run(service, 'search', BIRD, *options)
        assert (status, output) == (2, '')
        assert reason in errors
