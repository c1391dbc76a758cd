"""A recording of two parts, indexed through the whole service and killed on the way."""

import os
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import httpx
import numpy as np
import pytest
import soundfile

from audio_search.audio.windows import windows
from audio_search.service.recordings import PART_PIECES
from tests.running import RunningService

RATE_HZ = 16000
DURATION_S = 850  # pieces begin every minute, parts at 0 and 600 s
PIECES = 15
WAIT_S = 60


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One recording: tones that change every second, in noise."""
    folder = tmp_path_factory.mktemp('recordings')
    rng = np.random.default_rng(0)
    t = np.arange(RATE_HZ) / RATE_HZ
    with soundfile.SoundFile(folder / 'night.wav', 'w', RATE_HZ, 1) as file:
        for _ in range(DURATION_S):
            tone = 0.2 * np.sin(2 * np.pi * rng.uniform(200, 4000) * t)
            file.write(tone + rng.normal(0, 0.02, RATE_HZ))
    return folder


def kept_parts(workspace: Path) -> int:
    with closing(sqlite3.connect(f'file:{workspace}/index.sqlite?mode=ro', uri=True)) as db:
        return int(db.execute('SELECT count(*) FROM parts').fetchone()[0])


def batches_through_encoder(service: RunningService) -> int:
    """How many there were of /index."""
    lines = service.http.get('/metrics').text.splitlines()
    found = [line for line in lines if 'stage="encoder"' in line and '_count{' in line]
    return sum(round(float(line.split()[-1])) for line in found if '/index' in line)


@pytest.fixture(scope='module')
def service(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[RunningService, int, int]]:
    """The service after the recording was indexed, killed when its first part was kept, started
    again, and indexed to the end; how many parts were kept, and how many pieces were encoded then.
    """
    workspace = tmp_path_factory.mktemp('long') / 'workspace'
    settings = {'AUDIO_SEARCH_ROOTS': str(folder)}
    with RunningService(workspace, 'serve', **settings) as service:

        def index() -> None:
            with suppress(httpx.TransportError):  # the service is killed
                service.post('/index', {'uri': 'night.wav', 'tags': {'place': 'pond'}})

        request = threading.Thread(target=index)
        request.start()
        deadline = time.monotonic() + WAIT_S
        while not kept_parts(workspace):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        page = service.http.get('/clips').json()
        assert page['total'] == 0  # half a recording is no clip
        os.killpg(service.process.pid, signal.SIGKILL)
        service.process.wait()
        request.join()
    kept = kept_parts(workspace)
    with RunningService(workspace, 'serve', **settings) as service:
        (clip,) = service.answers('/index', {'uri': 'night.wav', 'tags': {'place': 'pond'}})
        assert clip['error'] is None
        assert clip['chunk_count'] == len(windows(DURATION_S * RATE_HZ, 4 * RATE_HZ, 2 * RATE_HZ))
        yield service, kept, batches_through_encoder(service)


def test_no_part_is_encoded_twice(service: tuple[RunningService, int, int]) -> None:
    _, kept, encoded = service
    assert kept == 1
    assert encoded == PIECES - PART_PIECES * kept


@pytest.mark.parametrize('beg_s', [0, 56, 58, 60, 596, 598, 600, 602, 846])
def test_windows_are_those_of_the_uncut_recording(
    service: tuple[RunningService, int, int], beg_s: int
) -> None:
    """Around the seams too: the same sound as a clip of its own has the same vector."""
    running, _, _ = service
    (query,) = running.answers('/search', {'uri': f'night.wav#t={beg_s},{beg_s + 4}'})
    match = query['matches'][0]
    assert match['uri'] == 'night.wav'
    assert match['tags'] == {'place': 'pond'}
    assert match['scores']['cosine'] == pytest.approx(0, abs=1e-6)
    assert (match['beg_in_ms'], match['end_in_ms']) == (1000 * beg_s, 1000 * (beg_s + 4))


def test_a_second_run_encodes_nothing(service: tuple[RunningService, int, int]) -> None:
    running, _, encoded = service
    (clip,) = running.answers('/index', {'uri': 'night.wav'})
    assert clip['error'] is None
    assert batches_through_encoder(running) == encoded + 1  # the known clip, which passes it
    assert running.http.get('/clips').json()['total'] == 1


def test_a_query_of_hours_is_refused(
    folder: Path, service: tuple[RunningService, int, int]
) -> None:
    running, _, _ = service
    with soundfile.SoundFile(folder / 'hours.wav', 'w', 1000, 1, 'PCM_U8') as file:
        for _ in range(4):
            file.write(np.zeros(1_000_000))
    (answer,) = running.answers('/search', {'uri': 'hours.wav'})
    assert answer['error'] == (
        'hours.wav lasts 4000 s, more than 3600 s; take a part of it, as in hours.wav#t=0,3600, '
        'or index it, and search inside it'
    )
