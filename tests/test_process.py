import os
import sys
from contextlib import suppress

import pytest

from audio_search.process import hidden, set_defaults, set_environment, stderr_without


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
