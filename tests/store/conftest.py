from collections.abc import Iterator
from pathlib import Path

import pytest

from audio_search.store.sqlite import SqliteStore
from tests.store.clips import CONFIGURATION


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / 'workspace' / 'index.sqlite'


@pytest.fixture
def index(path: Path) -> Iterator[SqliteStore]:
    with SqliteStore(path, CONFIGURATION) as index:
        yield index
