"""Starts the process that lays out the map, and follows it."""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np

TAIL = 2000  # characters of what a process that failed wrote


class LayoutFailed(Exception):
    """The process that lays out the map ended with an error; the message is what it wrote."""


async def laid_out(
    vectors: np.ndarray, folder: Path, report: Callable[[float], None]
) -> np.ndarray:
    """[clips, axes] -> float32 [clips, 2], by `worker`; `report` is told the share that is done.

    `folder` is where the arrays are handed over. Raises LayoutFailed and OSError.

    A daemon thread waits for the process: asyncio can follow processes only from some event loops,
    and Jina's is none of them, and a thread of a pool would hold up the end of the service.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[np.ndarray] = loop.create_future()

    def run() -> None:
        result: np.ndarray | Exception
        try:
            result = _run(vectors, folder, report)
        except Exception as error:
            result = error
        with suppress(RuntimeError):  # the loop has ended, and with it the service
            loop.call_soon_threadsafe(tell, result)

    def tell(result: np.ndarray | Exception) -> None:
        if done.done():  # cancelled
            return
        if isinstance(result, Exception):
            done.set_exception(result)
        else:
            done.set_result(result)

    threading.Thread(target=run, name='map', daemon=True).start()
    return await done


def _run(vectors: np.ndarray, folder: Path, report: Callable[[float], None]) -> np.ndarray:
    given, points, wrote = (folder / name for name in ('given.npy', 'points.npy', 'errors.txt'))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        np.save(given, vectors)
        with (
            wrote.open('w+') as errors,
            subprocess.Popen(
                [sys.executable, '-m', 'audio_search.clip_map.worker', str(given), str(points)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                # The worker imports from where this process does, wherever that was started.
                env={**os.environ, 'PYTHONPATH': os.pathsep.join(filter(None, sys.path))},
            ) as process,
        ):
            assert process.stdout
            for line in process.stdout:
                report(float(line))
            if process.wait():
                raise LayoutFailed(wrote.read_text(errors='replace')[-TAIL:].strip())
        found: np.ndarray = np.load(points)
        return found
    finally:
        for path in (given, points, wrote):
            path.unlink(missing_ok=True)
