"""What the exact search takes by itself: alone, and per search where eight share one pass.

Searches are of four windows, for the five nearest clips, among made-up embeddings of both poolings.
All ways take turns, and the best turn of each counts: other work on the machine only ever slows one
down. The time is that of the clock, and that of the cores.
"""

import time
from typing import Any

import numpy as np

from audio_search.store.vectors.blocks import Block, changed
from audio_search.store.vectors.scan import QUERY_BATCH, Scanner
from audio_search.vggish.parameters import EMBEDDING_SIZE
from scripts.benchmarks import report
from scripts.benchmarks._chunks import CHUNKS_A_CLIP, clips

SIZES = (100_000, 1_000_000)  # chunks
FILL_CLIPS = 5000
SHARING = QUERY_BATCH // CHUNKS_A_CLIP
LIMIT = 5
TURNS = 40
QUERY_SEED = 10**6
POOLINGS = ('concat', 'mean')


def run() -> dict[str, Any]:
    scanner = Scanner()
    figures: dict[str, Any] = {'sharing': SHARING}
    for size in SIZES:
        stored = {pooling: _blocks(size, pooling) for pooling in POOLINGS}
        figures[str(size)] = _measure(scanner, stored)
    scanner.close()
    return figures


def _blocks(size: int, pooling: str) -> tuple[Block, ...]:
    blocks: tuple[Block, ...] = ()
    for first in range(0, size // CHUNKS_A_CLIP, FILL_CLIPS):
        made = _pooled(clips(FILL_CLIPS, first), pooling)
        blocks = changed(blocks, [], enumerate(made, start=first + 1))
    return blocks


def _pooled(vectors: np.ndarray, pooling: str) -> np.ndarray:
    """int8 [clips, chunks, 512] -> the same, or the mean of the examples, int8 [..., 128]."""
    if pooling == 'concat':
        return vectors
    examples = vectors.reshape(*vectors.shape[:-1], -1, EMBEDDING_SIZE)
    return np.rint(examples.mean(axis=-2)).astype(np.int8)


def _measure(scanner: Scanner, stored: dict[str, tuple[Block, ...]]) -> dict[str, Any]:
    """By pooling: the best of TURNS, each with other queries, in ms."""
    found: dict[str, dict[str, list[float]]] = {
        pooling: {'ms': [], 'core_ms': [], 'shared_ms': [], 'shared_core_ms': []}
        for pooling in POOLINGS
    }
    for turn in range(TURNS):
        queries = clips(SHARING, QUERY_SEED + turn)
        for pooling, blocks in stored.items():
            for name, count in (('', 1), ('shared_', SHARING)):
                asked = np.concatenate(_pooled(queries[:count], pooling))
                begun, cores = time.perf_counter(), time.process_time()
                scanner.search(blocks, asked, LIMIT)
                found[pooling][f'{name}ms'].append(1e3 * (time.perf_counter() - begun) / count)
                spent_ms = 1e3 * (time.process_time() - cores) / count
                found[pooling][f'{name}core_ms'].append(spent_ms)
    return {
        pooling: {name: min(times) for name, times in one.items()} for pooling, one in found.items()
    }


def show(figures: dict[str, Any]) -> None:
    report.table(
        f'exact search, {CHUNKS_A_CLIP} windows; core ms are those of all cores together',
        ('chunks, pooling', 'alone, ms', 'core ms', f'{SHARING} together, ms each', 'core ms each'),
        (
            (f'{size:,}, {pooling}', *(f'{value:.1f}' for value in one.values()))
            for size in SIZES
            for pooling, one in figures[str(size)].items()
        ),
    )
