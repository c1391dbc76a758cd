"""Every example of every --help does what it says: they are run, in the order they are in."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from audio_search.cli.main import app
from tests.conftest import write_tone
from tests.running import ROOT, RunningService, free_port

VERBS = sorted(
    f'{verb} {inner}'.strip()
    for verb, command in typer.main.get_command(app).commands.items()  # type: ignore[attr-defined]
    for inner in getattr(command, 'commands', [''])
)
LASTING = {  # what they print once they do what they are for
    'serve': 'Stop: Ctrl-C',
    'demo': 'Stop: Ctrl-C',
    'executor': 'Stop: Ctrl-C',
    'watch': 'Ctrl-C stops it',
}
READING = ('backup', 'duplicates', 'export')  # they read the index file beside the service
LIMIT_S = 120


def examples(verb: str) -> list[str]:
    shown = CliRunner().invoke(app, [*verb.split(), '--help']).output
    assert '\x1b' not in shown
    return re.findall(r'^ +((?:\w+=\S+ )*audio-search .+)$', shown.partition('Examples:')[2], re.M)


@pytest.fixture
def place(sounds: Path, service: RunningService) -> Path:
    """A folder like that of whoever reads the examples: with sounds, a backup and the command."""
    folder = sounds / 'examples'
    shutil.rmtree(folder, ignore_errors=True)
    labelled = [f'collection/{name}.wav' for name in ('low/1', 'low/2', 'high/11', 'high/12')]
    for name in ('birds/robin.wav', 'bells/noon.wav', 'sounds/query.wav', *labelled):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_tone(folder / name, 4, hz=100 + 50 * len(name))
    shutil.copy(folder / 'sounds' / 'query.wav', folder)
    (folder / 'toy-data').mkdir()
    for path in sorted((ROOT / 'toy-data').glob('*.mp3'))[::15]:
        shutil.copy(path, folder / 'toy-data')
    command = folder / 'bin' / 'audio-search'
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {sys.executable} {ROOT / "app.py"} "$@"\n')
    command.chmod(0o755)
    (folder / 'workspace').symlink_to(service.workspace)
    uri = 'examples/birds/robin.wav'
    service.answers('/index', {'uri': uri, 'tags': {'label': 'birds'}})
    return folder


@pytest.mark.parametrize('verb', VERBS)
def test_the_examples_of_a_verb_work(
    verb: str, place: Path, service: RunningService, request: pytest.FixtureRequest
) -> None:
    found = examples(verb)
    assert len(found) == 2
    settings = {
        'PATH': f'{place / "bin"}:{os.environ["PATH"]}',
        'HOME': str(place),
        'AUDIO_SEARCH_ROOTS': str(place),
        'AUDIO_SEARCH_PAGE': 'off',
        'AUDIO_SEARCH_PORT': str(free_port() if verb in ('serve', 'demo') else service.port),
        'AUDIO_SEARCH_WORKSPACE': str(service.workspace if verb in READING else place / 'own'),
    }
    if verb == 'restore':
        made = {**settings, 'AUDIO_SEARCH_WORKSPACE': str(service.workspace)}
        _run('audio-search backup before.tar', place, made)
    if verb == 'judgements import':
        exported = 'audio-search judgements export'
        _run('audio-search judgements add birds/robin.wav --label robin', place, settings)
        _run(f'{exported} judged.csv && {exported} robin.txt --format audacity', place, settings)
    if verb == 'searches delete':
        for name in ('robins', 'loud bells'):
            _run(f"audio-search searches save '{name}' --words bird", place, settings)
    milvus = 'localhost:19530'
    if verb == 'migrate':
        milvus = request.getfixturevalue('milvus_server').uri.removeprefix('http://')
        settings |= {'MILVUS_COLLECTION': 'examples', 'AUDIO_SEARCH_PORT': str(free_port())}
        _run('audio-search index birds bells', place, settings)
    for example in found:
        shown = example.replace('localhost:45678', f'localhost:{service.port}')
        shown = shown.replace('localhost:19530', milvus)
        shown = shown.replace('AUDIO_SEARCH_PORT=8080', f'AUDIO_SEARCH_PORT={free_port()}')
        if verb in LASTING:
            _run_until(LASTING[verb], shown, place, settings)
        else:
            output = _run(shown, place, settings)
            assert output.startswith('{') == ('--json' in example)


def _run(example: str, place: Path, settings: dict[str, str]) -> str:
    done = subprocess.run(
        example, shell=True, cwd=place, env={**os.environ, **settings},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT_S,
    )  # fmt: skip
    assert done.returncode == 0, (example, done.stderr)
    assert 'Traceback' not in done.stderr
    return done.stdout


def _run_until(words: str, example: str, place: Path, settings: dict[str, str]) -> None:
    printed = place / 'printed'
    with printed.open('w') as errors:
        process = subprocess.Popen(
            f'exec env {example}', shell=True, cwd=place, env={**os.environ, **settings},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + LIMIT_S
        while words not in printed.read_text():
            assert process.poll() is None, printed.read_text()
            assert time.monotonic() < deadline, printed.read_text()
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) in (0, 130)
    finally:
        process.kill()
        process.wait()
    assert 'Traceback' not in printed.read_text()
