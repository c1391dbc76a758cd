import asyncio
from pathlib import Path

from audio_search.page.asked import Asked, Example
from audio_search.page.pace import Pace
from audio_search.page.works import Work, Works, progress_html
from audio_search.roots import Roots
from audio_search.service.progress import part, report
from tests.conftest import write_tone


def test_a_work_is_followed_through_its_parts() -> None:
    async def run() -> None:
        gate = asyncio.Event()

        async def doing() -> str:
            with part(0.5, 1):
                report(0.5)
            await gate.wait()
            return 'done'

        work = Work(doing())
        shares = []
        async for _ in work.ticks():
            shares.append(work.share)
            html = progress_html('Adding <x>', work, 'stop')
            gate.set()
        assert shares[0] == 0.75
        assert 'value="0.750"' in html
        assert 'Adding &lt;x&gt;' in html
        assert 'data-event="stop"' in html
        assert work.task.result() == 'done'

    asyncio.run(run())


def test_a_work_is_stopped_and_another_takes_the_place_of_one() -> None:
    async def run() -> None:
        works = Works()
        first = works.start('search', 'page', asyncio.sleep(60))
        other = works.start('search', 'another page', asyncio.sleep(60))
        second = works.start('search', 'page', asyncio.sleep(60))
        await asyncio.wait({first.task})
        assert first.is_replaced
        assert works.is_running('search', 'page')
        assert not works.is_running('add', 'page')
        works.stop('search', 'page')
        works.stop('add', 'another page')
        await asyncio.wait({second.task})
        assert second.task.cancelled()
        assert second.is_stopped
        assert not second.is_replaced
        assert not other.task.done()
        works.stop('search', 'another page')
        works.stop('search', 'page')  # which has none any more
        await asyncio.wait({other.task})

    asyncio.run(run())


def test_a_page_that_is_closed_ends_its_work() -> None:
    async def run() -> None:
        work = Work(asyncio.sleep(60))
        ticks = work.ticks()
        await anext(ticks)
        await ticks.aclose()
        await asyncio.wait({work.task})
        assert work.task.cancelled()

    asyncio.run(run())


def test_the_time_that_is_left_is_guessed_from_searches_before(tmp_path: Path) -> None:
    pace = Pace(Roots([tmp_path]))
    write_tone(tmp_path / 'long.wav', 120)
    like = (Example('uri', 'long.wav'), Example('own', str(tmp_path / 'long.wav')),
            Example('words', 'dog'), Example('uri', 'nowhere.wav'))  # fmt: skip

    async def run() -> None:
        sound_s = await pace.sound_s(Asked(like=like, unlike=(Example('uri', 'long.wav#t=10,20'),)))
        assert sound_s == 250
        assert pace.expected_s(sound_s) is None
        pace.learn(10, 5)  # too short to say anything
        assert pace.expected_s(sound_s) is None
        pace.learn(250, 10)
        assert pace.expected_s(500) == 20
        assert pace.expected_s(10) is None
        work = Work(asyncio.sleep(60))
        work.expected_s = 1e-9
        assert work.share == 0.98
        assert work.left_s is not None
        work.end()

    asyncio.run(run())
