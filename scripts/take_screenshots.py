"""Photograph the page for the README: docs/screenshots/*.png.

Starts a service of its own with the toy clips indexed, and needs the browser of the tests.
"""

import io
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from audio_search.environment import use_environment

use_environment()

from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser import (
    open_map,
    open_page,
    place_of_dot,
    running_browser,
    search_with_clip,
)
from tests.running import RunningService

FOLDER = ROOT / 'docs' / 'screenshots'
QUERY = '143_birds'
WIDE, NARROW = 1400, 400  # px
COLOURS = 200  # of a picture's palette: a third of the size, and no difference to be seen


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        RunningService(Path(folder) / 'workspace', 'serve', AUDIO_SEARCH_PAGE='on') as service,
        running_browser() as browser,
    ):
        clips = [
            {'uri': f'toy-data/{path.name}', 'tags': {'label': path.stem.partition('_')[2]}}
            for path in sorted((ROOT / 'toy-data').glob('*.mp3'))
        ]
        service.answers('/index', *clips)
        for width, height in ((WIDE, 1160), (NARROW, 860)):
            page = browser.new_page(viewport={'width': width, 'height': height})
            open_page(page, service.url)
            search_with_clip(page, QUERY)
            expect(page.locator('.as-match')).to_have_count(5)
            if width == NARROW:
                page.locator('.as-query').scroll_into_view_if_needed()
                page.evaluate('document.querySelector(".as-query").scrollIntoView()')
            take(page, f'search_{width}')
            if width == WIDE:
                open_map(page, len(clips))
                page.wait_for_function('window.audioSearch.clipMap.isLaidOut')
                page.mouse.click(*place_of_dot(page, 0))
                page.mouse.move(0, 0)
                page.get_by_role('button', name='Search with this').locator(
                    'visible=true'
                ).wait_for()
                take(page, f'map_{width}')
                page.get_by_role('tab', name='Library').click()
                take(page, f'library_{width}')
            page.close()


def take(page: Page, name: str) -> None:
    page.wait_for_timeout(1500)  # for players, pictures and transitions to settle
    image = Image.open(io.BytesIO(page.screenshot())).convert('RGB')
    path = FOLDER / f'{name}.png'
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f'{path.relative_to(ROOT)}: {image.width} × {image.height}, {path.stat().st_size:,} B')


if __name__ == '__main__':
    main()
