"""The services of the compose file as plain processes, each by its own command line, together.

A real Milvus and a real Prometheus are among them. What is not: etcd and MinIO, which this Milvus
has inside, and Grafana.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
import yaml
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.milvus_server import Server
from tests.running import ROOT, START_S, free_port

COMPOSE = yaml.safe_load((ROOT / 'docker-compose.yml').read_text())['services']
OWN = ('segmenter', 'encoder', 'indexer', 'ranker', 'gateway')
TOKEN = 'secret of the test'
CLIPS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / 'toy-data').glob('*.mp3'))


class Composed:
    """Each service at a port of its own on this machine, in the place of a name in a network."""

    def __init__(self, folder: Path, milvus: Server) -> None:
        self.folder = folder
        self.ports = {name: free_port() for name in (*OWN, 'prometheus')}
        self.milvus = milvus
        self.http = httpx.Client(
            base_url=f'http://127.0.0.1:{self.ports["gateway"]}',
            headers={'Authorization': f'Bearer {TOKEN}'},
            timeout=120,
        )

    def here(self, text: str) -> str:
        """A text of the compose file, with this machine's addresses and paths."""
        milvus_port, metrics_port = (self.milvus.folder / 'ports').read_text().split()
        changes = {
            'gateway:45678': f'127.0.0.1:{self.ports["gateway"]}',
            'milvus:19530': f'127.0.0.1:{milvus_port}',
            'milvus:9091': f'127.0.0.1:{metrics_port}',
            '/etc/prometheus': str(self.folder),
            '=/prometheus': f'={self.folder / "numbers"}',
            '/run/secrets': str(self.folder),
        }
        for name in OWN[:-1]:
            port = COMPOSE[name]['command'][-1]
            changes |= {f'{name}:{port}': f'127.0.0.1:{self.ports[name]}'}
        theirs = '|'.join(map(re.escape, changes))
        return re.sub(theirs, lambda found: changes[found[0]], text)

    def command(self, name: str) -> list[str]:
        command = [self.here(word) for word in COMPOSE[name]['command']]
        if '--port' in command:
            command[command.index('--port') + 1] = str(self.ports[name])
        return [sys.executable, *command[1:]]

    def environment(self, name: str) -> dict[str, str]:
        told = {
            key: self.here(str(value)).replace(
                '${AUDIO_SEARCH_TOKEN:?choose a token and set it}', TOKEN
            )
            for key, value in COMPOSE[name]['environment'].items()
        }
        # What the image sets, and the published port.
        image = {
            'AUDIO_SEARCH_WORKSPACE': str(self.folder / 'workspace'),
            'AUDIO_SEARCH_ROOTS': str(ROOT),
            'AUDIO_SEARCH_PORT': str(self.ports['gateway']),
            'MILVUS_COLLECTION': f'composed_{os.getpid()}',
        }
        return {**os.environ, **image, **told}

    def start(self, name: str, command: list[str], stack: ExitStack) -> None:
        output = stack.enter_context((self.folder / f'{name}.output').open('wb'))
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=self.environment(name) if name in OWN else None,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        stack.callback(process.wait)
        stack.callback(process.terminate)

    def wait(self) -> None:
        deadline = time.monotonic() + START_S
        while True:
            try:
                if self.http.get('/health/ready').status_code == 200:
                    return
            except httpx.TransportError:
                pass
            outputs = {name: (self.folder / f'{name}.output').read_text()[-500:] for name in OWN}
            assert time.monotonic() < deadline, outputs
            time.sleep(0.3)

    def ask(self, path: str, *data: dict[str, Any], **parameters: Any) -> list[dict[str, Any]]:
        answer = self.http.post(path, json={'data': list(data), 'parameters': parameters})
        assert answer.status_code == 200, answer.text
        return list(answer.json()['data'])


@pytest.fixture(scope='module')
def composed(tmp_path_factory: pytest.TempPathFactory, milvus_server: Server) -> Iterator[Composed]:
    made = Composed(tmp_path_factory.mktemp('composed'), milvus_server)
    with ExitStack() as stack:
        for name in OWN:
            made.start(name, made.command(name), stack)
        found = subprocess.run(
            [ROOT / 'scripts' / 'install_prometheus.sh'], check=True, stdout=subprocess.PIPE
        )
        configuration = made.here((ROOT / 'deploy' / 'prometheus.yml').read_text())
        configuration = configuration.replace('scrape_interval: 15s', 'scrape_interval: 1s')
        (made.folder / 'prometheus.yml').write_text(configuration)
        (made.folder / 'token').write_text(TOKEN)
        command = [made.here(word) for word in COMPOSE['prometheus']['command']]
        command.append(f'--web.listen-address=127.0.0.1:{made.ports["prometheus"]}')
        made.start('prometheus', [found.stdout.decode().split()[-1], *command], stack)
        made.wait()
        yield made


def test_they_serve_together(composed: Composed) -> None:
    indexed = composed.ask('/index', *({'uri': uri} for uri in CLIPS[:30]))
    assert [one['error'] for one in indexed] == [None] * 30
    (found,) = composed.ask('/search', {'uri': CLIPS[3]}, limit=3)
    assert found['matches'][0]['uri'] == CLIPS[3]
    (found,) = composed.ask('/search', {'words': 'helicopter'}, limit=3)
    assert 'helicopter' in found['matches'][0]['uri']
    status = composed.http.get('/status').json()
    assert status['clips'] == 30
    assert status['index']['path'].startswith('http')
    sound = (ROOT / CLIPS[40]).read_bytes()
    answer = composed.http.post('/search/upload', files={'files': ('mine.mp3', sound)})
    assert answer.status_code == 200, answer.text
    assert len(answer.json()['data'][0]['matches']) == 5


def test_nobody_is_let_in_without_the_token(composed: Composed) -> None:
    answer = httpx.get(f'{composed.http.base_url}/clips')
    assert answer.status_code == 401


@pytest.mark.parametrize('name', OWN[:-1])
def test_an_executor_answers_the_health_check_of_grpc(composed: Composed, name: str) -> None:
    """As the probes of Kubernetes ask it."""
    with grpc.insecure_channel(f'127.0.0.1:{composed.ports[name]}') as channel:
        asked = health_pb2.HealthCheckRequest(service='')
        answer = health_pb2_grpc.HealthStub(channel).Check(asked, timeout=10)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


@pytest.mark.parametrize('name', OWN[:-1])
def test_the_health_check_of_the_compose_file_passes(composed: Composed, name: str) -> None:
    _, _, option, program = COMPOSE[name]['healthcheck']['test']
    port = COMPOSE[name]['command'][-1]
    here = program.replace(port, str(composed.ports[name]))
    assert here != program
    assert subprocess.run([sys.executable, option, here], check=False).returncode == 0


def test_every_panel_of_the_dashboard_has_numbers(composed: Composed) -> None:
    composed.ask('/search', {'uri': CLIPS[3]})
    composed.http.post('/search', json={'data': [{'uri': 'nowhere.wav'}]})
    panels = json.loads((ROOT / 'deploy/grafana/dashboards/audio-search.json').read_text())[
        'panels'
    ]
    asked = [target['expr'] for panel in panels for target in panel['targets']]
    prometheus = httpx.Client(base_url=f'http://127.0.0.1:{composed.ports["prometheus"]}')
    deadline = time.monotonic() + 60
    while True:
        without = [expr for expr in asked if not numbers(prometheus, expr)]
        if not without:
            break
        assert time.monotonic() < deadline, without
        time.sleep(1)
    jobs = {one['metric']['job']: one['value'][1] for one in numbers(prometheus, 'up')}
    assert jobs == {'audio-search': '1', 'milvus': '1'}


def numbers(prometheus: httpx.Client, expression: str) -> list[dict[str, Any]]:
    answer = prometheus.get('/api/v1/query', params={'query': expression}).json()
    assert answer['status'] == 'success', answer
    return list(answer['data']['result'])
