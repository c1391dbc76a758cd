"""Keeps clips with their chunks on a Milvus server or cluster."""

from typing import Any

from audio_search.store import IndexFileError
from executors.clip_hubness import Hubness
from executors.clip_indexer import ClipIndexer
from executors.clip_samples import Samples


class MilvusIndexer(ClipIndexer):
    """Keeps clips in the collection `collection` of the Milvus at `uri`, and nothing in itself.

    So any number of its replicas may run, on any machines. `token` is as user:password, `database`
    one of the server's, `ca` the path of the certificate of an https server. With `consistency:
    session` a search sees what was stored through the same replica, with `strong` what was stored
    through any, which takes longer. `index` is that of a new collection: FLAT is exact, HNSW faster
    from some 300,000 windows on. The other arguments are those of ClipIndexer.
    """

    def __init__(
        self,
        uri: str = 'http://127.0.0.1:19530',
        token: str = '',
        database: str = '',
        ca: str = '',
        collection: str = 'clips',
        consistency: str = 'session',
        index: str = 'FLAT',
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        try:
            # Here and not above: a process that forks must not have pymilvus in it.
            from audio_search.store.milvus.connection import Server
            from audio_search.store.milvus.store import MilvusStore
        except ImportError as error:
            raise IndexFileError(
                f'pymilvus is not installed ({error}): pip install -r requirements-milvus.txt'
            ) from None
        self.store = MilvusStore(
            Server(uri, token, database, ca),
            self.configuration,
            name=collection,
            consistency=consistency,
            index=index,
        )
        self.samples = Samples(self.store)
        self.hubness = Hubness(self.store)
