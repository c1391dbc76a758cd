"""A service in processes of its own, to be measured from outside."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

ROOT = Path(__file__).resolve().parents[2]
START_S = 120.0  # to give up after
TIMEOUT_S = 120.0
MEMORY_EVERY_S = 0.2
# What a user may have set that would make another measurement of it.
SETTINGS = {
    'AUDIO_SEARCH_HOST': '127.0.0.1',
    'AUDIO_SEARCH_TOKEN': '',
}


@contextmanager
def service(
    workspace: Path,
    *command: str,
    roots: Path = ROOT,
    checkout: Path = ROOT,
    more: Mapping[str, str] | None = None,
) -> Iterator[tuple[httpx.Client, subprocess.Popen]]:
    """`python COMMAND` on a free port, ready, with a workspace of its own; ended afterwards.

    It may read sounds below `roots`. Its code is that of `checkout`; `more` settings are its own.
    """
    workspace.mkdir(exist_ok=True)
    port = free_port()
    settings = {
        **SETTINGS,
        'AUDIO_SEARCH_ROOTS': str(roots),
        'AUDIO_SEARCH_PORT': str(port),
        'AUDIO_SEARCH_WORKSPACE': str(workspace),
        'AUDIO_SEARCH_LOG': str(workspace / 'log'),
        **(more or {}),
    }
    output = workspace / 'output'
    with output.open('wb') as file:
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=checkout,
            env={**os.environ, **settings},
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        with httpx.Client(base_url=f'http://127.0.0.1:{port}', timeout=TIMEOUT_S) as http:
            wait_until_ready(http, process, output)
            yield http, process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def wait_until_ready(http: httpx.Client, process: subprocess.Popen, output: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if http.get('/health/ready').status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise RuntimeError(f'the service did not start:\n{output.read_text(errors="replace")}')


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return int(probe.getsockname()[1])


class Memory:
    """The most that a process and its children have resident at one time, looked at as they run.

    Pages that processes share count in each of them.
    """

    def __init__(self, process: subprocess.Popen) -> None:
        self.most_mb = 0.0
        self._process = psutil.Process(process.pid)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> 'Memory':
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(MEMORY_EVERY_S):
            total = 0
            for process in (self._process, *self._process.children(recursive=True)):
                try:
                    total += process.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
            self.most_mb = max(self.most_mb, total / 2**20)
