"""What takes long on an open page: it is followed, stopped, or replaced by another of its kind."""

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine
from typing import Any

from audio_search.page.text import text
from audio_search.service.progress import following

FIRST_TICK_S = 0.25  # what is done by then shows no progress
TICK_S = 0.5
MOST_EXPECTED = 0.98  # of a work that takes longer than it was expected to
LEAST_SHARE = 0.02  # from which on the time that is left can be guessed


class Work:
    """A task, and how far it is: by what it tells of itself, else by the time it is expected to
    take."""

    def __init__(self, doing: Coroutine[Any, Any, Any]) -> None:
        self.told: float | None = None
        self.expected_s: float | None = None
        self.is_stopped = self.is_replaced = False
        self.started_s = time.monotonic()
        self.task = asyncio.create_task(self._run(doing))

    async def _run(self, doing: Coroutine[Any, Any, Any]) -> Any:
        with following(self.tell):
            return await doing

    def tell(self, share: float) -> None:
        self.told = share

    @property
    def share(self) -> float | None:
        """From 0 to 1; None as long as nothing is known."""
        if self.told is not None or self.expected_s is None:
            return self.told
        return min(MOST_EXPECTED, self.elapsed_s / self.expected_s)

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self.started_s

    @property
    def left_s(self) -> float | None:
        """About how long it still takes."""
        if self.share is None or self.share < LEAST_SHARE:
            return None
        return self.elapsed_s * (1 - self.share) / self.share

    async def ticks(self) -> AsyncIterator[None]:
        """Now and then until the task ended; a page that is closed meanwhile ends it."""
        wait_s = FIRST_TICK_S
        try:
            while True:
                await asyncio.wait({self.task}, timeout=wait_s)
                if self.task.done():
                    return
                yield
                wait_s = TICK_S
        finally:
            self.task.cancel()

    def end(self) -> None:
        self.is_stopped = True
        self.task.cancel()


class Works:
    """One work of a kind for each open page."""

    def __init__(self) -> None:
        self._running: dict[tuple[str, str], Work] = {}

    def start(self, kind: str, page: str, doing: Coroutine[Any, Any, Any]) -> Work:
        """In the place of an earlier one of that kind, which is ended."""
        key = (kind, page)
        if earlier := self._running.get(key):
            earlier.is_replaced = True
            earlier.task.cancel()
        work = self._running[key] = Work(doing)
        work.task.add_done_callback(lambda _: self._forget(key, work))
        return work

    def is_running(self, kind: str, page: str) -> bool:
        return (kind, page) in self._running

    def stop(self, kind: str, page: str) -> None:
        if work := self._running.get((kind, page)):
            work.end()

    def _forget(self, key: tuple[str, str], work: Work) -> None:
        if self._running.get(key) is work:
            del self._running[key]


def progress_html(what: str, work: Work, stop: str) -> str:
    """What is being done, how far it is, and a button that ends it with the event `stop`."""
    value = '' if work.share is None else f' value="{work.share:.3f}"'
    left = work.left_s
    time_s = f'{work.elapsed_s:.0f} s' if left is None else f'about {_rounded(left)} left'
    return (
        f'<div class="as-note as-progress"><progress{value} aria-label="{text(what)}"></progress>'
        f'<span role="status">{text(what)}</span> <span class="as-faint">{time_s}</span>'
        f'<button type="button" data-event="{stop}">Stop</button></div>'
    )


def _rounded(seconds: float) -> str:
    if seconds < 90:
        return f'{max(1, round(seconds))} s'
    return f'{round(seconds / 60)} min'
