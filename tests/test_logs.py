"""What is said of an error, and where the rest of it goes."""

import json
from pathlib import Path

import pytest

from audio_search import logs
from audio_search.settings import SettingsError


def raised(error: Exception) -> Exception:
    try:
        raise error
    except Exception as caught:
        return caught


def test_our_own_errors_are_sentences_already(tmp_path: Path) -> None:
    file = tmp_path / 'service.log'
    assert logs.explain(raised(SettingsError('set it to 3')), file) == 'set it to 3'
    assert not file.exists()


def test_of_any_other_error_the_traceback_goes_to_the_log(tmp_path: Path) -> None:
    file = tmp_path / 'workspace' / 'service.log'
    sentence = logs.explain(raised(KeyError('a\nb')), file)
    assert sentence == f"KeyError: 'a\\nb' (the traceback is in {file})"
    line = json.loads(file.read_text())
    assert line['level'] == 'error'
    assert 'Traceback' in line['exception']
    assert line['exception'].endswith("KeyError: 'a\\nb'")


def test_a_message_of_several_lines_becomes_one(tmp_path: Path) -> None:
    sentence = logs.explain(RuntimeError('first\n  second'), tmp_path / 'log')
    assert sentence.startswith('RuntimeError: first second (')
    assert logs.explain(AssertionError(), tmp_path / 'log').startswith('AssertionError (')


def test_without_a_log_the_error_is_still_told(tmp_path: Path) -> None:
    (tmp_path / 'file').touch()
    sentence = logs.explain(raised(OSError('disk')), tmp_path / 'file' / 'service.log')
    assert sentence == 'OSError: disk'


def test_a_log_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / 'file').touch()
    with pytest.raises(SettingsError, match='AUDIO_SEARCH_LOG') as refused:
        logs.configure(str(tmp_path / 'file' / 'service.log'))
    assert str(tmp_path / 'file') in str(refused.value)
