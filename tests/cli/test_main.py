"""How each verb ends: exit status and what is in the terminal."""

import os
import signal
from pathlib import Path

import pytest

from audio_search import __version__
from audio_search.cli import main
from audio_search.store import sqlite


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv('AUDIO_SEARCH_WORKSPACE', str(tmp_path / 'workspace'))
    monkeypatch.setenv('AUDIO_SEARCH_LOG', '')
    return tmp_path / 'workspace'


def test_an_error_of_ours_is_one_sentence(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(['backup', str(workspace / 'copy')]) == 1
    output, errors = capsys.readouterr()
    assert output == ''
    (line,) = errors.splitlines()
    assert line.startswith(f'audio-search: There is no index {workspace}/index.sqlite')


def test_an_error_that_nobody_expected_is_one_line_and_its_traceback_is_in_the_log(
    workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise RecursionError('too deep')

    monkeypatch.setattr(sqlite, 'backup', fail)
    assert main.main(['backup', 'copy']) == 1
    log = workspace / 'service.log'
    assert capsys.readouterr().err == (
        f'audio-search: RecursionError: too deep (the traceback is in {log})\n'
    )
    assert 'in fail' in log.read_text()


def test_ctrl_c_ends_a_verb_silently(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sqlite, 'backup', interrupt)
    assert main.main(['backup', 'copy']) == 130
    assert capsys.readouterr() == ('', '')


def test_an_unknown_verb_is_refused_with_those_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main.main(['sevre']) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("audio-search: no such command 'sevre'; there are backup, ")
    assert 'serve' in line


def test_an_option_that_is_wrong_is_one_line_that_names_the_help(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for arguments in (['list', '--limit', 'many'], ['search'], ['list', '--limitt', '1']):
        assert main.main(arguments) == 2
        output, errors = capsys.readouterr()
        assert output == ''
        (line,) = errors.splitlines()
        assert line.endswith(f'; see audio-search {arguments[0]} --help')


def test_sigterm_ends_a_verb_as_ctrl_c_does(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    former = signal.getsignal(signal.SIGTERM)

    def wait(*arguments: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(sqlite, 'backup', wait)
    assert main.main(['backup', 'copy']) == 143
    assert capsys.readouterr() == ('', '')
    assert signal.getsignal(signal.SIGTERM) is former


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(['--version']) == 0
    assert capsys.readouterr().out.strip() == __version__
