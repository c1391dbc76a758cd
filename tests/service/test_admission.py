import asyncio
from contextvars import Context

import pytest

from audio_search.errors import Kind, RequestError
from audio_search.service.admission import LIGHT_AT_ONCE, Admission


def test_a_free_place_is_taken_also_where_nobody_may_wait() -> None:
    async def twice() -> None:
        admission = Admission(max_running=1, wait_s=0, timeout_s=9)
        async with admission.place():
            pass
        async with admission.work():
            pass

    asyncio.run(twice())


def test_a_place_is_taken_once_per_context() -> None:
    async def nested() -> None:
        admission = Admission(max_running=1, wait_s=0, timeout_s=9)
        async with admission.place(), admission.work():
            pass
        async with admission.place():
            with pytest.raises(RequestError) as refused:
                await asyncio.get_running_loop().create_task(
                    elsewhere(admission), context=Context()
                )
        assert refused.value.kind == Kind.BUSY
        await elsewhere(admission)

    async def elsewhere(admission: Admission) -> None:
        async with admission.place():
            pass

    asyncio.run(nested())


def test_work_that_takes_too_long_ends_and_gives_its_place_back() -> None:
    async def late() -> None:
        admission = Admission(max_running=1, wait_s=0, timeout_s=0.01)
        with pytest.raises(RequestError) as refused:
            async with admission.work():
                await asyncio.Event().wait()
        assert refused.value.kind == Kind.LATE
        async with admission.place():
            pass

    asyncio.run(late())


def test_a_light_request_gives_its_place_back_and_only_so_many_run_at_once() -> None:
    async def light(admission: Admission, hold: asyncio.Event, running: list[int]) -> None:
        async with admission.work():
            await admission.lighten()
            await admission.lighten()  # it has what it asks for
            running.append(1)
            await hold.wait()

    async def many() -> None:
        admission = Admission(max_running=1, wait_s=9, timeout_s=9)
        hold, running = asyncio.Event(), list[int]()
        tasks = [
            asyncio.create_task(light(admission, hold, running)) for _ in range(LIGHT_AT_ONCE + 1)
        ]
        while len(running) < LIGHT_AT_ONCE:
            await asyncio.sleep(0)
        for _ in range(9):
            await asyncio.sleep(0)
        assert len(running) == LIGHT_AT_ONCE  # the last one waits, in the place that is left
        hold.set()
        await asyncio.gather(*tasks)
        async with admission.place():  # every place came back
            pass

    asyncio.run(many())
