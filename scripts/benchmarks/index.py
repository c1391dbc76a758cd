"""How fast the index finds, stores and opens, beside faiss and numpy on the same float32 vectors.

Searches have 4 query chunks and ask for 5; they are measured in turns, and each figure is the
median of its turns. Each size of index runs in a process of its own; a million chunks take
6 GB for the vectors of all three.
"""

import hashlib
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from docarray import DocList
from docarray.typing import ID

from audio_search.documents import AudioChunk, AudioClip, Embedding, Tags
from audio_search.store import Clip
from audio_search.store.vectors.nearest import Nearest
from executors.indexer import SimpleIndexer
from scripts.benchmarks import report
from scripts.benchmarks._chunks import CHUNKS_A_CLIP, clips

ROOT = Path(__file__).resolve().parents[2]
SIZES = (100_000, 1_000_000)  # chunks
MORE_CLIPS = 10_000
REQUEST_CLIPS = 16  # as the gateway sends them
FILL_CLIPS = 1000
LIMIT = 5
TURNS = 20
PAUSE_S = 0.1
RECALL_CLIPS = 100
QUERY_SEED = 10**6

MEASURE = """
import json, sys, tempfile
from pathlib import Path
import audio_search.prepare
from scripts.benchmarks.index import measure
with tempfile.TemporaryDirectory() as folder:
    print(json.dumps(measure(int(sys.argv[1]), Path(folder))))
"""

REOPEN = """
import sys, time
from executors.indexer import SimpleIndexer
import psutil
started = time.perf_counter()
indexer = SimpleIndexer(path=sys.argv[1], weights='compact')
print(time.perf_counter() - started, psutil.Process().memory_info().rss / 1e6)
indexer.close()
"""


def run() -> dict[str, Any]:
    """The figures of design and README: times in ms and s, sizes in MB of 10^6 bytes."""
    figures: dict[str, Any] = {}
    for size in SIZES:
        report.console.print(f'{size:,} chunks …')
        figures[str(size)] = json.loads(
            subprocess.run(
                [sys.executable, '-c', MEASURE, str(size)],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            ).stdout.splitlines()[-1]
        )
    largest = figures[str(SIZES[-1])]
    return {'insert_clips_per_s_empty': largest['insert_clips_per_s_empty'], **figures}


def show(figures: dict[str, Any]) -> None:
    rows: list[list[Any]] = []
    for label, key, digits in (
        ('nearest 5 clips of 4 query chunks, exact, ms', 'knn_ms', 1),
        ('the same through /search, documents in and out, ms', 'search_ms', 1),
        ('faiss IndexFlatIP float32, 5 nearest chunks, ms', 'faiss_flat_ms', 1),
        ('numpy float32, 5 nearest chunks, ms', 'numpy_ms', 1),
        ('approximate (ann: true), the median of 100 queries, ms', 'ann_ms', 2),
        ('exact, the median of the same queries, ms', 'ann_exact_ms', 1),
        ('approximate, recall@5 of clips', 'ann_recall_at_5', 3),
        ('approximate, building it, s', 'ann_build_s', 0),
        ('storing 10,000 more clips, clips/s', 'insert_clips_per_s', 0),
        ('storing 10,000 clips in an empty index, clips/s', 'insert_clips_per_s_empty', 0),
        ('opening again, s', 'reopen_s', 2),
        ('memory of the process after that, MB', 'rss_mb', 0),
        ('file, bytes a chunk', 'file_bytes_per_chunk', 0),
    ):
        rows.append([label, *(f'{figures[str(size)][key]:.{digits}f}' for size in SIZES)])
    for label, slow, fast in (
        ('faiss flat / exact', 'faiss_flat_ms', 'knn_ms'),
        ('exact / approximate', 'ann_exact_ms', 'ann_ms'),
        ('storing: empty / here, clips/s', 'insert_clips_per_s_empty', 'insert_clips_per_s'),
    ):
        ratios = (figures[str(size)][slow] / figures[str(size)][fast] for size in SIZES)
        rows.append([label, *(f'{ratio:.2f}' for ratio in ratios)])
    report.table('Index', ['', *(f'{size:,} chunks' for size in SIZES)], rows)


def measure(size: int, folder: Path) -> dict[str, float]:
    """The figures of an index of `size` chunks."""
    path = folder / 'index.sqlite'
    indexer = filled(path, size)
    figures = _searches(indexer)
    empty = _opened(folder / 'empty.sqlite')
    figures['insert_clips_per_s'], figures['insert_clips_per_s_empty'] = _insert_rates(
        [indexer, empty]
    )
    empty.close()
    _, chunks = indexer.store.counts()
    indexer.close()
    figures['file_bytes_per_chunk'] = path.stat().st_size / chunks
    answer = subprocess.run(
        [sys.executable, '-c', REOPEN, str(path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    figures['reopen_s'], figures['rss_mb'] = map(float, answer.split())
    return figures | _approximate(path)


def _searches(indexer: SimpleIndexer) -> dict[str, float]:
    query = clips(1, QUERY_SEED)[0]
    blocks = indexer.store.snapshot.blocks
    vectors = np.concatenate([block.vectors[: block.count] for block in blocks]).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    wanted = query.astype(np.float32)
    wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
    flat = faiss.IndexFlatIP(vectors.shape[1])
    flat.add(vectors)

    def by_numpy() -> None:
        products = wanted @ vectors.T
        nearest = np.argpartition(products, -LIMIT, axis=1)[:, -LIMIT:]
        np.take_along_axis(products, nearest, axis=1).argsort(axis=1)

    documents = iter([_query(query) for _ in range(2 * TURNS)])
    return _turns(
        {
            'knn_ms': lambda: indexer.store.scanner.search(blocks, query, LIMIT),
            'search_ms': lambda: indexer.search(next(documents), parameters={'limit': LIMIT}),
            'faiss_flat_ms': lambda: flat.search(wanted, LIMIT),
            'numpy_ms': by_numpy,
        }
    )


def _turns(ways: dict[str, Callable[[], object]]) -> dict[str, float]:
    """The median time of each way in ms, right after another of it, and a pause before: the threads
    of other ways go on waiting in busy loops, and leave the caches full of what they read."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(TURNS):
        for name, way in ways.items():
            time.sleep(PAUSE_S)
            way()
            started = time.perf_counter()
            way()
            times[name].append((time.perf_counter() - started) * 1000)
    return {name: statistics.median(all_) for name, all_ in times.items()}


def _insert_rates(indexers: list[SimpleIndexer]) -> list[float]:
    """Clips that /index of each stores in a second, in requests of 16 that they get in turns: how
    fast a disk is changes within minutes."""
    passed = [0.0] * len(indexers)
    for first in range(0, MORE_CLIPS, REQUEST_CLIPS):
        count = min(REQUEST_CLIPS, MORE_CLIPS - first)
        stored = list(_stored(10**7 + first, count))
        for i, indexer in enumerate(indexers):
            documents = DocList[AudioClip](_document(clip) for clip in stored)
            started = time.perf_counter()
            indexer.index(documents, parameters={})
            passed[i] += time.perf_counter() - started
            if any(document.error for document in documents):
                raise RuntimeError(documents[0].error)
    return [MORE_CLIPS / seconds for seconds in passed]


def _approximate(path: Path) -> dict[str, float]:
    """Medians over different queries, each searched in both ways: the same query again would find
    its part of the graph in a cache."""
    started = time.perf_counter()
    indexer = _opened(path, {'ann': True})
    indexer.store.wait_for_ann()
    build_s = time.perf_counter() - started
    blocks = indexer.store.snapshot.blocks
    ways: list[Callable[[np.ndarray], list[Nearest]]] = [
        lambda query: indexer.store.scanner.search(blocks, query, LIMIT),
        lambda query: indexer.store.nearest(query, LIMIT),
    ]
    times: list[list[float]] = [[], []]
    hits = 0
    for query in clips(RECALL_CLIPS, QUERY_SEED + 1):
        found = []
        for way, passed in zip(ways, times, strict=True):
            started = time.perf_counter()
            found.append(way(query))
            passed.append((time.perf_counter() - started) * 1000)
        for exact, approximate in zip(*found, strict=True):
            hits += len(set(exact.clips.tolist()) & set(approximate.clips.tolist()))
    indexer.close()
    exact_ms, ann_ms = map(statistics.median, times)
    return {
        'ann_ms': ann_ms,
        'ann_exact_ms': exact_ms,
        'ann_recall_at_5': hits / (LIMIT * CHUNKS_A_CLIP * RECALL_CLIPS),
        'ann_build_s': build_s,
    }


def filled(path: Path, size: int) -> SimpleIndexer:
    """An index of `size` chunks, open."""
    indexer = _opened(path)
    for first in range(0, size // CHUNKS_A_CLIP, FILL_CLIPS):
        with indexer.store.transaction() as transaction:
            for clip in _stored(first, min(FILL_CLIPS, size // CHUNKS_A_CLIP - first)):
                transaction.put(clip)
    return indexer


def clip_id(number: int) -> str:
    """The id of a clip in a filled index, which are numbered from 0 on."""
    return hashlib.sha256(_uri(number).encode()).hexdigest()[:32]


def _uri(number: int) -> str:
    return f'recordings/2024/{number:09d}.wav'


def _opened(path: Path, match_args: dict[str, Any] | None = None) -> SimpleIndexer:
    return SimpleIndexer(
        path=str(path), model_path=str(ROOT / 'models'), weights='compact', match_args=match_args
    )


def _stored(first: int, count: int) -> Iterator[Clip]:
    """Clips as the index keeps them; their embeddings follow from the number of the first."""
    for number, embeddings in enumerate(clips(count, seed=first + 1), start=first):
        begins = 2 * np.arange(CHUNKS_A_CLIP)
        times = [begins / 2, begins * 16000, (begins + 4) * 16000, begins * 1000, begins * 1000]
        uri = _uri(number)
        yield Clip(
            id=clip_id(number),
            uri=uri,
            tags={'label': f'kind {number % 500}', 'recorder': number % 40, 'year': 2024},
            locations=np.stack(times, axis=1).astype(np.int64),
            embeddings=embeddings,
            sample_rate=16000,
            source={'path': f'/{uri}', 'size': 320044},
            words=(),  # known, so that no start has to find them
        )


def _document(clip: Clip) -> AudioClip:
    """A clip as the encoder hands it on."""
    return AudioClip(
        id=ID(clip.id),
        uri=clip.uri,
        tags=Tags(clip.tags),
        source=Tags(clip.source or {}),
        chunks=DocList[AudioChunk](
            AudioChunk(
                parent_id=ID(clip.id),
                uri=clip.uri,
                offset=row,
                location=list(location[1:3]),
                beg_in_ms=location[3],
                end_in_ms=location[4],
                tags=Tags(sample_rate=16000),
                embedding=Embedding.from_int8(clip.embeddings[row]),
            )
            for row, location in enumerate(clip.locations.tolist())
        ),
    )


def _query(embeddings: np.ndarray) -> DocList[AudioClip]:
    return DocList[AudioClip](
        [
            AudioClip(
                uri='query.wav',
                chunks=DocList[AudioChunk](
                    AudioChunk(
                        offset=row,
                        tags=Tags(beg_in_ms=2000 * row, end_in_ms=2000 * row + 4000),
                        embedding=Embedding.from_int8(values),
                    )
                    for row, values in enumerate(embeddings)
                ),
            )
        ]
    )
