"""How fast the encoder is, beside what the machine could do.

All are measured in turns within one run, a request of 16 clips at a time, and the best turn of each
counts: other work on the machine only ever slows one down. 8 turns are twice 256 chunks.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from copy import copy
from pathlib import Path
from typing import Any

import numpy as np
from docarray import DocList
from threadpoolctl import threadpool_limits

from audio_search.documents import AudioClip
from audio_search.vggish.features import examples, log_mel
from audio_search.vggish.front_end import PUBLISHED
from audio_search.vggish.parameters import SAMPLE_RATE_HZ
from audio_search.vggish.postprocessing import concatenate
from executors.encoder import VGGishAudioEncoder
from executors.segmenter import cut
from scripts.benchmarks import report

ROOT = Path(__file__).resolve().parents[2]
CLIPS = 16  # in a request, as the gateway sends them: 64 chunks, 256 examples
CLIP_S = 10
WINDOW = 4 * SAMPLE_RATE_HZ
STRIDE = 2 * SAMPLE_RATE_HZ
EXAMPLES = CLIPS * 4 * 4
BATCH = 64
MATRIX = 2048
PRODUCTS = 20
TURNS = 8

# One example, by multiply-and-add of the convolutions and the three fully connected layers.
GFLOP_CONVOLUTIONS = 1.592525
GFLOP_EXPANDED = GFLOP_CONVOLUTIONS + 2e-9 * (12288 * 4096 + 4096 * 4096 + 4096 * 128)
GFLOP_FACTORED = GFLOP_CONVOLUTIONS + 2e-9 * (
    12288 * 128 + 128 * 4096 + 4096 * 128 + 128 * 4096 + 4096 * 128
)

COLD_START = """
import time; started = time.perf_counter()
from audio_search.documents import AudioClip, DocList
from executors.encoder import VGGishAudioEncoder
from executors.segmenter import cut
import numpy as np, psutil
encoder = VGGishAudioEncoder()
print(time.perf_counter() - started)
noise = np.random.default_rng(0).uniform(-0.1, 0.1, 160000).astype(np.float32)
for _ in range(4):
    clips = DocList[AudioClip](AudioClip() for _ in range(16))
    for clip in clips:
        cut(clip, noise, 0, 64000, 32000)
    encoder.encode(clips)
print(psutil.Process().memory_info().rss / 2**20)
"""


def run() -> dict[str, Any]:
    start_s, rss_mb = cold_start()
    encoder = VGGishAudioEncoder(str(ROOT / 'models'), precision='float32')
    weights = encoder.model.weights.name
    turns = in_turns(tasks_of(encoder, bfloat16_encoder()))
    seconds = {name: min(values) for name, values in turns.items()}
    return {
        'weights': weights,
        'encoder_examples_per_s': rate(seconds['encoder']),
        'session_examples_per_s': rate(seconds['session']),
        'bfloat16_examples_per_s': EXAMPLES / seconds['bfloat16']
        if 'bfloat16' in seconds
        else None,
        'per_chunk_examples_per_s': rate(seconds['per_chunk']),
        'matmul_gflops': 2e-9 * MATRIX**3 * PRODUCTS / min(seconds['numpy'], seconds['tensorflow']),
        'gflop_per_example': GFLOP_FACTORED if weights == 'compact' else GFLOP_EXPANDED,
        'as_published_examples_per_s': rate(seconds['as_published']),
        # Of neighbours in time: the machine's speed drifts more than the two differ.
        'encoder_to_as_published': float(
            np.median(np.divide(turns['as_published'], turns['encoder']))
        ),
        'front_end_share': seconds['front_end'] / seconds['encoder'],
        'start_s': start_s,
        'rss_mb': rss_mb,
    }


def rate(seconds: float | None) -> float | None:
    return None if seconds is None else EXAMPLES / seconds


def show(figures: dict[str, Any]) -> None:
    session, gflop = figures['session_examples_per_s'], figures['gflop_per_example']
    product = figures['matmul_gflops'] / gflop

    def row(
        name: str, rate: float, ratio: float | None = None, wanted: str = ''
    ) -> tuple[str, ...]:
        compared = '' if ratio is None else f'{ratio:.2f}'
        return name, f'{rate:.0f}', f'{rate * gflop:.0f}', compared, wanted

    encoder, reduced = figures['encoder_examples_per_s'], figures['bfloat16_examples_per_s']
    rows = [
        row('matrix product, float32', product),
        row(
            'network alone, float32, batches of 64',
            session,
            session / product,
            '0.80 of the product',
        ),
        row('encoder, float32', encoder, encoder / session, '0.90 of the network'),
    ]
    published = figures['as_published_examples_per_s']
    rows.append(
        row(
            'encoder, no steps before the network',
            published,
            1 / figures['encoder_to_as_published'],
            '1.03 of the encoder at most',
        )
    )
    if reduced:
        rows.append(row('encoder, bfloat16', reduced, reduced / session, '1.70 of the network'))
    one_by_one = figures['per_chunk_examples_per_s']
    rows.append(row('chunk by chunk, float32', one_by_one, one_by_one / session))
    report.table(
        f'Chunks of 4 s, {figures["weights"]} weights, {gflop:.2f} GFLOP an example of 0.96 s',
        ('', 'examples/s', 'GFLOP/s', 'ratio', 'wanted'),
        rows,
    )
    report.console.print(
        f"front end {figures['front_end_share']:.1%} of the encoder's time in float32, wanted 8 %; "
        f'start {figures["start_s"]:.1f} s, memory {figures["rss_mb"]:.0f} MB'
    )


# A task gets ready and returns the work that is timed.
Task = Callable[[], Callable[[], Any]]


def tasks_of(encoder: VGGishAudioEncoder, reduced: VGGishAudioEncoder | None) -> dict[str, Task]:
    from audio_search.vggish.runtime import tf

    rng = np.random.default_rng(0)
    # So quiet that every window is lifted.
    waveforms = rng.uniform(-0.03, 0.03, (CLIPS, CLIP_S * SAMPLE_RATE_HZ)).astype(np.float32)
    batch = np.concatenate([examples(log_mel(waveform)) for waveform in waveforms])[:BATCH]
    matrix = rng.standard_normal((MATRIX, MATRIX)).astype(np.float32)
    tensor = tf.constant(matrix)

    def encode(executor: VGGishAudioEncoder) -> Callable[[], Any]:
        clips = DocList[AudioClip](AudioClip() for _ in waveforms)
        for clip, waveform in zip(clips, waveforms, strict=True):
            cut(clip, waveform, 0, WINDOW, STRIDE)
        return lambda: executor.encode(clips)

    def session() -> None:
        for _ in range(EXAMPLES // BATCH):
            encoder.model.raw(batch)

    def chunk_by_chunk() -> None:
        for waveform in waveforms:
            for beg in range(0, len(waveform) - WINDOW + 1, STRIDE):
                one = examples(log_mel(waveform[beg : beg + WINDOW]))
                concatenate(encoder.model.project(one))

    def numpy_products() -> None:
        with threadpool_limits(limits=os.cpu_count(), user_api='blas'):  # of one in runtime.py
            for _ in range(PRODUCTS):
                matrix @ matrix

    as_published = copy(encoder)
    as_published.front_end = PUBLISHED
    tasks: dict[str, Task] = {
        'encoder': lambda: encode(encoder),
        'as_published': lambda: encode(as_published),
        'session': lambda: session,
        'per_chunk': lambda: chunk_by_chunk,
        'numpy': lambda: numpy_products,
        'tensorflow': lambda: (
            lambda: [tf.linalg.matmul(tensor, tensor).numpy() for _ in range(PRODUCTS)]
        ),
        'front_end': lambda: lambda: [log_mel(waveform) for waveform in waveforms],
    }
    if reduced:
        tasks['bfloat16'] = lambda: encode(reduced)
    return tasks


def bfloat16_encoder() -> VGGishAudioEncoder | None:
    try:
        return VGGishAudioEncoder(str(ROOT / 'models'), precision='bfloat16')
    except ValueError:  # this CPU has no instructions for it
        return None


def in_turns(tasks: dict[str, Task]) -> dict[str, list[float]]:
    """The times of each, in seconds; every other turn goes through them backwards."""
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for turn in range(TURNS):
        for name in list(tasks)[:: -1 if turn % 2 else 1]:
            work = tasks[name]()
            started = time.perf_counter()
            work()
            seconds[name].append(time.perf_counter() - started)
            time.sleep(0.1)  # until threads rest that go on spinning after their work
    return seconds


def cold_start() -> tuple[float, float]:
    """Of an encoder in a process of its own: seconds until it is ready, MB after 256 chunks."""
    command = [sys.executable, '-c', COLD_START]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    start_s, rss_mb = (float(line) for line in printed.split())
    return start_s, rss_mb
