"""A pipeline of the real indexer and ranker, in this process, without what hears sounds."""

from pathlib import Path

from docarray import DocList

from audio_search.documents import AudioClip
from audio_search.roots import Roots
from executors.indexer import SimpleIndexer
from executors.ranker import MyRanker
from tests.service.fake_pipeline import Answer, FakePipeline, Parameters


class IndexerPipeline(FakePipeline):
    """Clips are put into `indexer.store` by the test."""

    def __init__(self, roots: Roots, folder: Path) -> None:
        super().__init__(roots)
        weights = folder / 'weights.npz'
        weights.write_bytes(b'any')
        self.indexer = SimpleIndexer(path=str(folder / 'index.sqlite'), weights=str(weights))
        self.ranker = MyRanker()

    async def _post(
        self, endpoint: str, docs: DocList[AudioClip], parameters: Parameters, only: str | None
    ) -> Answer:
        await self.check()
        answer = getattr(self.indexer, endpoint[1:])(docs, parameters=parameters)
        if not isinstance(answer, DocList):
            return docs, answer
        if endpoint == '/search':
            answer = self.ranker.rank(answer, parameters=parameters)
        return answer, {}
