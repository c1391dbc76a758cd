"""The store on Milvus beside the one on a file, over the same made-up clips.

A standalone Milvus runs on the same cores, as the tests start it. One collection has the index
FLAT, the other HNSW. Searches are of four windows, for the five nearest clips, by all stores in
turns, each with the median of its turns; recall is that of the distinct clips, against the file's
exact search.
"""

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from audio_search.store import Clip, ClipStore, Configuration
from audio_search.store.milvus.connection import Server
from audio_search.store.milvus.store import MilvusStore
from audio_search.store.sqlite import SqliteStore
from scripts.benchmarks import report
from scripts.benchmarks._chunks import CHUNKS_A_CLIP, clips
from tests.milvus_server import Server as RunningServer

CHUNKS = 200_000
BATCH_CLIPS = 1000
QUERIES = 100
LIMIT = 5
QUERY_SEED = 10**6
BUILD_S = 1200
SETTLED_S = 20.0  # without a segment that is still to be built
MADE = Configuration('compact', '0' * 64, 'concat', 512, 4.0, 2.0, 'repeat', -12.0, 'zero')
STORES = ('file', 'FLAT', 'HNSW')


def run() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        server = RunningServer(Path(folder) / 'milvus')
        server.start()
        try:
            return _measure(Path(folder), server)
        finally:
            server.kill()


def _measure(folder: Path, server: RunningServer) -> dict[str, Any]:
    stores: dict[str, ClipStore] = {'file': SqliteStore(folder / 'index.sqlite', MADE)}
    for index in STORES[1:]:
        stores[index] = MilvusStore(Server(server.uri), MADE, name=index.lower(), index=index)
    filled = _fill(stores)
    built_s = _build(stores['HNSW'])
    strong = MilvusStore(Server(server.uri), MADE, name='hnsw', consistency='strong')
    found = _search({**stores, 'HNSW, strong': strong})
    memory = psutil.Process(server.pid).memory_info().rss
    for store in (*stores.values(), strong):
        store.close()
    return {
        'chunks': CHUNKS,
        'insert_rows_per_s': filled['HNSW'],
        'rows_per_s': filled,
        'hnsw_build_s': built_s,
        'searches': found,
        'memory_bytes_a_row': memory / (2 * CHUNKS),
    }


def _fill(stores: dict[str, ClipStore]) -> dict[str, float]:
    """Rows stored per second, by store; they take turns."""
    spent = dict.fromkeys(stores, 0.0)
    for first in range(0, CHUNKS // CHUNKS_A_CLIP, BATCH_CLIPS):
        made = [_clip(first + n, rows) for n, rows in enumerate(clips(BATCH_CLIPS, first))]
        for name, store in stores.items():
            begun = time.perf_counter()
            with store.transaction() as transaction:
                for one in made:
                    transaction.put(one)
            spent[name] += time.perf_counter() - begun
    return {name: CHUNKS / seconds for name, seconds in spent.items()}


def _clip(number: int, rows: np.ndarray) -> Clip:
    beg_ms = 2000 * np.arange(len(rows))
    end_ms = beg_ms + 4000
    places = [np.arange(len(rows)), 16 * beg_ms, 16 * end_ms, beg_ms, end_ms]
    return Clip(
        id=f'{number:032x}',
        uri=f'clips/{number}.wav',
        tags={'label': f'kind {number % 50}'},
        locations=np.stack(places, axis=1),
        embeddings=rows,
        sample_rate=16000,
        source={'size': 320_044, 'mtime_ns': 2**60, 'sha256': f'{number:064x}'},
    )


def _build(store: ClipStore) -> float:
    """Seconds until all rows are in segments that are indexed, and stay so."""
    assert isinstance(store, MilvusStore)
    client = store.client
    begun = time.monotonic()
    client.flush('hnsw')
    done_at: float | None = None
    while time.monotonic() < begun + BUILD_S:
        state = client.describe_index('hnsw', 'vector')
        if int(state['pending_index_rows']):
            done_at = None
        elif done_at is None:
            done_at = time.monotonic()
        elif time.monotonic() > done_at + SETTLED_S:
            return done_at - begun
        time.sleep(0.5)
    raise TimeoutError(f'HNSW is not built after {BUILD_S} s')


def _search(stores: dict[str, ClipStore]) -> dict[str, dict[str, float]]:
    """Median ms, and recall of the distinct clips, by store."""
    queries = clips(QUERIES, QUERY_SEED)
    times: dict[str, list[float]] = {name: [] for name in stores}
    right = dict.fromkeys(stores, 0)
    for query in queries:
        exact: list[set[str]] = []
        for name, store in stores.items():
            begun = time.perf_counter()
            answer = store.search(query, LIMIT)
            times[name].append(1e3 * (time.perf_counter() - begun))
            found = [{one.clip_id for one in neighbours} for neighbours in answer]
            exact = exact or found
            right[name] += sum(len(a & b) for a, b in zip(found, exact, strict=True))
    wanted = QUERIES * CHUNKS_A_CLIP * LIMIT
    return {
        name: {'ms': statistics.median(times[name]), 'recall_at_5': right[name] / wanted}
        for name in stores
    }


def show(figures: dict[str, Any]) -> None:
    rows_per_s = figures['rows_per_s']
    report.table(
        f'{figures["chunks"]:,} windows; {CHUNKS_A_CLIP} query windows, {LIMIT} clips; HNSW built '
        f'in {figures["hnsw_build_s"]:.0f} s; {figures["memory_bytes_a_row"]:,.0f} bytes of the '
        "server's memory a row",
        ('store', 'stored, windows/s', 'search, ms', 'recall@5'),
        (
            (
                name,
                f'{rows_per_s[name]:,.0f}' if name in rows_per_s else '',
                f'{one["ms"]:.1f}',
                f'{one["recall_at_5"]:.3f}',
            )
            for name, one in figures['searches'].items()
        ),
    )
