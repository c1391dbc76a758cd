"""The documentation, in a browser."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import running_browser
from tests.http.api import Api
from tests.http.asgi import served


@pytest.fixture(scope='module')
def browser() -> Iterator[Browser]:
    with running_browser() as browser:
        yield browser


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    api = Api(tmp_path, TOKEN='secret')
    with served(api.app) as url:
        yield url


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    yield page
    page.close()


@pytest.mark.parametrize(('path', 'shown'), [('/docs', '/index/upload'), ('/redoc', 'Parameters')])
def test_the_documentation_asks_no_other_host(page: Page, url: str, path: str, shown: str) -> None:
    answered: set[str] = set()
    errors: list[str] = []
    page.on('response', lambda response: answered.add(urlsplit(response.url).netloc))
    page.on('pageerror', lambda error: errors.append(str(error)))
    page.goto(f'{url}{path}')
    expect(page.get_by_text(shown).first).to_be_visible()
    page.wait_for_load_state('networkidle')
    assert answered - {''} == {urlsplit(url).netloc}
    assert not errors
    for image in page.locator('img:visible').all():
        assert not re.match(r'https?:', image.get_attribute('src') or '')


def test_a_request_can_be_tried_with_the_token(page: Page, url: str) -> None:
    page.goto(f'{url}/docs')
    page.get_by_role('button', name='Authorize').first.click()
    page.locator('.auth-container input').fill('secret')
    page.locator('.auth-container').get_by_role('button', name='Apply credentials').click()
    page.locator('.modal-ux').get_by_role('button', name='Close').first.click()
    operation = page.locator('#operations-default-status_status_get')
    operation.locator('.opblock-summary-control').click()
    operation.get_by_role('button', name='Try it out').click()
    with page.expect_response(f'{url}/status') as answered:
        operation.get_by_role('button', name='Execute').click()
    assert answered.value.status == 200
