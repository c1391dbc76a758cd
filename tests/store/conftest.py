import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from audio_search.store import Configuration
from audio_search.store.milvus.connection import Server
from audio_search.store.milvus.store import MilvusStore
from audio_search.store.sqlite import SqliteStore
from tests.milvus_server import Server as MilvusServer
from tests.store.clips import CONFIGURATION


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / 'workspace' / 'index.sqlite'


@pytest.fixture
def index(path: Path) -> Iterator[SqliteStore]:
    with SqliteStore(path, CONFIGURATION) as index:
        yield index


@pytest.fixture
def open_milvus(milvus_server: MilvusServer) -> Callable[..., MilvusStore]:
    """Opens this worker's collection, empty at the first time in a test: to make one takes 3 s."""
    name = f'clips_{os.environ.get("PYTEST_XDIST_WORKER", "alone")}'
    used: list[MilvusStore] = []

    def open_store(made: Configuration, **options: Any) -> MilvusStore:
        store = MilvusStore(Server(milvus_server.uri), made, name=name, **options)
        if not used:
            store.clear()
            with store.transaction() as transaction:
                for search in store.searches():
                    transaction.delete_search(search.name)
        used.append(store)
        return store

    return open_store
