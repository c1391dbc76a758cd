"""How many requests work at once, and for how long."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar

from audio_search.errors import Kind, RequestError

# Requests that only search what is stored: one pass over the rows serves many of them.
LIGHT_AT_ONCE = 32
_bound: ContextVar[asyncio.Timeout | None] = ContextVar('bound', default=None)


class _Place:
    """A place that is taken, and among which."""

    def __init__(self, among: asyncio.Semaphore) -> None:
        self.among = among


_admitted: ContextVar[_Place | None] = ContextVar('admitted', default=None)


class Admission:
    """Lets `max_running` requests work at once; others wait up to `wait_s` for a place.

    Whoever calls the service passes through here, so that no client can walk around the limits.
    HTTP takes the place before it reads a body, and then calls the service, which asks for one too:
    so a place is taken once per context, however often it is asked for. A request that turns out to
    need neither decoder nor encoder goes on among LIGHT_AT_ONCE others, and gives its place back.
    """

    def __init__(self, max_running: int, wait_s: float, timeout_s: float) -> None:
        self._places = asyncio.Semaphore(max_running)
        self._light = asyncio.Semaphore(LIGHT_AT_ONCE)
        self._wait_s = wait_s
        self._timeout_s = timeout_s

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Raises RequestError (busy) where no place comes free in time."""
        if _admitted.get() is not None:
            yield
            return
        try:
            async with asyncio.timeout(self._wait_s):  # 0 s still takes a place that is free
                await self._places.acquire()
        except TimeoutError:
            raise RequestError(
                Kind.BUSY,
                f'the service is busy: no place came free in {self._wait_s:g} s; try again later',
                retry_after_s=max(1, round(self._wait_s)),
            ) from None
        place = _Place(self._places)
        token = _admitted.set(place)
        try:
            yield
        finally:
            _admitted.reset(token)
            place.among.release()

    @asynccontextmanager
    async def work(self) -> AsyncIterator[None]:
        """A place, and a bound on the time. Raises RequestError (busy, late)."""
        async with self.place():
            try:
                async with asyncio.timeout(self._timeout_s) as bound:
                    token = _bound.set(bound)
                    try:
                        yield
                    finally:
                        _bound.reset(token)
            except TimeoutError:
                raise RequestError(
                    Kind.LATE,
                    f'not done within {self._timeout_s:g} s; send less at once, '
                    'or raise AUDIO_SEARCH_TIMEOUT_S',
                ) from None

    async def lighten(self) -> None:
        """Give the place of this request back for one among those that only search."""
        place = _admitted.get()
        if place is not None and place.among is not self._light:
            await self._light.acquire()
            place.among.release()
            place.among = self._light

    def extend(self) -> None:
        """Begin the bound on the time of this request anew: it did a part of a long recording."""
        if bound := _bound.get():
            bound.reschedule(asyncio.get_running_loop().time() + self._timeout_s)
