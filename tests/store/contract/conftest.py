from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from audio_search.store import ClipStore
from audio_search.store.sqlite import SqliteStore
from tests.store.clips import CONFIGURATION


def sqlite(folder: Path, request: pytest.FixtureRequest) -> ClipStore:
    return SqliteStore(folder / 'index.sqlite', CONFIGURATION)


def milvus(folder: Path, request: pytest.FixtureRequest) -> ClipStore:
    open_milvus = request.getfixturevalue('open_milvus')
    return open_milvus(CONFIGURATION)


# How to open a store that keeps its clips in a folder, or belongs to it.
OPENERS = {'sqlite': sqlite, 'milvus': milvus}


@pytest.fixture(params=OPENERS)
def make_store(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], ClipStore]:
    """Opens the store of this test, the same one each time; the test closes it."""
    return lambda: OPENERS[request.param](tmp_path / 'store', request)


@pytest.fixture
def store(make_store: Callable[[], ClipStore]) -> Iterator[ClipStore]:
    """The store of this test, open until its end."""
    with closing(make_store()) as store:
        yield store
