"""The Flow's processes, as whoever starts and stops them sees them."""

import subprocess
import sys
from pathlib import Path

from tests.flow.starts import environment, flow
from tests.running import ROOT, free_port

STOPPED_WHILE_IT_FORKS = """
import multiprocessing, os, signal, sys
from audio_search import load_flow
from audio_search.flow.supervisor import StopRequested, Supervisor

def stop():
    os.kill(os.getpid(), signal.SIGTERM)
    sum(range(1000))  # Python runs the handler here, inside the hook

os.register_at_fork(after_in_parent=stop)
try:
    with Supervisor(load_flow(sys.argv[1])):
        print('ready')
except StopRequested:
    print('stopped with', len(multiprocessing.active_children()), 'children')
"""


def test_a_stop_that_arrives_inside_a_fork_ends_the_start_without_a_word(tmp_path: Path) -> None:
    path = flow(tmp_path, free_port(), first='pass', second='pass')
    done = subprocess.run(
        [sys.executable, '-c', STOPPED_WHILE_IT_FORKS, path],
        cwd=ROOT, env=environment(tmp_path / 'workspace'), timeout=60,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert done.stdout == 'stopped with 0 children\n'
    assert done.returncode == 0
