"""What all executors of the Flow have in common."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from docarray import DocList
from jina import Executor, requests

from audio_search.documents import AudioClip
from audio_search.flow.children import end_with_parent


class FlowExecutor(Executor):
    """Ends with the process that started it, and passes on what it has no endpoint for.

    Jina starts a Flow only if every executor after one that serves an endpoint serves it too.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        end_with_parent()

    @requests
    def pass_on(self, docs: DocList[AudioClip], **kwargs: Any) -> DocList[AudioClip]:
        return docs


def serve_at_once(count: int) -> None:
    """Let so many requests of this executor run at once, where it has `allow_concurrent`: Jina runs
    them in the threads of its event loop, which has four more than there are cores."""
    with suppress(RuntimeError):  # there is no loop where no Flow runs
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(count, 'request'))


def background() -> Callable[[Callable[[], None]], None]:
    """What does some work in a thread beside the requests of this executor, which is being built;
    any thread may call it. It does nothing where no Flow runs."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return lambda work: None

    def do(work: Callable[[], None]) -> None:
        loop.call_soon_threadsafe(loop.run_in_executor, None, work)

    return do
