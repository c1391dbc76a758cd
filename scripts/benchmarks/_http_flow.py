"""Flows like flow.yml that tell where the time of a request goes.

python -m scripts.benchmarks._http_flow stand_in|floor
"""

import sys
import time
import zlib
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from docarray import DocList
from jina import Executor, Flow, requests

from audio_search.documents import AudioClip, Embedding, Tags
from audio_search.flow.children import end_with_parent
from audio_search.flow.supervisor import StopRequested, Supervisor
from executors.indexer import SimpleIndexer
from executors.ranker import MyRanker
from executors.segmenter import AudioSegmenter

ROOT = Path(__file__).resolve().parents[2]
OWN_MS = 'own_ms'  # a tag of the answered query: each executor's own time

FLOWS = {
    'stand_in': {
        'segmenter': 'TimedSegmenter',
        'encoder': 'StandInEncoder',
        'indexer': 'TimedIndexer',
        'ranker': 'TimedRanker',
    },
    'floor': dict.fromkeys(('segmenter', 'encoder', 'indexer', 'ranker'), 'PassOn'),
}

Documents = DocList[AudioClip]


def timed(
    executor: str,
    work: Callable[..., Documents],
    docs: Documents,
    parameters: dict[str, Any] | None,
) -> Documents:
    """Do the work, and write into the tags of every clip how many ms it took."""
    begun = time.perf_counter()
    docs = work(docs=docs, parameters=parameters)
    spent_ms = 1e3 * (time.perf_counter() - begun)
    for clip in docs:
        own_ms = {**(clip.tags or {}).get(OWN_MS, {}), executor: spent_ms}
        clip.tags = Tags({**(clip.tags or {}), OWN_MS: own_ms})
    return docs


class TimedSegmenter(AudioSegmenter):
    @requests(on='/search')
    def search(self, docs: DocList[AudioClip], **kwargs: Any) -> DocList[AudioClip]:
        return timed('segmenter', self.segment, docs, kwargs.get('parameters'))


class TimedIndexer(SimpleIndexer):
    @requests(on='/search')
    def timed_search(self, docs: DocList[AudioClip], **kwargs: Any) -> DocList[AudioClip]:
        return timed('indexer', self.search, docs, kwargs.get('parameters'))


class TimedRanker(MyRanker):
    @requests(on='/search')
    def search(self, docs: DocList[AudioClip], **kwargs: Any) -> DocList[AudioClip]:
        return timed('ranker', self.rank, docs, kwargs.get('parameters'))


class StandInEncoder(Executor):
    """Drops the waveform and gives every chunk a vector that was there before: no network runs."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        end_with_parent()
        self.stored = np.random.default_rng(0).integers(-128, 128, (1009, 512), np.int8)

    @requests(on=['/index'])
    def encode(self, docs: DocList[AudioClip], **kwargs: Any) -> DocList[AudioClip]:
        for clip in docs:
            first = zlib.crc32(str(clip.uri).encode())
            for chunk in clip.chunks:
                row = (first + chunk.offset) % len(self.stored)
                chunk.embedding = Embedding.from_int8(self.stored[row])
            clip.tensor = None
        return docs

    @requests(on='/search')
    def search(self, docs: DocList[AudioClip], **kwargs: Any) -> DocList[AudioClip]:
        return timed('encoder', self.encode, docs, kwargs.get('parameters'))

    @requests
    def pass_on(self, docs: DocList[AudioClip], **kwargs: Any) -> DocList[AudioClip]:
        return docs


class PassOn(Executor):
    """Does nothing."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        end_with_parent()

    @requests
    def pass_on(self, docs: DocList[AudioClip], **kwargs: Any) -> DocList[AudioClip]:
        return docs


def load(name: str) -> Flow:
    """flow.yml with the executors of FLOWS[name] in the place of its own."""
    config = yaml.safe_load((ROOT / 'flow.yml').read_text())
    for executor in config['executors']:
        executor['uses'] = FLOWS[name][executor['name']]
        executor['py_modules'] = __spec__.name
    return Flow.load_config(
        StringIO(yaml.safe_dump(config, sort_keys=False)), extra_search_paths=[str(ROOT)]
    )


if __name__ == '__main__':
    try:
        with Supervisor(load(sys.argv[1])) as service:
            service.watch()
    except StopRequested:
        pass
