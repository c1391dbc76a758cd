import asyncio
from contextvars import Context

import pytest

from audio_search.errors import Kind, RequestError
from audio_search.service.admission import Admission


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
