"""A pipeline whose indexer has a real store, as far as the map asks it."""

import json

from docarray import DocList

from audio_search.documents import AudioClip
from audio_search.roots import Roots
from audio_search.store.sqlite import SqliteStore
from executors.clip_map import map_page, map_vectors
from tests.service.fake_pipeline import Answer, FakePipeline, Parameters
from tests.store.clips import DIMENSIONS


class MapPipeline(FakePipeline):
    """`read` are the ids of the clips whose vectors were read."""

    def __init__(self, roots: Roots, store: SqliteStore) -> None:
        super().__init__(roots)
        self.store = store
        self.dimensions = DIMENSIONS
        self.read: list[str] = []

    def _clips(self, docs: DocList[AudioClip], parameters: Parameters) -> Answer:
        if ids := parameters.get('vectors'):
            self.read += json.loads(ids)
            return docs, map_vectors(self.store, json.loads(ids))
        offset = int(parameters.get('offset') or 0)
        return docs, map_page(self.store, offset, int(parameters['limit']))
