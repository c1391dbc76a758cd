"""The three ways in which groups are printed, from an index in the workspace."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audio_search.cli import main
from audio_search.store.sqlite import SqliteStore
from tests.store.clips import CONFIGURATION, clip, put


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An index with a recording, its copy whose name is a formula, and another recording."""
    monkeypatch.setenv('AUDIO_SEARCH_WORKSPACE', str(tmp_path))
    monkeypatch.setenv('AUDIO_SEARCH_ROOTS', str(tmp_path))
    rng = np.random.default_rng(0)
    first, second = rng.normal(0, 0.1, (2, 6 * 16000))
    vectors = clip('a').embeddings
    with SqliteStore(tmp_path / 'index.sqlite', CONFIGURATION) as store:
        for name, sound in (('b', second), ('=a', 0.5 * first), ('a', first)):
            soundfile.write(tmp_path / f'{name}.wav', sound, 16000)
            put(store, clip(name, embeddings=vectors))
    return tmp_path


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[str, str]:
    assert main.main(['duplicates', *arguments]) == 0
    return capsys.readouterr()


def test_json_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    output, errors = printed(capsys, '--json')
    assert json.loads(output) == {
        'groups': [
            {
                'clips': [{'id': '=a', 'uri': '=a.wav'}, {'id': 'a', 'uri': 'a.wav'}],
                'keep': '=a',
            }
        ]
    }
    assert errors == ''


def test_csv_has_a_row_for_each_clip_and_no_formula(capsys: pytest.CaptureFixture[str]) -> None:
    output, errors = printed(capsys, '--csv')
    assert list(csv.DictReader(io.StringIO(output))) == [
        {'group': '1', 'keep': 'yes', 'id': "'=a", 'uri': "'=a.wav", 'duration_s': '6.000',
         'rate_hz': '16000', 'channels': '1'},
        {'group': '1', 'keep': 'no', 'id': 'a', 'uri': 'a.wav', 'duration_s': '6.000',
         'rate_hz': '16000', 'channels': '1'},
    ]  # fmt: skip
    assert errors == ''


def test_people_read_a_line_for_each_recording(capsys: pytest.CaptureFixture[str]) -> None:
    output, errors = printed(capsys)
    assert output == '=a.wav is also: a.wav\n'
    assert errors == 'audio-search: 1 recording is in the index more than once\n'


def test_no_index_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv('AUDIO_SEARCH_WORKSPACE', str(tmp_path / 'none'))
    assert main.main(['duplicates']) == 1
    assert 'index something first' in capsys.readouterr().err
