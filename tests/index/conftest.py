from collections.abc import Iterator
from pathlib import Path

import pytest

from executors.index import Index
from tests.index.clips import CONFIGURATION


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / 'workspace' / 'index.sqlite'


@pytest.fixture
def index(path: Path) -> Iterator[Index]:
    with Index(path, CONFIGURATION) as index:
        yield index
