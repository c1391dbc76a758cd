"""Why a process of the Flow did not start: said by that process, read by the one that waits for it.

Jina tells the waiting process only that another one failed, and with `quiet_error` nobody why.
"""

import errno
import json
import os
import sys
import tempfile
from argparse import Namespace
from typing import Any

import jina.serve.executors.run
from jina.excepts import PortAlreadyUsed
from jina.serve.runtimes.asyncio import AsyncNewLoopRuntime

from audio_search.flow.port import PortTaken
from audio_search.logs import explain
from audio_search.settings import Settings


class Failures:
    """The sentences of processes that are forked while this is open, oldest first."""

    current: 'Failures | None' = None

    def __init__(self) -> None:
        # Forked processes inherit the open file. It has no name, so nothing of it is left behind.
        self._file = tempfile.TemporaryFile('a+', encoding='utf-8')  # noqa: SIM115
        Failures.current = self
        install()

    def close(self) -> None:
        Failures.current = None
        self._file.close()

    def add(self, process: str, sentence: str) -> None:
        self._file.write(json.dumps([process, sentence]) + '\n')
        self._file.flush()

    def read(self) -> list[tuple[str, str]]:
        """(process, sentence) of all failures so far."""
        self._file.seek(0)
        return [tuple(json.loads(line)) for line in self._file]


class ReportingRuntime(AsyncNewLoopRuntime):
    """What Jina runs in each process of a Flow; where it cannot be built, it says why."""

    def __init__(self, args: Namespace, **kwargs: Any) -> None:
        try:
            super().__init__(args, **kwargs)
        except BaseException as error:  # SystemExit where uvicorn cannot listen
            report(str(args.name).partition('/')[0], error)
            _be_silent()
            raise SystemExit(1) from None  # Jina and Python print nothing about that


def install() -> None:
    """Let the processes that Jina starts from now on say why they cannot be built."""
    jina.serve.executors.run.AsyncNewLoopRuntime = ReportingRuntime


def report(process: str, error: BaseException) -> None:
    """Tell the process that waits; where none reads failures, whoever looks at the terminal."""
    settings = Settings.from_env()
    cause = error.__context__ if isinstance(error, SystemExit) and error.__context__ else error
    in_use = isinstance(cause, PortAlreadyUsed) or getattr(cause, 'errno', 0) == errno.EADDRINUSE
    if process == 'gateway' and in_use:
        cause = PortTaken(settings.host, settings.port)
    sentence = explain(cause, settings.log_file)
    if Failures.current:
        Failures.current.add(process, sentence)
    else:
        print(f'audio-search: the {process} did not start: {sentence}', file=sys.stderr, flush=True)


def _be_silent() -> None:
    """What event loops and native threads print on the way out says nothing new, at length."""
    with open(os.devnull, 'w') as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
