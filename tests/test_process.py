import os
import platform
import subprocess
import sys
from contextlib import suppress

import pytest

from audio_search.process import hidden, set_defaults, set_environment, stderr_without
from tests.running import ROOT


def test_defaults_are_for_variables_that_are_absent_or_empty(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in (('AS_SET', 'mine'), ('AS_EMPTY', ''), ('AS_ABSENT', 'x')):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv('AS_ABSENT')
    set_defaults({'AS_SET': 'default', 'AS_EMPTY': 'default', 'AS_ABSENT': 'default'})
    found = [os.environ[name] for name in ('AS_SET', 'AS_EMPTY', 'AS_ABSENT')]
    assert found == ['mine', 'default', 'default']
    set_environment({'AS_SET': 'new'})
    assert os.environ['AS_SET'] == 'new'


def test_a_hidden_module_cannot_be_imported_meanwhile() -> None:
    sys.modules.pop('this', None)
    with hidden('this', 'os'), pytest.raises(ImportError):
        import this  # noqa: F401
    assert 'this' not in sys.modules
    assert sys.modules['os'] is os


def test_lines_of_a_library_are_dropped_and_others_come(capfd: pytest.CaptureFixture[str]) -> None:
    with suppress(ValueError), stderr_without(b'[library]'):
        os.write(2, b'[library] error: nothing of interest\n')
        os.write(2, b'of another thread\n')
        raise ValueError  # also where the work fails
    os.write(2, b'[library] later\n')
    assert capfd.readouterr().err == 'of another thread\n[library] later\n'


HELD_MB = """
import sys
import numpy as np
import psutil
from audio_search.process import give_back_memory

if sys.argv[1] == 'given back':
    give_back_memory()
np.ones(30 * 2**17)  # 30 MB, freed at once: glibc now keeps what is smaller
before = psutil.Process().memory_info().rss
blocks, pins = [], []
for _ in range(10):
    blocks.append(np.ones(2**20))  # 8 MB
    pins.append(np.ones(1000))  # behind it, and still needed
blocks.clear()
print((psutil.Process().memory_info().rss - before) / 2**20)
"""


def held_mb(way: str) -> float:
    command = [sys.executable, '-c', HELD_MB, way]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    return float(done.stdout)


def test_large_blocks_that_are_freed_are_not_held() -> None:
    assert held_mb('given back') < 16
    if platform.libc_ver()[0] == 'glibc':
        assert held_mb('kept') > 60  # else there is no need of it any more
