"""load_flow: the settings that it takes, and what it hands to the Flow."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from audio_search import load_flow
from audio_search.flow import loading, preflight
from audio_search.settings import DEFAULTS, Settings, SettingsError
from tests.running import ROOT


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What load_flow puts into the environment is gone after each test."""
    for name, value in DEFAULTS.items():
        monkeypatch.setenv(name, value)


def test_flow_yml_and_the_settings_name_the_same_places(tmp_path: Path) -> None:
    flow = load_flow(workspace=tmp_path / 'w', roots=f'{tmp_path}:{ROOT}', weights='compact')
    settings = Settings.from_env()
    roots = os.pathsep.join(map(str, settings.roots))
    indexer = preflight.arguments(flow, 'indexer')
    assert indexer['path'] == str(settings.index_path)
    for name in ('segmenter', 'encoder'):
        arguments = preflight.arguments(flow, name)
        assert (arguments['media'], arguments['roots']) == (str(settings.media), roots)
    for name in ('encoder', 'indexer'):
        arguments = preflight.arguments(flow, name)
        assert arguments['model_path'] == str(settings.models)
        assert arguments['weights'] == settings.weights
    assert (flow.host, flow.port) == (settings.host, settings.port)


def test_the_gateway_of_a_cluster_is_that_of_one_machine() -> None:
    alone, cluster = (
        yaml.safe_load((ROOT / name).read_text()) for name in ('flow.yml', 'flow-cluster.yml')
    )
    assert cluster['gateway']['grpc_channel_options'].pop('grpc.lb_policy_name') == 'round_robin'
    assert (cluster['gateway'], cluster['with']) == (alone['gateway'], alone['with'])
    names = [one['name'] for one in alone['executors']]
    assert cluster['executors'] == [
        {'name': name, 'external': True, 'host': f'${{{{ ENV.AUDIO_SEARCH_{name.upper()}_AT }}}}'}
        for name in names
    ]


def test_the_flow_on_milvus_differs_in_the_indexer_alone() -> None:
    alone, milvus = (
        yaml.safe_load((ROOT / name).read_text()) for name in ('flow.yml', 'flow-milvus.yml')
    )
    for ours, theirs in zip(alone.pop('executors'), milvus.pop('executors'), strict=True):
        ours.pop('replicas', None)
        theirs.pop('replicas', None)
        if ours['name'] == 'indexer':
            common = {name for name in ours['uses_with'] if name not in ('path', 'roots', 'media')}
            assert {n: theirs['uses_with'][n] for n in common} == {
                n: ours['uses_with'][n] for n in common
            }
            continue
        assert theirs == ours
    assert milvus == alone


def test_settings_can_be_given_by_name(tmp_path: Path) -> None:
    flow = load_flow(port=47123, workspace=tmp_path)
    assert flow.port == 47123
    assert Settings.from_env().port == 47123


def test_an_unknown_setting_is_refused_with_those_there_are() -> None:
    with pytest.raises(SettingsError, match=r'prot is no setting; .*host, port, workspace'):
        load_flow(prot=47123)


@pytest.mark.parametrize('roots', ['{}/nowhere', '{}/file', '{}:', "'~/sounds'"])
def test_roots_that_cannot_be_used_are_refused_and_change_nothing(
    tmp_path: Path, roots: str
) -> None:
    (tmp_path / 'file').touch()
    before = dict(os.environ)
    with pytest.raises(SettingsError, match='AUDIO_SEARCH_ROOTS'):
        load_flow(roots=roots.format(tmp_path))
    assert dict(os.environ) == before


def test_without_a_checkout_one_sentence_says_what_serving_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, 'CHECKOUT', tmp_path)
    with pytest.raises(SettingsError, match='takes the checkout of the project') as refused:
        load_flow()
    assert str(tmp_path / 'flow.yml') in str(refused.value)


def test_a_flow_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match='check the path'):
        load_flow(tmp_path / 'flow.yml')


def test_it_loads_from_any_folder(tmp_path: Path) -> None:
    script = 'from audio_search import load_flow; print(len(list(load_flow())))'
    run = subprocess.run(
        [sys.executable, '-c', script],
        cwd=tmp_path, env={**os.environ, 'PYTHONPATH': str(ROOT)},
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert (run.stdout, run.stderr) == ('4\n', '')
