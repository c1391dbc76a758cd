"""Whatever stops a process at its start is said once, in one line, by the process that waits."""

import json
import subprocess
import sys
from pathlib import Path

from tests.flow.starts import environment, flow, start
from tests.running import ROOT, free_port


def test_executors_that_do_not_start_are_named_with_the_reason(tmp_path: Path) -> None:
    workspace = tmp_path / 'workspace'
    log = workspace / 'service.log'
    expected = {
        'pass': 'ready',
        "raise SettingsError('set it to 3')": 'set it to 3',
        "raise KeyError('lost')": f"KeyError: 'lost' (the traceback is in {log})",
        'import nowhere': "ModuleNotFoundError: No module named 'nowhere' "
        f'(the traceback is in {log})',
        # A process that was ended from outside cannot say why, and keeps no other waiting.
        'os.kill(os.getpid(), signal.SIGKILL)': 'its process was ended by SIGKILL, which is what '
        'the system does when memory runs out',
        'os._exit(7)': 'its process ended with exit code 7',
    }
    flows = [
        flow(tmp_path / f'flow{number}', free_port(), **{'first': 'pass', f'second{number}': begin})
        for number, begin in enumerate(expected)
    ]
    lines = start(workspace, *flows)
    for number, (line, reason) in enumerate(zip(lines, expected.values(), strict=True)):
        prefix = f'StartError: the second{number} did not start: ' if number else ''
        assert line == prefix + reason
    logged = [json.loads(text) for text in log.read_text().splitlines()]
    assert len(logged) == 2
    assert all('Traceback' in line['exception'] for line in logged)


def test_in_python_too_the_sentence_is_in_the_terminal(tmp_path: Path) -> None:
    path = flow(tmp_path, free_port(), first="raise SettingsError('set it to 3')")
    script = f"""
from audio_search import load_flow
try:
    with load_flow({str(path)!r}):
        pass
except BaseException as error:
    print(type(error).__name__)
"""
    done = subprocess.run(
        [sys.executable, '-c', script],
        cwd=ROOT, env=environment(tmp_path / 'workspace'), timeout=60,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.stderr == 'audio-search: the first did not start: set it to 3\n'
    assert 'RuntimeFailToStart' in done.stdout


def test_an_index_that_broke_after_the_checks_is_named(tmp_path: Path) -> None:
    index = tmp_path / 'workspace' / 'index.sqlite'
    index.parent.mkdir()
    index.write_text('my diary')
    (line,) = start(tmp_path / 'workspace')
    assert line.startswith('StartError: the indexer did not start: ')
    assert str(index) in line


def test_a_port_that_was_taken_after_the_checks_is_named(tmp_path: Path) -> None:
    taken = free_port()
    taker = f"""time.sleep(1)
self.taken = socket.socket()
self.taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
self.taken.bind(('127.0.0.1', {taken}))
self.taken.listen()"""
    path = flow(tmp_path, taken, first=taker)
    text = path.read_text().replace(
        'executors:',
        f'gateway: {{uses: GATEWAY, protocol: http, host: 127.0.0.1, port: {taken}}}\nexecutors:',
    )
    path.write_text(text.replace('GATEWAY', str(ROOT / 'executors' / 'gateway.yml')))
    lines = start(tmp_path / 'workspace', path, AUDIO_SEARCH_PORT=str(taken))
    assert len(lines) == 1, lines
    line = lines[0]
    assert line == (
        f'StartError: the gateway did not start: cannot listen on 127.0.0.1:{taken} (Address '
        'already in use); stop what does, or set AUDIO_SEARCH_PORT to another port'
    )
