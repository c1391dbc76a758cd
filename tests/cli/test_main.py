"""How each verb ends: exit status and what is in the terminal."""

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
    with pytest.raises(SystemExit) as ended:
        main.main(['sevre'])
    assert ended.value.code == 2
    assert 'serve' in capsys.readouterr().err


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main.main(['--version'])
    assert capsys.readouterr().out.strip() == __version__
