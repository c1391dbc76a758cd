"""What the tests share: sounds, and one running service."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

import audio_search.prepare  # noqa: F401  prepares the process for docarray and jina
from tests.milvus_server import Server as MilvusServer
from tests.running import ROOT, RunningService

RATE_HZ = 16000


def write_tone(path: Path, seconds: float, hz: float = 440.0, rate_hz: int = RATE_HZ) -> Path:
    """A sine of amplitude 0.5 in a file of the kind its suffix says."""
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    soundfile.write(path, 0.5 * np.sin(2 * np.pi * hz * t), rate_hz)
    return path


@pytest.fixture(scope='session')
def milvus_server(tmp_path_factory: pytest.TempPathFactory) -> MilvusServer:
    """The Milvus of this run, which runs; see pytest_sessionfinish."""
    server = MilvusServer(_run_folder(tmp_path_factory) / 'milvus')
    server.start()
    return server


def _run_folder(factory: pytest.TempPathFactory) -> Path:
    """The folder that all workers of a run have in common."""
    folder = factory.getbasetemp()
    return folder.parent if 'PYTEST_XDIST_WORKER' in os.environ else folder


def pytest_sessionfinish(session: pytest.Session) -> None:
    """The run itself, not one of its workers, ends the Milvus that they had in common."""
    if 'PYTEST_XDIST_WORKER' not in os.environ:
        factory = session.config._tmp_path_factory  # type: ignore[attr-defined]
        MilvusServer(factory.getbasetemp() / 'milvus').kill()


@pytest.fixture(scope='session')
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of sounds that the shared service may read, beside the toy clips."""
    return tmp_path_factory.mktemp('sounds')


@pytest.fixture(scope='session')
def shared_service(
    sounds: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningService]:
    workspace = tmp_path_factory.mktemp('service') / 'workspace'
    with RunningService(workspace, 'serve', AUDIO_SEARCH_ROOTS=f'{ROOT}:{sounds}') as running:
        yield running


@pytest.fixture
def service(shared_service: RunningService) -> RunningService:
    """The shared service, with nothing indexed."""
    assert shared_service.post('/clear').status_code == 200
    return shared_service
