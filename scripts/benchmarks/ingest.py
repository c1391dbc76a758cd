"""How fast `audio-search index` gets a library into the index, beside the bare encoder.

INGEST_CLIPS clips of 10 s (1,000 unless the environment says otherwise) in 20 folders. A quarter of
them is indexed at a time, and the bare encoder, in its own process, works before and after each:
the speed of a machine drifts over minutes, so each quarter is compared with its neighbours in time,
and the median of the four shares counts. Then the command is killed twice, and resumed.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
import soundfile

from scripts.benchmarks import report
from scripts.benchmarks._service import ROOT, Memory, service

CLIPS = int(os.environ.get('INGEST_CLIPS', '1000'))
FOLDERS = 20
QUARTERS = 4
DISTINCT = 20  # sounds; the others are copies under other names, which are other clips
CLIP_S = 10
RATE_HZ = 16000
EXAMPLES_PER_CLIP = 16
POLL_S = 0.2

BARE = """
import time
import numpy as np
from audio_search.documents import AudioClip, DocList
from executors.encoder import VGGishAudioEncoder
from executors.segmenter import cut
encoder = VGGishAudioEncoder('models')
noise = np.random.default_rng(0).uniform(-0.1, 0.1, 160000).astype(np.float32)
seconds = 0.0
for turn in range(13):
    clips = DocList[AudioClip](AudioClip() for _ in range(16))
    for clip in clips:
        cut(clip, noise, 0, 64000, 32000)
    begun = time.perf_counter()
    encoder.encode(clips)
    if turn:  # the first one takes memory
        seconds += time.perf_counter() - begun
print(12 * 256 / seconds)
"""


def run() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as temporary:
        library, warm_up = Path(temporary) / 'library', Path(temporary) / 'warm-up'
        make_library(library)
        quarters = [sorted(library.iterdir())[start::QUARTERS] for start in range(QUARTERS)]
        for folder in quarters[0]:
            shutil.copytree(folder, warm_up / folder.name)
        workspace = Path(temporary) / 'workspace'
        with service(workspace, 'app.py', 'serve', roots=Path(temporary)) as (http, process):
            timed_index(http, [warm_up])  # what a service needs when it works, it takes once
            http.post('/clear').raise_for_status()
            before_mb = resident_mb(process)
            bare, indexed = [bare_encoder()], []
            for folders in quarters:
                indexed.append(timed_index(http, folders))
                bare.append(bare_encoder())
            growth_mb = resident_mb(process) - before_mb
            again = timed_index(http, [library])
            http.post('/clear').raise_for_status()
            resumed = killed_twice(http, library)
    through = [counts['indexed'] * EXAMPLES_PER_CLIP / counts['seconds'] for counts in indexed]
    shares = [rate / statistics.mean(bare[turn : turn + 2]) for turn, rate in enumerate(through)]
    return {
        'clips': CLIPS,
        'bare_encoder_examples_per_s': statistics.median(bare),
        'service_examples_per_s': statistics.median(through),
        'share_of_bare_encoder': statistics.median(shares),
        'shares': shares,
        's_per_clip': sum(counts['seconds'] for counts in indexed) / CLIPS,
        'unchanged_clips_per_s': CLIPS / again['seconds'],
        'client_mb': max(counts['client_mb'] for counts in (*indexed, again)),
        'service_growth_mb': growth_mb,
        'resumed': resumed,
    }


def show(figures: dict[str, Any]) -> None:
    report.table(
        f'{figures["clips"]:,} clips of {CLIP_S} s',
        ('', ''),
        [
            ('bare encoder', f'{figures["bare_encoder_examples_per_s"]:.0f} examples/s'),
            ('through the service', f'{figures["service_examples_per_s"]:.0f} examples/s'),
            (
                'share, median of four quarters',
                f'{figures["share_of_bare_encoder"]:.2f} '
                f'({min(figures["shares"]):.2f} to {max(figures["shares"]):.2f})',
            ),
            ('a clip', f'{1000 * figures["s_per_clip"]:.0f} ms'),
            ('unchanged', f'{figures["unchanged_clips_per_s"]:.0f} clips/s'),
            ('memory of the command', f'{figures["client_mb"]:.0f} MB'),
            ('growth of the service', f'{figures["service_growth_mb"]:.0f} MB'),
            ('clips after two kills and a resumption', f'{figures["resumed"]:,}'),
        ],
    )


def make_library(folder: Path) -> None:
    """Tones in noise as mp3, in FOLDERS folders."""
    noise = np.random.default_rng(0)
    t = np.arange(CLIP_S * RATE_HZ) / RATE_HZ
    for number in range(CLIPS):
        path = folder / f'{number % FOLDERS:02}' / f'{number:06}.mp3'
        path.parent.mkdir(parents=True, exist_ok=True)
        if number < DISTINCT:
            sound = 0.3 * np.sin(2 * np.pi * (200 + 50 * number) * t)
            soundfile.write(path, sound + noise.uniform(-0.05, 0.05, len(t)), RATE_HZ)
        else:
            first = number % DISTINCT
            shutil.copy(folder / f'{first % FOLDERS:02}' / f'{first:06}.mp3', path)


def bare_encoder() -> float:
    """Examples/s of the encoder alone, with the precision that the service chooses."""
    done = subprocess.run(
        [sys.executable, '-c', BARE],
        cwd=ROOT, env={**os.environ, 'PYTHONPATH': str(ROOT)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return float(done.stdout.split()[-1])


def timed_index(http: httpx.Client, folders: list[Path]) -> dict[str, Any]:
    """The counts of the command, and its most memory."""
    process = start_index(http, *folders)
    with Memory(process) as memory:
        output, _ = process.communicate()
    counts = json.loads(output)
    assert not counts['failed'], counts
    return counts | {'client_mb': memory.most_mb}


def killed_twice(http: httpx.Client, library: Path) -> int:
    """How many clips there are after two SIGKILLs and a last run; each of them once."""
    for share in (0.2, 0.6):
        process = start_index(http, library)
        while http.get('/status').json()['clips'] < share * CLIPS and process.poll() is None:
            time.sleep(POLL_S)
        process.kill()
        process.communicate()
    start_index(http, library).communicate()
    total = int(http.get('/clips', params={'limit': 1}).json()['total'])
    uris = {
        clip['uri']
        for offset in range(0, total, 1000)
        for clip in http.get('/clips', params={'offset': offset, 'limit': 1000}).json()['clips']
    }
    assert len(uris) == total == CLIPS, (len(uris), total)
    return total


def start_index(http: httpx.Client, *folders: Path) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, 'app.py', 'index', *folders, '--json', '--url', str(http.base_url)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def resident_mb(process: subprocess.Popen) -> float:
    """Of a process and its children; pages that they share count in each."""
    family = psutil.Process(process.pid)
    together = [family, *family.children(recursive=True)]
    return sum(one.memory_info().rss for one in together) / 2**20
