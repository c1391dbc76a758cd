"""A service as a user starts it: app.py in a process of its own, on a free port."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

ROOT = Path(__file__).parent.parent
START_S = 90  # to give up after, on a busy machine


PORTS = range(10000, 16384)  # where no outgoing connection takes one before the service does


def free_port() -> int:
    while True:
        port = random.choice(PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(('127.0.0.1', port))
            return port


class RunningService:
    """`python app.py ARGUMENTS` with settings; as a context it is ready, and ended afterwards.

    It has no page unless a setting says so."""

    def __init__(self, workspace: Path, *arguments: str, **settings: str) -> None:
        self.port = int(settings.pop('AUDIO_SEARCH_PORT', free_port()))
        self.workspace = workspace
        self.url = f'http://127.0.0.1:{self.port}'
        self.http = httpx.Client(base_url=self.url, timeout=120)
        self._output = workspace.parent / f'{workspace.name}.{self.port}.output'
        self.settings = {
            'AUDIO_SEARCH_PORT': str(self.port),
            'AUDIO_SEARCH_WORKSPACE': str(workspace),
            'AUDIO_SEARCH_PAGE': 'off',  # half of the work of a start
            **settings,
        }
        environment = {**os.environ, 'PYTHONUNBUFFERED': '1', **self.settings}
        with self._output.open('wb') as output:
            self.process = subprocess.Popen(
                [sys.executable, 'app.py', *arguments],
                cwd=ROOT,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        return self._output.read_text(errors='replace')

    def __enter__(self) -> 'RunningService':
        try:
            self.wait_until_ready()
        except BaseException:
            os.killpg(self.process.pid, signal.SIGKILL)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.http.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                raise

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f'the service ended:\n{self.output}')
            try:
                if self.http.get('/health/ready').status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.2)
        raise AssertionError(f'the service is not ready after {START_S} s:\n{self.output}')

    def post(self, path: str, *data: dict[str, Any], **parameters: Any) -> httpx.Response:
        return self.http.post(path, json={'data': list(data), 'parameters': parameters})

    def answers(self, path: str, *data: dict[str, Any], **parameters: Any) -> list[Any]:
        response = self.post(path, *data, **parameters)
        assert response.status_code == 200, response.text
        return list(response.json()['data'])
