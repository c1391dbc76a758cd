from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from audio_search.store import ClipStore
from audio_search.store.sqlite import SqliteStore
from tests.store.clips import CONFIGURATION

# How to open a store that keeps its clips in a folder, or belongs to it.
OPENERS: dict[str, Callable[[Path], ClipStore]] = {
    'sqlite': lambda folder: SqliteStore(folder / 'index.sqlite', CONFIGURATION),
}


@pytest.fixture(params=OPENERS)
def make_store(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], ClipStore]:
    """Opens the store of this test, the same one each time; the test closes it."""
    return lambda: OPENERS[request.param](tmp_path / 'store')


@pytest.fixture
def store(make_store: Callable[[], ClipStore]) -> Iterator[ClipStore]:
    """The store of this test, open until its end."""
    with closing(make_store()) as store:
        yield store
