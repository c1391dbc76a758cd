"""The command line and its processes, as whoever starts and stops them sees them."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from ipaddress import ip_address
from pathlib import Path

import psutil
import pytest

from tests.running import ROOT, RunningService, free_port

END_S = 10


def family(service: RunningService) -> list[psutil.Process]:
    main = psutil.Process(service.process.pid)
    return [main, *main.children(recursive=True)]


def assert_all_end(service: RunningService, processes: list[psutil.Process]) -> None:
    deadline = time.monotonic() + END_S
    service.process.wait(END_S)
    _, alive = psutil.wait_procs(processes[1:], timeout=deadline - time.monotonic())
    assert not alive


def listens(process: psutil.Process) -> set[str]:
    return {
        connection.laddr.ip.removeprefix('::ffff:')
        for connection in process.net_connections(kind='inet')
        if connection.status == psutil.CONN_LISTEN
    }


def executor(service: RunningService, number: int) -> psutil.Process:
    """The executors are started in the order of flow.yml, the gateway last."""
    children = family(service)[1:]
    return sorted(children, key=lambda process: process.pid)[number]


def refused(tmp_path: Path, **settings: str) -> str:
    """What a service that does not start prints."""
    service = RunningService(tmp_path / 'workspace', 'serve', **settings)
    assert service.process.wait(60) == 1
    return service.output.strip()


def test_the_demonstration_runs_twice_and_shows_matches(tmp_path: Path) -> None:
    workspace = tmp_path / 'workspace'
    outputs = []
    for _ in range(2):
        with RunningService(workspace, AUDIO_SEARCH_PAGE='on') as service:
            deadline = time.monotonic() + 90
            while 'Stop: Ctrl-C' not in service.output and time.monotonic() < deadline:
                time.sleep(0.2)
            assert service.http.get('/status').json()['clips'] == 60
            assert 'href="/ui"' in service.http.get('/').text
            assert service.http.get('/ui/').status_code == 200
        assert service.process.returncode == 0
        outputs.append(service.output)
    for output in outputs:
        assert '60 clips, 240 chunks in the index' in output
        queries = re.findall(r'│ \d+_(\w+) +│ \d+_(\w+) ', output)
        assert len(queries) == 5
        assert sum(query == match for query, match in queries) >= 4
        assert 'Traceback' not in output
        assert 'Warning' not in output
        assert '"level"' not in output
    assert 'POST' in (workspace / 'service.log').read_text()


def test_one_process_dies_and_is_replaced_and_sigterm_ends_them_all(tmp_path: Path) -> None:
    with RunningService(tmp_path / 'workspace', 'serve') as service:
        uri = sorted((ROOT / 'toy-data').glob('*.mp3'))[0].relative_to(ROOT)
        service.answers('/index', {'uri': str(uri)})
        executor(service, 2).kill()
        response = service.post('/search', {'uri': str(uri)})
        assert response.status_code in (200, 503)
        if response.status_code == 503:
            assert 'indexer' in response.json()['detail']
        service.wait_until_ready()
        (found,) = service.answers('/search', {'uri': str(uri)})
        assert found['matches'][0]['uri'] == str(uri)
        assert '"process": "indexer"' in service.output
        processes = family(service)
        assert all(ip_address(ip).is_loopback for process in processes for ip in listens(process))
        service.process.send_signal(signal.SIGTERM)
        assert_all_end(service, processes)
        assert service.process.returncode == 0
    assert 'Traceback' not in service.output


def test_ctrl_c_ends_all_although_one_is_dead(tmp_path: Path) -> None:
    with RunningService(tmp_path / 'workspace', 'serve') as service:
        processes = family(service)
        executor(service, 0).kill()
        os.killpg(service.process.pid, signal.SIGINT)
        assert_all_end(service, processes)
        assert service.process.returncode == 0
    assert 'Traceback' not in service.output


def test_children_end_when_the_main_process_is_killed(tmp_path: Path) -> None:
    with RunningService(tmp_path / 'workspace', 'serve') as service:
        processes = family(service)
        service.process.kill()
        assert_all_end(service, processes)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(('127.0.0.1', service.port))
    assert 'Traceback' not in service.output


def test_sigterm_while_it_starts_ends_it(tmp_path: Path) -> None:
    service = RunningService(tmp_path / 'workspace', 'serve')
    deadline = time.monotonic() + 60
    while len(family(service)) < 5 and time.monotonic() < deadline:
        time.sleep(0.05)
    processes = family(service)
    service.process.send_signal(signal.SIGTERM)
    assert_all_end(service, processes)
    service.process.wait()
    assert 'Traceback' not in service.output


def test_a_process_that_keeps_dying_ends_the_service(tmp_path: Path) -> None:
    service = RunningService(tmp_path / 'workspace', 'serve')
    service.wait_until_ready()
    deadline = time.monotonic() + 90
    while service.process.poll() is None and time.monotonic() < deadline:
        try:
            for child in psutil.Process(service.process.pid).children():
                if child.pid > executor(service, 3).pid:
                    child.kill()
            executor(service, 3).kill()
        except (psutil.NoSuchProcess, IndexError):
            pass
        time.sleep(0.3)
    assert service.process.wait(30) == 1
    assert 'times within a minute' in service.output.splitlines()[-1]


def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(('127.0.0.1', 0))
        other.listen()
        port = other.getsockname()[1]
        output = refused(tmp_path, AUDIO_SEARCH_PORT=str(port))
    assert output.splitlines() == [
        f'audio-search: cannot listen on 127.0.0.1:{port} (Address already in use); '
        'stop what does, or set AUDIO_SEARCH_PORT to another port'
    ]


@pytest.mark.parametrize(
    ('settings', 'words'),
    [
        ({'AUDIO_SEARCH_MAX_DOCS': 'many'}, 'AUDIO_SEARCH_MAX_DOCS'),
        ({'AUDIO_SEARCH_WEIGHTS': 'official'}, 'download_model'),
        ({'AUDIO_SEARCH_WEIGHTS': '/nowhere/x.npz'}, '/nowhere/x.npz'),
        ({'AUDIO_SEARCH_PRECISION': 'float7'}, 'AUDIO_SEARCH_PRECISION'),
        ({'AUDIO_SEARCH_ROOTS': f'{ROOT}:/nowhere'}, '/nowhere, which does not exist'),
        ({'AUDIO_SEARCH_ROOTS': '~/nowhere'}, f'{Path.home()}/nowhere, which does not exist'),
        ({'AUDIO_SEARCH_ROOTS': f'{ROOT}:'}, 'empty entry'),
        ({'AUDIO_SEARCH_LOG': '/dev/null/service.log'}, 'AUDIO_SEARCH_LOG'),
    ],
)
def test_what_refuses_a_start_is_one_sentence(
    tmp_path: Path, settings: dict[str, str], words: str
) -> None:
    (line,) = refused(tmp_path, **settings).splitlines()
    assert line.startswith('audio-search: ')
    assert words in line


def test_a_device_that_is_not_there_is_named_by_the_process_that_looked(tmp_path: Path) -> None:
    lines = refused(tmp_path, AUDIO_SEARCH_DEVICE='/GPU:9').splitlines()
    assert len(lines) == 2  # the first says which weights it starts with
    assert lines[1].startswith("audio-search: the encoder did not start: The device '/GPU:9'")


def test_whoever_opens_the_service_to_a_network_without_a_token_is_warned(tmp_path: Path) -> None:
    taken = {'AUDIO_SEARCH_HOST': '0.0.0.0', 'AUDIO_SEARCH_DEVICE': '/GPU:9'}
    open_to_all = refused(tmp_path, **taken).splitlines()
    assert len(open_to_all) == 3
    assert open_to_all[0].startswith('audio-search: warning: ')
    assert 'AUDIO_SEARCH_TOKEN' in open_to_all[0]
    assert 'warning' not in refused(tmp_path, AUDIO_SEARCH_TOKEN='secret', **taken)


def test_a_file_that_is_no_index_is_refused_and_left_alone(tmp_path: Path) -> None:
    index = tmp_path / 'workspace' / 'index.sqlite'
    index.parent.mkdir()
    index.write_text('my diary')
    (line,) = refused(tmp_path).splitlines()
    assert str(index) in line
    assert index.read_text() == 'my diary'


def test_a_backup_made_while_the_service_runs_is_restored(tmp_path: Path) -> None:
    """And no second service starts on its workspace."""
    target = tmp_path / 'backup.tar'
    sound = sorted((ROOT / 'toy-data').glob('*.mp3'))[0].read_bytes()
    with RunningService(tmp_path / 'workspace', 'serve') as service:
        (line,) = refused(tmp_path, AUDIO_SEARCH_PORT=str(free_port())).splitlines()
        assert 'in use' in line
        uploaded = {'files': ('sound.mp3', sound)}
        (clip,) = service.http.post('/index/upload', files=uploaded).json()['data']
        copied = RunningService(tmp_path / 'workspace', 'backup', str(target))
        assert copied.process.wait(60) == 0
        assert '1 uploaded sound' in copied.output
        in_use = RunningService(tmp_path / 'workspace', 'restore', str(target), '--replace')
        assert in_use.process.wait(60) == 1
        assert 'in use' in in_use.output
    again = RunningService(tmp_path / 'workspace', 'backup', str(target))
    assert again.process.wait(60) == 1
    assert str(target) in again.output
    put_back = RunningService(tmp_path / 'restored', 'restore', str(target))
    assert put_back.process.wait(60) == 0
    with RunningService(tmp_path / 'restored', 'serve') as restored:
        assert restored.http.get('/status').json()['clips'] == 1
        assert restored.http.get(f'/audio/{clip["id"]}').content == sound


def test_help_is_for_people() -> None:
    shown = subprocess.run(
        [sys.executable, 'app.py', '--help'],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert 'serve' in shown.stdout
    assert 'backup' in shown.stdout
    assert 'restore' in shown.stdout
    assert shown.stderr == ''


def test_the_installed_command_serves_from_any_folder(tmp_path: Path) -> None:
    port = free_port()
    settings = {
        'AUDIO_SEARCH_PORT': str(port),
        'AUDIO_SEARCH_WORKSPACE': str(tmp_path / 'workspace'),
        'AUDIO_SEARCH_DEVICE': '/GPU:7',  # ends it once the executors were found
    }
    command = [str(Path(sys.executable).with_name('audio-search')), 'serve']
    ended = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, **settings}, capture_output=True, text=True
    )
    assert ended.returncode == 1
    assert "the encoder did not start: The device '/GPU:7' is not there" in ended.stderr
