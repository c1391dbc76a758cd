"""A real Milvus, started by the tests from the wheel `milvus`, in a folder of its own.

One server serves all workers of a test run: the first that needs it starts it, and the end of the
run stops it. Tests that kill theirs start one for themselves.
"""

import fcntl
import os
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import milvus
import psutil
from pymilvus import MilvusClient

from tests.running import free_port

# A run that is killed ends nothing, so that a shell looks whether it is still there.
WATCH = 'while kill -0 "$1" 2>/dev/null && kill -0 "$2" 2>/dev/null; do sleep 1; done; kill -9 "$2"'
ONE_STARTS = Path(tempfile.gettempdir()) / 'audio-search-milvus.lock'
START_S = 180
# The etcd inside it would listen on 2379 and 2380, so that there could be one server alone.
ETCD = """\
name: default
listen-client-urls: http://127.0.0.1:{client}
advertise-client-urls: http://127.0.0.1:{client}
listen-peer-urls: http://127.0.0.1:{peer}
initial-advertise-peer-urls: http://127.0.0.1:{peer}
initial-cluster: default=http://127.0.0.1:{peer}
"""


class Server:
    """The server whose data lie in `folder`; any process may start, kill and look for it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._pid_file = folder / 'pid'
        self._ports_file = folder / 'ports'

    @property
    def uri(self) -> str:
        return f'http://127.0.0.1:{self._ports_file.read_text().split()[0]}'

    @property
    def pid(self) -> int | None:
        """None where it does not run."""
        with suppress(FileNotFoundError, ValueError, psutil.NoSuchProcess):
            process = psutil.Process(int(self._pid_file.read_text()))
            if process.status() != psutil.STATUS_ZOMBIE and 'milvus' in process.name():
                return process.pid
        return None

    def start(self) -> None:
        """Start it, with the data that it has, and wait until it answers; nothing where it runs."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / 'starting').open('w') as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)
            if self.pid is None:
                self._start()

    def _start(self) -> None:
        with ONE_STARTS.open('a') as lock:  # until it listens, another would find its ports free
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._launch()

    def _launch(self) -> None:
        if not self._ports_file.exists():  # as before a kill: who knows its address finds it again
            self._configure()
        metrics_port = self._ports_file.read_text().split()[1]
        programs = self.folder / 'bin'
        with (self.folder / 'output').open('ab') as output:
            process = subprocess.Popen(
                [programs / 'milvus', 'run', 'standalone'],
                cwd=self.folder,
                env={
                    **os.environ,
                    'DEPLOY_MODE': 'STANDALONE',
                    'METRICS_PORT': metrics_port,
                    'MILVUS_RUN_DIR': str(self.folder / 'run'),
                    'LD_LIBRARY_PATH': str(programs),
                },
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        _end_with_run(process.pid)
        self._pid_file.write_text(str(process.pid))
        self._wait()

    def _configure(self) -> None:
        """Unpack it, find free ports, and make restarts and strong reads quick (docs/milvus.md)."""
        config = milvus.MilvusServerConfig(data_dir=str(self.folder))
        config.resolve()
        metrics, client, peer = free_port(), free_port(), free_port()
        etcd = self.folder / 'configs' / 'etcd.yaml'
        etcd.write_text(ETCD.format(client=client, peer=peer))
        milvus._initialize_data_files(str(self.folder))
        path = self.folder / 'configs' / 'milvus.yaml'
        text = path.read_text()
        for usual, ours in (
            ('timeTickInterval: 200 ', 'timeTickInterval: 20 '),
            ('ttl: 30 ', 'ttl: 5 '),
            ('  use:\n    embed: true', f'  config:\n    path: {etcd}\n  use:\n    embed: true'),
        ):
            assert usual in text
            text = text.replace(usual, ours)
        path.write_text(text)
        self._ports_file.write_text(f'{config.get("proxy_port")} {metrics}')

    def _wait(self) -> None:
        deadline = time.monotonic() + START_S
        while True:
            try:
                client = MilvusClient(self.uri, timeout=2)
                client.list_collections(timeout=2)
                client.close()
                return
            except Exception as error:
                assert self.pid, (self.folder / 'output').read_text()[-2000:]
                assert time.monotonic() < deadline, error
                time.sleep(0.2)

    def kill(self) -> None:
        """SIGKILL: the way to end a Milvus, which loses nothing acknowledged by it."""
        if pid := self.pid:
            os.kill(pid, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)
            while self.pid:
                time.sleep(0.05)


def _end_with_run(pid: int) -> None:
    """End the server when the test run is gone, however it ended."""
    run = os.getppid() if 'PYTEST_XDIST_WORKER' in os.environ else os.getpid()
    subprocess.Popen(
        ['sh', '-c', WATCH, 'sh', str(run), str(pid)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
