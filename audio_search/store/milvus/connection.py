"""Calls to a Milvus server: bounded in time, repeated where that is harmless, and with errors that
a user can do something about."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import grpc
from pymilvus import MilvusClient, MilvusException

from audio_search.store.errors import IndexFileError, StorageError, StoreDown

# Whoever reads is told within 5 s that the server is gone. One that is only busy is asked again and
# given more time, not all at once: what is asked while a server starts may never be answered.
READ_S = 4.0
THERE_S = 0.7
SLOW_S = (8.0, 16.0, 32.0)
WRITE_S = 60.0  # 20,000 rows take 5 s on two cores
RETRIES = 3  # of a write that the server did not take
FIRST_PAUSE_S = 0.2  # before the first one; each pause is twice the one before
NOT_LOADED = 101  # soon after a server was started again, until its collections are in memory
NOT_THERE = 100
UNREACHABLE = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
# By itself gRPC waits up to two minutes before it looks for a server again that was gone.
CHANNEL = {
    'grpc.initial_reconnect_backoff_ms': 200,
    'grpc.min_reconnect_backoff_ms': 200,
    'grpc.max_reconnect_backoff_ms': 1000,
}

# It logs each failed call with three tracebacks, and raises it too; what is raised is what we say.
logging.getLogger('pymilvus').setLevel(logging.CRITICAL)


@dataclass(frozen=True)
class Server:
    """Where a Milvus is and how it is entered: `uri` as in http://host:19530, `token` as in
    user:password, `ca` the path of a certificate for https."""

    uri: str
    token: str = ''
    database: str = ''
    ca: str = ''


class Connection:
    """A client that any number of threads may use."""

    def __init__(self, server: Server) -> None:
        """Raises IndexFileError where nothing answers, or the token is not taken."""
        self.server = server
        options: dict[str, Any] = {'grpc_options': CHANNEL}
        if server.database:
            options['db_name'] = server.database
        if server.ca:
            options['server_pem_path'] = server.ca
        try:
            self._client = MilvusClient(
                server.uri, token=server.token, timeout=READ_S, dedicated=True, **options
            )
            self._client.list_collections(timeout=READ_S)
        except (MilvusException, grpc.RpcError, OSError) as error:
            raise IndexFileError(
                f'Milvus at {server.uri} cannot be used ({_reason(error)}): start it, or correct '
                'MILVUS_URI, MILVUS_TOKEN, MILVUS_DATABASE or MILVUS_CA'
            ) from error

    @property
    def client(self) -> MilvusClient:
        """For what is done while a store is opened."""
        return self._client

    def close(self) -> None:
        self._client.close()

    def read(self, method: str, *arguments: Any, **options: Any) -> Any:
        """A call that changes nothing. Raises StorageError."""
        for timeout_s in (READ_S, *SLOW_S):
            try:
                return self._call('read', timeout_s, 0, method, arguments, options)
            except StoreDown as error:
                down = error
                if not self._is_there():
                    break
        raise down

    def write(self, method: str, *arguments: Any, **options: Any) -> Any:
        """An upsert, or a delete by keys: what may be sent again, whatever became of it the first
        time. Raises StorageError."""
        return self._call('written', WRITE_S, RETRIES, method, arguments, options)

    def _is_there(self) -> bool:
        """Whether it answers at all: one that is busy does so in a millisecond or two."""
        try:
            self._client.get_server_version(timeout=THERE_S)
        except (MilvusException, grpc.RpcError, ValueError):
            return False
        return True

    def _call(
        self,
        done: str,
        timeout_s: float,
        retries: int,
        method: str,
        arguments: tuple[Any, ...],
        options: dict[str, Any],
    ) -> Any:
        call: Callable[..., Any] = getattr(self._client, method)
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                return call(*arguments, timeout=timeout_s, **options)
            except (MilvusException, grpc.RpcError, ValueError) as error:
                if retries and _is_passing(error):
                    retries -= 1
                    time.sleep(pause_s)
                    pause_s *= 2
                    continue
                kind = StoreDown if _is_passing(error) else StorageError
                raise kind(
                    f'The index in Milvus at {self.server.uri} cannot be {done} '
                    f'({_reason(error)}): look whether it runs, and ask again'
                ) from error


def _is_passing(error: Exception) -> bool:
    if isinstance(error, grpc.RpcError):
        return error.code() in UNREACHABLE
    return getattr(error, 'code', None) in (2, NOT_LOADED)


def _reason(error: Exception) -> str:
    """What went wrong, in a line."""
    if isinstance(error, grpc.RpcError):
        return ' '.join(str(error.details() or error.code()).split())
    text = str(getattr(error, 'message', '') or error)
    return ' '.join(text.split())[:300]
