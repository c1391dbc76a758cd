"""What Milvus alone does with judgements and saved searches."""

from collections.abc import Callable
from contextlib import closing

import pytest

from audio_search.errors import Kind
from audio_search.store import StorageError
from audio_search.store.judgements import Judgement, SavedSearch
from audio_search.store.milvus.beside import Beside
from audio_search.store.milvus.connection import Connection, Server
from audio_search.store.milvus.state import State
from audio_search.store.milvus.store import MilvusStore
from tests.milvus_server import Server as MilvusServer
from tests.store.clips import CONFIGURATION, clip, put

TIME = '2026-11-29T09:00:00.000Z'


def test_what_was_judged_of_a_clip_that_is_gone_goes_at_the_next_start(
    open_milvus: Callable[..., MilvusStore], milvus_server: MilvusServer
) -> None:
    """As after a process that was killed between deleting a clip and its judgements."""
    kept = Judgement('a', 'bell', 'right', TIME)
    with closing(open_milvus(CONFIGURATION)) as store:
        put(store, clip('a'))
        with store.transaction() as transaction:
            transaction.put_judgement(kept)
        name = f'{store.address.rpartition("/")[2]}_state'
    connection = Connection(Server(milvus_server.uri))
    with closing(connection):
        Beside(State(connection, name)).put([Judgement('gone', 'bell', 'right', TIME)])
    with closing(open_milvus(CONFIGURATION)) as store:
        assert store.judgements(0, 10) == ([kept], 1)


def test_a_search_that_is_too_large_is_refused(open_milvus: Callable[..., MilvusStore]) -> None:
    large = SavedSearch('large', TIME, {'words': 'ä' * 40_000})

    def save() -> None:
        with store.transaction() as transaction:
            transaction.put_search(large)

    with closing(open_milvus(CONFIGURATION)) as store:
        with pytest.raises(StorageError, match='more than 65,000 bytes') as refused:
            save()
        assert refused.value.kind is Kind.UNUSABLE
        assert store.searches() == []
