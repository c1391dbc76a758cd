"""`audio-search evaluate`: what is in the terminal."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audio_search.cli import main


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('AUDIO_SEARCH_WORKSPACE', str(tmp_path / 'workspace'))
    monkeypatch.delenv('AUDIO_SEARCH_URL', raising=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A high and a low tone of each of two labels, and a table of them."""
    folder = tmp_path / 'sounds'
    folder.mkdir()
    lines = ['file,what,source']
    for label, hz in (('low', 300), ('high', 3000)):
        for number in range(2):
            t = np.arange(16000) / 16000
            name = f'{number}_{label}.wav'
            soundfile.write(folder / name, 0.3 * np.sin(2 * np.pi * (hz + number * 20) * t), 16000)
            lines.append(f'{name},{label},{number}')
    (folder / 'list.csv').write_text('\n'.join(lines) + '\n')
    return folder


def test_a_table_for_people_and_json_for_programs(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(['evaluate', str(folder), '--no-baselines', '--compare', 'search=ann']) == 0
    output, errors = capsys.readouterr()
    assert errors == ''
    assert '4 clips, 2 labels from the names' in output
    assert '1.000 1.00…1.00' in output
    assert 'search=ann' in output
    assert 'difference' in output
    assert max(map(len, output.splitlines()[1:-2])) <= 80

    table = ['--table', str(folder / 'list.csv'), '--file-column', 'file', '--label-column', 'what']
    choices = ['--pooling', 'mean', '--window', '1', '--stride', '1']
    options = [*table, '--group-by', 'source', *choices]
    report = folder / 'report.html'
    arguments = ['evaluate', str(folder), *options, '--json', '--html', str(report)]
    assert main.main(arguments) == 0
    output, errors = capsys.readouterr()
    assert errors == ''
    figures = json.loads(output)
    assert figures['p_at_1'] == 1
    assert figures['labels_from'] == str(folder / 'list.csv')
    assert (figures['options']['pooling'], figures['options']['window']) == ('mean', 1)
    assert report.read_text().startswith('<!doctype html>')


@pytest.mark.parametrize(
    ('options', 'sentence'),
    [
        (['--labels', 'folder'], "have the label 'sounds', so that every answer is right"),
        (['--label-column', 'what'], 'not the one with the files; add --file-column'),
        (['--html', '/none/report.html'], 'cannot be written, because /none is not a folder'),
        (['--padding', 'none'], "padding is 'none'; choose repeat or silence"),
        (['--compare', 'padding'], 'write NAME=VALUE'),
        (['--url', 'http://127.0.0.1:9'], 'does not answer'),
        (['--weights', 'none.npz'], "The weights 'none.npz' are neither"),
    ],
)
def test_mistakes_are_one_sentence(
    folder: Path, options: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(['evaluate', str(folder), *options]) == 1
    output, errors = capsys.readouterr()
    assert output == ''
    (line,) = errors.splitlines()
    assert line.startswith('audio-search: ')
    assert sentence in line
