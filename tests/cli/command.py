"""The command line as a user runs it, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

from tests.running import ROOT, RunningService

LIMIT_S = 120


def start(
    service: RunningService | None, *arguments: str | Path, cwd: Path = ROOT, **settings: str
) -> subprocess.Popen[str]:
    """`python app.py ARGUMENTS`, asking `service`; its stdout and stderr are pipes."""
    told = {'AUDIO_SEARCH_PORT': str(service.port)} if service else {}
    environment = {
        **os.environ,
        'AUDIO_SEARCH_URL': '',
        'PYTHONUNBUFFERED': '1',
        **told,
        **settings,
    }
    return subprocess.Popen(
        [sys.executable, ROOT / 'app.py', *map(str, arguments)],
        cwd=cwd,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(
    service: RunningService | None,
    *arguments: str | Path,
    cwd: Path = ROOT,
    given: str = '',
    **settings: str,
) -> tuple[int, str, str]:
    """(exit status, stdout, stderr)"""
    process = start(service, *arguments, cwd=cwd, **settings)
    try:
        output, errors = process.communicate(given, timeout=LIMIT_S)
    finally:
        process.kill()
    assert 'Traceback' not in errors
    return process.returncode, output, errors
