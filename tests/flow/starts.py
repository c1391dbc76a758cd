"""Flows of tiny executors, started by a supervisor in a process of its own."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

from tests.running import ROOT, free_port

STARTER = """
import sys
from audio_search import load_flow
from audio_search.flow.supervisor import Supervisor

for path in sys.argv[1:] or [None]:
    try:
        with Supervisor(load_flow(path)) as service:
            print('ready')
    except Exception as error:
        print(f'{type(error).__name__}: {error}')
"""

EXECUTOR = """
import os, signal, socket, sys, time
from jina import Executor, requests
from audio_search.documents import AudioClip, DocList
from audio_search.flow.children import end_with_parent
from audio_search.settings import SettingsError
{top}

class {name}(Executor):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        end_with_parent()
        {start}

    @requests
    def pass_on(self, docs: DocList[AudioClip], **kwargs) -> DocList[AudioClip]:
        return docs
"""


def flow(folder: Path, port: int, **starts: str) -> Path:
    """A flow.yml in `folder` with one executor for each name; `starts` are what they do at start.

    What begins with `import` is done when the executor's module is imported.
    """
    folder.mkdir(exist_ok=True)
    lines = [f'jtype: Flow\nwith: {{quiet_error: true, timeout_ctrl: 5, port: {port}}}\nexecutors:']
    for name, start in starts.items():
        top = start.startswith('import ')
        text = EXECUTOR.format(
            name=name.title(),
            top=start if top else '',
            start='pass' if top else textwrap.indent(start, ' ' * 8).strip(),
        )
        (folder / f'{name}.py').write_text(text)
        lines.append(f'  - {{name: {name}, uses: {name.title()}, py_modules: {name}.py}}')
    path = folder / 'flow.yml'
    path.write_text('\n'.join(lines) + '\n')
    return path


def environment(workspace: Path, **settings: str) -> dict[str, str]:
    return {
        **os.environ,
        'PYTHONPATH': str(ROOT),
        'AUDIO_SEARCH_PORT': str(free_port()),
        'AUDIO_SEARCH_WORKSPACE': str(workspace),
        **settings,
    }


def start(workspace: Path, *flows: Path, **settings: str) -> list[str]:
    """What is in the terminal of a process that starts these Flows (else flow.yml), one by one.

    Each is ended when it is ready.
    """
    done = subprocess.run(
        [sys.executable, '-c', STARTER, *map(str, flows)],
        cwd=ROOT, env=environment(workspace, **settings), timeout=120,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    return done.stdout.splitlines()
