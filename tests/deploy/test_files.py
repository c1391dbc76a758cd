"""The compose file, the manifests and the dashboard, against the schemas of those who read them."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonpatch
import kubernetes_validate
import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from audio_search.http.metrics import Metrics
from audio_search.settings import DEFAULTS
from tests.running import ROOT

KUBERNETES = ROOT / 'deploy' / 'kubernetes'
MANIFESTS = sorted(
    path.name for path in KUBERNETES.glob('*.yaml') if path.name != 'kustomization.yaml'
)
COMPOSE = yaml.safe_load((ROOT / 'docker-compose.yml').read_text())
OWN = ('gateway', 'segmenter', 'encoder', 'indexer', 'ranker')


def documents(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((KUBERNETES / name).read_text()))


def container(name: str) -> dict[str, Any]:
    (deployment,) = (one for one in documents(f'{name}.yaml') if one['kind'] == 'Deployment')
    return deployment['spec']['template']['spec']['containers'][0]


def test_the_compose_file_is_one() -> None:
    subprocess.run(
        [
            Path(sys.executable).with_name('check-jsonschema'),
            *('--builtin-schema', 'vendor.compose-spec', 'docker-compose.yml'),
        ],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )


def test_what_the_compose_file_mounts_and_waits_for_is_there() -> None:
    services = COMPOSE['services']
    for name, service in services.items():
        for volume in service.get('volumes', ()):
            source = volume.partition(':')[0]
            if source.startswith('./'):
                assert (ROOT / source).exists(), source
            elif not source.startswith('$'):
                assert source in COMPOSE['volumes'], (name, source)
        assert set(service.get('depends_on', ())) <= set(services)
    for job in yaml.safe_load((ROOT / 'deploy' / 'prometheus.yml').read_text())['scrape_configs']:
        for target in job['static_configs'][0]['targets']:
            assert target.partition(':')[0] in services


@pytest.mark.parametrize('name', OWN)
def test_one_command_line_serves_under_compose_and_kubernetes(name: str) -> None:
    """But for the port, which is Jina's there, and the store, which an overlay chooses."""
    made = [*container(name)['command'], *container(name)['args']]
    port = str(container(name)['ports'][0]['containerPort'])
    composed = list(COMPOSE['services'][name]['command'])
    if name == 'indexer':
        at = composed.index('--flow')
        assert composed[at : at + 2] == ['--flow', 'flow-milvus.yml']
        del composed[at : at + 2]
    if name != 'gateway':
        composed[composed.index('--port') + 1] = port
    assert made == composed


@pytest.mark.parametrize('name', MANIFESTS)
def test_a_manifest_is_what_kubernetes_takes(name: str) -> None:
    for document in documents(name):
        kubernetes_validate.validate(document, '1.31', strict=True)
        assert document['metadata'].get('namespace', 'audio-search') == 'audio-search'


def test_the_manifests_are_those_of_the_flow() -> None:
    """In a process of its own: it loads the Flow, which changes the environment."""
    program = (
        'import json\nfrom scripts.make_kubernetes import as_text, manifests\n'
        'print(json.dumps({name: as_text(made) for name, made in manifests().items()}))'
    )
    made = subprocess.run(
        [sys.executable, '-c', program], cwd=ROOT, check=True, capture_output=True, text=True
    )
    for name, text in json.loads(made.stdout.splitlines()[-1]).items():
        assert (KUBERNETES / f'{name}.yaml').read_text() == text, f'{name}: run `make k8s`'


def test_the_kustomization_names_what_there_is() -> None:
    base = documents('kustomization.yaml')[0]
    assert sorted(base['resources']) == MANIFESTS
    (settings,) = (one for one in documents('settings.yaml') if one['kind'] == 'ConfigMap')
    assert set(settings['data']) <= set(DEFAULTS)
    claims = {
        one['metadata']['name']
        for one in documents('settings.yaml')
        if one['kind'] == 'PersistentVolumeClaim'
    }
    for name in OWN:
        assert container(name)['image'] == base['images'][0]['name']
        assert {mount['name'] for mount in container(name)['volumeMounts']} <= claims
        assert container(name)['envFrom'][0]['configMapRef']['name'] == 'audio-search'
    for name, address in settings['data'].items():
        if name.endswith('_AT'):
            host, _, port = address.partition(':')
            service = documents(f'{host.partition(".")[0]}.yaml')[0]
            assert str(service['spec']['ports'][0]['port']) == port


def test_the_overlay_leads_the_indexer_to_milvus() -> None:
    overlay = yaml.safe_load((KUBERNETES / 'milvus' / 'kustomization.yaml').read_text())
    made: dict[str, dict[str, Any]] = {}
    for patch in overlay['patches']:
        (target,) = (
            one
            for name in MANIFESTS
            for one in documents(name)
            if (one['kind'], one['metadata']['name'])
            == (patch['target']['kind'], patch['target']['name'])
        )
        made[target['kind']] = jsonpatch.apply_patch(target, yaml.safe_load(patch['patch']))
        kubernetes_validate.validate(made[target['kind']], '1.31', strict=True)
    (patched,) = made['Deployment']['spec']['template']['spec']['containers']
    composed = list(COMPOSE['services']['indexer']['command'])
    composed[composed.index('--port') + 1] = '8080'
    assert [*patched['command'], *patched['args']] == composed
    assert set(made['ConfigMap']['data']) >= {'MILVUS_URI'}


def test_the_dashboard_is_one_and_asks_for_numbers_that_there_are() -> None:
    register_default_plugins()
    written = json.loads((ROOT / 'deploy/grafana/dashboards/audio-search.json').read_text())
    read = json.loads(JSONEncoder().encode(Dashboard.from_json(written)))
    assert_keeps(read, written)
    known = set(re.findall(r'^# TYPE (\w+)', Metrics().text().decode(), re.M))
    known |= {f'{name}_{part}' for name in known for part in ('bucket', 'sum', 'count')}
    asked = {
        name
        for panel in written['panels']
        for target in panel['targets']
        for name in re.findall(r'\b(audio_search_\w+)', target['expr'])
    }
    assert len(asked) >= 5
    assert asked <= known


def assert_keeps(read: Any, written: Any) -> None:
    """Everything that was written is in what Grafana's own types made of it."""
    if isinstance(written, dict):
        for name, value in written.items():
            assert name in read
            assert_keeps(read[name], value)
    elif isinstance(written, list):
        for one, other in zip(read, written, strict=True):
            assert_keeps(one, other)
    else:
        assert read == written
