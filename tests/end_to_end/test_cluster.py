"""A service whose executors are processes of their own, each at an address of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from tests.running import ROOT, START_S, RunningService, free_port

NAMES = ('segmenter', 'encoder', 'indexer', 'ranker')
CLIPS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / 'toy-data').glob('*.mp3'))
WAIT_S = 30


class Machine:
    """`app.py executor NAME` where a machine of its own would run it."""

    def __init__(self, name: str, workspace: Path) -> None:
        self.name = name
        self.port = free_port()
        self.address = f'127.0.0.1:{self.port}'
        self.settings = {**os.environ, 'AUDIO_SEARCH_WORKSPACE': str(workspace)}
        self._output = workspace.parent / f'{name}.{self.port}.output'
        self.start()

    def start(self) -> None:
        with self._output.open('wb') as output:
            self.process = subprocess.Popen(
                [sys.executable, 'app.py', 'executor', self.name, '--port', str(self.port)],
                cwd=ROOT,
                env=self.settings,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def wait_until_it_listens(self) -> None:
        deadline = time.monotonic() + START_S
        while 'listens on' not in self.output:
            assert self.process.poll() is None, self.output
            assert time.monotonic() < deadline, self.output
            time.sleep(0.1)

    @property
    def output(self) -> str:
        return self._output.read_text()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def work_s(self) -> float:
        """The processor time it took so far."""
        return sum(psutil.Process(self.process.pid).cpu_times()[:2])


class Cluster:
    def __init__(self, machines: list[Machine], service: RunningService) -> None:
        self.service = service
        self.machines = machines
        self.encoders = [one for one in machines if one.name == 'encoder']

    def index(self, clips: list[str]) -> list[dict]:
        return self.service.answers('/index', *({'uri': uri} for uri in clips))


@pytest.fixture(scope='module')
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp('cluster')
    workspace = folder / 'workspace'
    with ExitStack() as stack:
        machines = []
        for name in (*NAMES, 'encoder'):
            machines.append(Machine(name, workspace))
            stack.callback(machines[-1].kill)
        for machine in machines:
            machine.wait_until_it_listens()
        addresses = {
            f'AUDIO_SEARCH_{name.upper()}_AT': ','.join(
                one.address for one in machines if one.name == name
            )
            for name in NAMES
        }
        service = RunningService(
            folder / 'gateway', 'serve', '--flow', 'flow-cluster.yml', **addresses,
            AUDIO_SEARCH_TOKEN='',
        )  # fmt: skip
        yield Cluster(machines, stack.enter_context(service))


def test_one_job_is_spread_over_the_encoders(cluster: Cluster) -> None:
    before = [encoder.work_s() for encoder in cluster.encoders]
    indexed = cluster.index(CLIPS)
    assert [one['error'] for one in indexed if one.get('error')] == []
    spent = [encoder.work_s() - s for encoder, s in zip(cluster.encoders, before, strict=True)]
    assert min(spent) > 0.2 * sum(spent)
    (answer,) = cluster.service.answers('/search', {'uri': CLIPS[0]}, limit=3)
    assert answer['matches'][0]['uri'] == CLIPS[0]
    assert [one['uri'].partition('_')[2] for one in answer['matches']] == ['helicopter.mp3'] * 3


def test_an_encoder_that_is_gone_is_worked_around_and_found_again(cluster: Cluster) -> None:
    gone = cluster.encoders[0]
    gone.kill()
    indexed = cluster.index(CLIPS[:20])
    assert [one['error'] for one in indexed if one.get('error')] == []
    assert cluster.service.http.get('/health/ready').status_code == 200
    gone.start()
    gone.wait_until_it_listens()
    before = gone.work_s()
    deadline = time.monotonic() + WAIT_S
    while gone.work_s() < before + 0.5:
        assert time.monotonic() < deadline
        cluster.service.answers('/search', *({'uri': uri} for uri in CLIPS[:8]))


def test_what_is_gone_altogether_is_said(cluster: Cluster) -> None:
    for encoder in cluster.encoders:
        encoder.kill()
    answer = cluster.service.post('/search', {'uri': CLIPS[0]})
    assert answer.status_code == 503
    assert 'encoder' in answer.json()['detail']
    ready = cluster.service.http.get('/health/ready')
    assert (ready.status_code, 'encoder' in ready.text) == (503, True)
    for encoder in cluster.encoders:
        encoder.start()
        encoder.wait_until_it_listens()
    cluster.service.wait_until_ready()
    cluster.service.answers('/search', {'uri': CLIPS[0]})


def test_an_executor_ends_in_order_and_says_why_it_did_not_start(cluster: Cluster) -> None:
    ranker = next(one for one in cluster.machines if one.name == 'ranker')
    indexer = next(one for one in cluster.machines if one.name == 'indexer')
    ranker.process.send_signal(signal.SIGTERM)
    assert ranker.process.wait(WAIT_S) == 0
    ranker.start()
    ranker.wait_until_it_listens()
    second = subprocess.run(
        [sys.executable, 'app.py', 'executor', 'indexer', '--port', str(free_port())],
        cwd=ROOT,
        env=indexer.settings,
        capture_output=True,
        text=True,
        timeout=START_S,
    )
    assert second.returncode == 1
    (sentence,) = second.stderr.splitlines()
    assert sentence.startswith('audio-search: the indexer did not start: ')
    unknown = subprocess.run(
        [sys.executable, 'app.py', 'executor', 'gateway', '--flow', 'flow-cluster.yml'],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=START_S,
    )
    assert unknown.returncode == 1
    assert 'take flow.yml' in unknown.stderr
    assert 'Traceback' not in unknown.stderr
