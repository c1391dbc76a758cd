"""A service with two encoders, each with half of the cores."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.running import ROOT, RunningService

CLIPS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / 'toy-data').glob('*.mp3'))
WAIT_S = 60


@pytest.fixture(scope='module')
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    folder = tmp_path_factory.mktemp('replicas')
    with RunningService(folder, 'serve', AUDIO_SEARCH_ENCODERS='2') as service:
        deadline = time.monotonic() + WAIT_S
        while 'Ready after' not in service.output:  # one encoder is enough to be asked
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield service


def encoders(service: RunningService) -> list[psutil.Process]:
    """The processes that have TensorFlow loaded."""
    return [
        child
        for child in psutil.Process(service.process.pid).children(recursive=True)
        if any('tensorflow' in Path(one.path).name for one in child.memory_maps())
    ]


def test_both_encode_and_one_that_is_killed_is_replaced(service: RunningService) -> None:
    first, second = encoders(service)
    before = [sum(one.cpu_times()[:2]) for one in (first, second)]
    answers = service.answers('/index', *({'uri': uri} for uri in CLIPS))
    assert [one['error'] for one in answers if one.get('error')] == []
    spent = [sum(one.cpu_times()[:2]) - s for one, s in zip((first, second), before, strict=True)]
    assert min(spent) > 0.2 * sum(spent)

    first.kill()
    again = service.answers('/search', *({'uri': uri} for uri in CLIPS[:8]), limit=1)
    assert [one['matches'][0]['uri'] for one in again] == CLIPS[:8]
    deadline = time.monotonic() + WAIT_S
    while len(encoders(service)) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.5)


def test_the_cores_are_divided(service: RunningService) -> None:
    lines = [line for line in service.output.splitlines() if line.startswith('{')]
    loaded = [one for one in map(json.loads, lines) if one.get('message') == 'model loaded']
    threads = [one['threads'] for one in loaded]
    whole = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()
    assert len(threads) >= 2
    assert set(threads) == {max(1, whole // 2)}
