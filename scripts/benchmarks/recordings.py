"""What one long recording takes: RECORDING_HOURS of it (10 unless the environment says otherwise).

As WAV and as mp3 it is indexed by a running service, between two turns of the bare encoder, while
the memory of all processes is looked at. Then the service is killed on the way, started again and
asked for the same; and a sound is searched inside the recording.
"""

import os
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
import soundfile

from audio_search.audio.pieces import piece_count
from audio_search.service.recordings import PART_PIECES
from scripts.benchmarks import report
from scripts.benchmarks._planted import background
from scripts.benchmarks._service import ROOT, service
from scripts.benchmarks.ingest import bare_encoder

HOURS = float(os.environ.get('RECORDING_HOURS', '10'))
RATE_HZ = 16000
PIECE_S = 600
EXAMPLES_PER_WINDOW = 4
WARM_UP_S = 100  # of sound, after which the service is idle with the memory that it works with
LOOK_EVERY_S = 0.25
SETTLED_S = 6
SEARCHES = 9
QUERY = 'toy-data/143_birds.mp3'
INDEXING = httpx.Timeout(None)


def run() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        make_recordings(folder)
        figures: dict[str, Any] = {'hours': HOURS, 'pieces': piece_count(3600 * HOURS)}
        roots = Path(f'{folder}{os.pathsep}{ROOT}')
        with service(folder / 'workspace', 'app.py', 'serve', roots=roots) as (http, process):
            index(http, f'rec.wav#t=0,{WARM_UP_S}')
            idle_mb = settled_mb(process.pid)
            figures['idle_mb'] = idle_mb
            for name in ('rec.wav', 'rec.mp3'):
                figures[name] = indexed(http, process.pid, name, idle_mb)
            figures['within'] = searched(http)
            http.post('/clear', timeout=INDEXING).raise_for_status()
        figures['killed'] = killed(folder, roots, figures['rec.wav']['seconds'])
    return figures


def show(figures: dict[str, Any]) -> None:
    rows = [('idle, after a first clip', f'{figures["idle_mb"]:.0f} MB')]
    for name in ('rec.wav', 'rec.mp3'):
        found = figures[name]
        rows += [
            (f'{name}: time', f'{found["seconds"]:.0f} s'),
            (f'{name}: share of the bare encoder', f'{found["share_of_bare_encoder"]:.2f}'),
            (f'{name}: memory above idle, at most', f'{found["above_idle_mb"]:.0f} MB'),
        ]
    within, killed = figures['within'], figures['killed']
    rows += [
        ('a search inside it', f'{within["within_ms"]:.0f} ms'),
        ('an ordinary search by the same sound', f'{within["ordinary_ms"]:.0f} ms'),
        ('pieces in the parts kept when it was killed', f'{killed["kept"]} of {figures["pieces"]}'),
        ('pieces encoded after that', f'{killed["encoded"]}'),
    ]
    report.table(f'one recording of {figures["hours"]:g} hours', ('', ''), rows)


def make_recordings(folder: Path) -> None:
    """Ten minutes of wind, rain, hum and sea, again and again, each time a little louder or less
    loud; a last piece is as long as is missing."""
    piece = background(PIECE_S, np.random.default_rng(0))
    rng = np.random.default_rng(1)
    with (
        soundfile.SoundFile(folder / 'rec.wav', 'w', RATE_HZ, 1, 'PCM_16') as wav,
        soundfile.SoundFile(folder / 'rec.mp3', 'w', RATE_HZ, 1) as mp3,
    ):
        missing = round(3600 * HOURS * RATE_HZ)
        while missing:
            sound = piece[:missing] * rng.uniform(0.5, 2)
            missing -= len(sound)
            for file in (wav, mp3):
                for start in range(0, len(sound), RATE_HZ):
                    file.write(sound[start : start + RATE_HZ])


def indexed(http: httpx.Client, pid: int, name: str, idle_mb: float) -> dict[str, Any]:
    bare = [bare_encoder()]
    begun = time.perf_counter()
    with most_memory(pid) as memory:
        windows = index(http, name)
    seconds = time.perf_counter() - begun
    bare.append(bare_encoder())
    examples_per_s = windows * EXAMPLES_PER_WINDOW / seconds
    return {
        'seconds': seconds,
        'windows': windows,
        'bare_encoder_examples_per_s': bare,
        'share_of_bare_encoder': examples_per_s / statistics.mean(bare),
        'above_idle_mb': max(memory) - idle_mb,
    }


def searched(http: httpx.Client) -> dict[str, float]:
    """Medians of searches by turns, inside the recording and as usual."""
    spent: dict[str, list[float]] = {'ordinary_ms': [], 'within_ms': []}
    for _ in range(SEARCHES):
        for kind, parameters in (('ordinary_ms', {}), ('within_ms', {'within': 'rec.wav'})):
            begun = time.perf_counter()
            body = {'data': [{'uri': QUERY}], 'parameters': parameters}
            answer = http.post('/search', json=body).raise_for_status().json()['data'][0]
            spent[kind].append(1000 * (time.perf_counter() - begun))
            assert not answer['error'], answer
    return {kind: statistics.median(times[1:]) for kind, times in spent.items()}


def killed(folder: Path, roots: Path, usual_s: float) -> dict[str, int]:
    """SIGKILL in the middle, and the same request to the service that is started then."""
    workspace = folder / 'workspace'
    with service(workspace, 'app.py', 'serve', roots=roots) as (http, process):

        def ask() -> None:
            with suppress(httpx.HTTPError):  # the service is killed
                index(http, 'rec.wav')

        request = threading.Thread(target=ask)
        request.start()
        request.join(usual_s / 2)
        process.kill()
        request.join()
    with closing(sqlite3.connect(f'file:{workspace}/index.sqlite?mode=ro', uri=True)) as db:
        kept = int(db.execute('SELECT count(*) FROM parts').fetchone()[0])
    with service(workspace, 'app.py', 'serve', roots=roots) as (http, process):
        index(http, 'rec.wav')
        return {'kept': PART_PIECES * kept, 'encoded': batches_encoded(http)}  # a piece each


def batches_encoded(http: httpx.Client) -> int:
    label = 'audio_search_latency_seconds_count{endpoint="/index",stage="encoder"}'
    lines = http.get('/metrics').text.splitlines()
    return sum(round(float(line.split()[-1])) for line in lines if line.startswith(label))


def index(http: httpx.Client, uri: str) -> int:
    """How many windows it has."""
    answer = http.post('/index', json={'data': [{'uri': uri}]}, timeout=INDEXING)
    (clip,) = answer.raise_for_status().json()['data']
    assert not clip['error'], clip
    return int(clip['chunk_count'])


@contextmanager
def most_memory(pid: int) -> Iterator[list[float]]:
    """The memory of a process and its children, again and again meanwhile."""
    found, done = [memory_mb(pid)], threading.Event()

    def watch() -> None:
        while not done.wait(LOOK_EVERY_S):
            found.append(memory_mb(pid))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield found
    finally:
        done.set()
        thread.join()


def settled_mb(pid: int) -> float:
    """The memory of a service that has nothing to do, once it does not grow any more: the page is
    loaded after the start."""
    found = [memory_mb(pid)]
    while len(found) < SETTLED_S or max(found[-SETTLED_S:]) - min(found[-SETTLED_S:]) > 1:
        time.sleep(1)
        found.append(memory_mb(pid))
    return found[-1]


def memory_mb(pid: int) -> float:
    """Of a process and its children; a page that several share counts once (PSS)."""
    family = psutil.Process(pid)
    total = 0
    for process in (family, *family.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            total += process.memory_full_info().pss
    return total / 2**20
