"""The executors, seen from the gateway."""

import asyncio
import json
import re
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable
from typing import Any, NamedTuple

from docarray import DocList
from jina.excepts import InternalNetworkError
from jina.serve.runtimes.servers.grpc import GRPCServer

from audio_search.documents import AudioClip
from audio_search.errors import Kind, RequestError

CHECK_S = 2.0
RECONNECT_S = 1.0  # what a connection takes at most to find a process again; see flow.yml
GATEWAY = 'gateway'  # as Jina names it
ENCODERS = 'segmenter|encoder'  # all that turns a sound into vectors
SEARCHERS = 'indexer|ranker'  # all that a search by stored clips or by words needs


class Batch(NamedTuple):
    """Documents that are sent at once; `only` names the executors to ask, None for all."""

    docs: DocList[AudioClip]
    only: str | None = None


class ExecutorDown(Exception):
    """Executors whose processes do not answer; the message is their names."""


class ExecutorFailed(Exception):
    """An executor raised; the message has its name and what it raised."""


class Pipeline:
    """Sends documents through the executors over Jina's streamer.

    `addresses` are where each executor is, by its name: host:port, of each of its replicas;
    `observe(executor, seconds)` is told how long
    each took.
    """

    def __init__(
        self, streamer: Any, addresses: dict[str, list[str]], observe: Callable[[str, float], None]
    ) -> None:
        self._streamer = streamer
        self._addresses = addresses
        self._observe = observe

    async def check(self) -> None:
        """Return when every executor is up, busy or not, and of replicas one; else raise
        ExecutorDown.

        An executor listens once it is built: its model is loaded, its index open.
        """
        up = await asyncio.gather(*map(self._is_up, self._addresses.values()))
        down = [name for name, is_up in zip(self._addresses, up, strict=True) if not is_up]
        if down:
            raise ExecutorDown(' and the '.join(down))

    @staticmethod
    async def _is_up(replicas: list[str]) -> bool:
        return any(
            await asyncio.gather(*(GRPCServer.async_is_ready(one, CHECK_S) for one in replicas))
        )

    async def post(
        self,
        endpoint: str,
        docs: DocList[AudioClip] | None = None,
        parameters: dict[str, Any] | None = None,
        only: str | None = None,
    ) -> tuple[DocList[AudioClip], dict[str, Any]]:
        """One request; `only` names the executors to ask, with | between them. Documents and
        returned dict.

        Raises ExecutorDown, ExecutorFailed. A connection may still be down when its executor is up
        again, so then it is tried once more: everything asked of executors may be asked twice.
        """
        docs = DocList[AudioClip]() if docs is None else docs
        try:
            return await self._post(endpoint, docs, parameters or {}, only)
        except ExecutorDown:
            await self.check()
            await asyncio.sleep(RECONNECT_S)
            return await self._post(endpoint, docs, parameters or {}, only)

    async def ask(self, endpoint: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """A question to the indexer that is not about a document. Raises RequestError too."""
        found = (await self.post(endpoint, parameters=parameters, only='indexer'))[1]
        if error := found.get('error'):
            raise RequestError(Kind(found['error_kind']), error)
        return found

    async def ask_beside(self, do: str, **asked: Any) -> Any:
        """A question about what is kept beside clips, see executors/clip_judgements. Raises
        RequestError too."""
        found = await self.ask('/clips', {'beside': json.dumps({'do': do, **asked})})
        return json.loads(found['answer'])

    async def _post(
        self, endpoint: str, docs: DocList[AudioClip], parameters: dict[str, Any], only: str | None
    ) -> tuple[DocList[AudioClip], dict[str, Any]]:
        try:
            async for response, error in self._streamer.stream(
                docs=docs,
                request_size=max(len(docs), 1),
                exec_endpoint=endpoint,
                parameters=parameters,
                target_executor=only,
                return_results=True,
                return_type=DocList[AudioClip],
            ):
                if error:
                    raise ExecutorFailed(f'{error.executor}: {error.name} {" ".join(error.args)}')
                for route in response.routes:
                    if only and route.executor not in (GATEWAY, *only.split('|')):
                        continue  # it was passed by
                    spent_ns = route.end_time.ToNanoseconds() - route.start_time.ToNanoseconds()
                    self._observe(route.executor, spent_ns / 1e9)
                results = response.parameters.get('__results__') or {}
                return response.docs, next(iter(results.values()), {})
        except InternalNetworkError as error:
            raise ExecutorDown(_deployment(error)) from None
        raise ExecutorFailed(f'{endpoint}: no answer')

    async def stream(
        self,
        endpoint: str,
        batches: Iterable[Batch],
        parameters: dict[str, Any],
    ) -> AsyncGenerator[DocList[AudioClip], None]:
        """The batches' answers in order, with as many of them under way as there are
        encoders, and one more, which is decoded meanwhile."""
        in_flight = 1 + len(self._addresses.get('encoder', ['']))
        under_way: deque[asyncio.Task[tuple[DocList[AudioClip], dict[str, Any]]]] = deque()
        try:
            for docs, only in batches:
                under_way.append(asyncio.create_task(self.post(endpoint, docs, parameters, only)))
                if len(under_way) == in_flight:
                    yield (await under_way.popleft())[0]
            while under_way:
                yield (await under_way.popleft())[0]
        finally:
            for task in under_way:
                task.cancel()


def _deployment(error: InternalNetworkError) -> str:
    found = re.search(r'deployment (\S+)', str(error.details()))
    return found[1] if found else 'an executor'
