"""Serves a few toy clips and searches one of them, in a workspace that is deleted afterwards.

Needs nothing but the runtime requirements. Exit status 0, or 1 with what went wrong.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
START_S = 300  # to give up after, on a busy machine
STOP_S = 30


def main() -> str | None:
    """None, or what went wrong."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port = probe.getsockname()[1]
    url = f'http://127.0.0.1:{port}'
    with tempfile.TemporaryDirectory() as workspace:
        settings = {'AUDIO_SEARCH_PORT': str(port), 'AUDIO_SEARCH_WORKSPACE': workspace}
        service = subprocess.Popen(
            [sys.executable, 'app.py', 'serve'], cwd=ROOT, env={**os.environ, **settings}
        )
        try:
            wrong = wait_until_ready(service, url) or index_and_search(url)
            service.terminate()
            status = service.wait(STOP_S)
        finally:
            service.kill()
    return wrong or (f'SIGTERM ended the service with status {status}' if status else None)


def wait_until_ready(service: subprocess.Popen[bytes], url: str) -> str | None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if service.poll() is not None:
            return f'the service ended at its start with status {service.returncode}'
        try:
            urllib.request.urlopen(f'{url}/health/ready', timeout=5).close()
        except OSError:
            time.sleep(0.2)
        else:
            return None
    return f'the service is not ready after {START_S} s'


def index_and_search(url: str) -> str | None:
    """Index three clips of each of two labels; the nearest to each must have its label."""
    by_label: dict[str, list[Path]] = {}
    for path in sorted((ROOT / 'toy-data').glob('*.mp3')):
        by_label.setdefault(path.stem.partition('_')[2], []).append(path)
    labelled = [
        (label, str(path.relative_to(ROOT)))
        for label, paths in sorted(by_label.items())[:2]
        for path in paths[:3]
    ]
    clips = [{'uri': uri, 'tags': {'label': label}} for label, uri in labelled]
    for clip in post(f'{url}/index', {'data': clips}):
        if clip['error']:
            return f'{clip["uri"]}: {clip["error"]}'
    queries = [{'uri': uri} for _, uri in labelled]
    parameters = {'limit': 1, 'exclude_self': True}
    found = post(f'{url}/search', {'data': queries, 'parameters': parameters})
    labels = [answer['matches'][0]['tags']['label'] for answer in found]
    expected = [label for label, _ in labelled]
    return None if labels == expected else f'the matches are {labels} for {expected}'


def post(url: str, body: dict[str, Any]) -> list[dict[str, Any]]:
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {'Content-Type': 'application/json'}
    )
    with urllib.request.urlopen(request, timeout=120) as response:
        return list(json.load(response)['data'])


if __name__ == '__main__':
    sys.exit(main())
