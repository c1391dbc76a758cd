"""Batches whose answer is lost on the way: the server has stored them, and nobody knows."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress

from audio_search.store.milvus.connection import Server
from audio_search.store.milvus.store import MilvusStore
from tests.milvus_server import Server as MilvusServer
from tests.store.clips import CONFIGURATION, DIMENSIONS, clip, put, stored_ids

STORED_S = 2.0  # in which the server has stored a batch for certain
BLOCK = 1 << 16
CHUNKS = 300


class Way:
    """A port that leads to the server. With `losing` set, what the server answers is lost for
    STORED_S from its first byte on; then the connection breaks, and the next ones are whole."""

    def __init__(self, uri: str) -> None:
        host, _, port = uri.rpartition('//')[2].rpartition(':')
        self._target = host, int(port)
        self._listening = socket.create_server(('127.0.0.1', 0))
        self.uri = f'http://127.0.0.1:{self._listening.getsockname()[1]}'
        self.losing = False
        self.lost = 0
        self.asked_bytes = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            server = socket.create_connection(self._target)
            for ends in ((client, server, False), (server, client, True)):
                threading.Thread(target=self._carry, args=ends, daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, is_answer: bool) -> None:
        deadline: float | None = None
        with suppress(OSError):
            while data := source.recv(BLOCK):
                if is_answer and self.losing and deadline is None:
                    deadline = time.monotonic() + STORED_S
                    source.settimeout(0.1)
                    threading.Timer(STORED_S, self._break, (source, target)).start()
                if not is_answer:
                    self.asked_bytes += len(data)
                if deadline is None:
                    target.sendall(data)
        if deadline is None:
            _shut(source, target)

    def _break(self, *ends: socket.socket) -> None:
        self.losing = False
        self.lost += 1
        _shut(*ends)


def _shut(*ends: socket.socket) -> None:
    for end in ends:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@contextmanager
def way_to(server: MilvusServer) -> Iterator[Way]:
    way = Way(server.uri)
    try:
        yield way
    finally:
        way.close()


def test_a_batch_that_is_sent_again_is_stored_once(
    open_milvus: Callable[..., MilvusStore], milvus_server: MilvusServer
) -> None:
    with closing(open_milvus(CONFIGURATION)) as direct, way_to(milvus_server) as way:
        name = direct.address.rpartition('/')[2]
        put(direct, clip('bell', 3), clip('bird', 2))
        with closing(MilvusStore(Server(way.uri), CONFIGURATION, name=name)) as store:
            with store.transaction() as transaction:
                transaction.put(clip('thunder', CHUNKS))
                assert transaction.find('thunder')  # nothing has to be read after that, so that
                way.losing = True  # the first answer that is lost is that of the batch
                way.asked_bytes = 0
            assert way.lost == 1
            assert way.asked_bytes > 2 * CHUNKS * 4 * DIMENSIONS  # of the vectors alone
            assert stored_ids(store) == ['bell', 'bird', 'thunder']
            assert store.counts() == (3, 5 + CHUNKS)
            vectors = clip('thunder', CHUNKS).embeddings
            (found,) = store.search(vectors[:1], 2 * CHUNKS, distinct=False)
            assert len(found) == 5 + CHUNKS

            way.losing = True
            put(store, clip('bell', 4, seed=1))
            assert way.lost == 2
            assert stored_ids(store) == ['bird', 'thunder', 'bell']
            assert store.counts() == (3, 6 + CHUNKS)
            way.losing = True
            with store.transaction() as transaction:
                assert transaction.delete('thunder')
            assert way.lost == 3
            assert stored_ids(store) == ['bird', 'bell']
            assert store.counts() == (2, 6)
