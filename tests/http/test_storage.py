"""An index that cannot be read or written, from a real file to the answer."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from docarray import DocList

from audio_search.documents import AudioChunk, AudioClip, Embedding
from audio_search.http.app import create_app
from audio_search.http.metrics import Metrics
from audio_search.service.pipeline import Pipeline
from audio_search.service.service import AudioService
from audio_search.service.uploads import Uploads
from audio_search.settings import Settings
from executors.indexer import SimpleIndexer
from tests.http.asgi import call
from tests.store.sqlite.files import file_size_limit

Ask = Callable[[Any], httpx.Response]


class IndexerAlone(Pipeline):
    """Asks a real indexer in this process; nothing is segmented or encoded."""

    def __init__(self, indexer: SimpleIndexer) -> None:
        super().__init__(None, {}, lambda executor, seconds: None)
        self.indexer = indexer

    async def _post(
        self, endpoint: str, docs: DocList[AudioClip], parameters: dict[str, Any], only: str | None
    ) -> tuple[DocList[AudioClip], dict[str, Any]]:
        answer = getattr(self.indexer, endpoint[1:])(docs=docs, parameters=parameters)
        return (docs, answer) if isinstance(answer, dict) else (answer, {})


@pytest.fixture
def indexer(tmp_path: Path) -> Iterator[SimpleIndexer]:
    weights = tmp_path / 'own.npz'
    weights.write_bytes(b'any')
    indexer = SimpleIndexer(path=str(tmp_path / 'index.sqlite'), weights=str(weights))
    docs = DocList[AudioClip](clip(str(n)) for n in range(50))
    assert all(doc.error is None for doc in indexer.index(docs))
    yield indexer
    indexer.close()


def clip(id_: str) -> AudioClip:
    rng = np.random.default_rng(int(id_))
    vectors = rng.integers(-128, 128, (20, 512)).astype(np.int8)
    return AudioClip(
        id=id_,
        uri=f'{id_}.wav',
        tags={'note': id_ * 1000},
        chunks=DocList[AudioChunk](
            AudioChunk(offset=n, embedding=Embedding.from_int8(vector))
            for n, vector in enumerate(vectors)
        ),
    )


@pytest.fixture
def send(indexer: SimpleIndexer, tmp_path: Path) -> Callable[..., httpx.Response]:
    settings = Settings.from_env({'AUDIO_SEARCH_WORKSPACE': str(tmp_path / 'workspace')})
    uploads = Uploads(settings.media)
    uploads.open()
    metrics = Metrics()
    service = AudioService(IndexerAlone(indexer), settings, uploads, metrics)
    app = create_app(service, settings, metrics)
    return lambda method, path, **request: call(app, method, path, **request)


def delete(send: Any) -> Any:
    return send('POST', '/delete', json={'parameters': {'ids': ['3']}})


def update(send: Any) -> Any:
    return send('POST', '/update', json={'data': [{'id': '3', 'tags': {'a': 'b' * 10**6}}]})


def search(send: Any) -> Any:
    return send('POST', '/search', json={'data': [{'id': '3'}]})


def clear(send: Any) -> Any:
    return send('POST', '/clear')


def view(path: str) -> Ask:
    return lambda send: send('GET', path)


@pytest.mark.parametrize('ask', [delete, update, clear])
def test_a_full_disk_is_a_503_that_says_to_make_room(send: Any, ask: Ask) -> None:
    with file_size_limit(1000):
        response = ask(send)
    assert response.status_code == 503, response.text
    assert 'make room' in response.json()['detail']
    assert ask(send).status_code == 200


@pytest.mark.parametrize(
    'ask',
    [update, search, view('/clips'), view('/clips?missing=true'), view('/status'),
     view('/audio/3')],
    ids=['update', 'search', 'clips', 'missing', 'status', 'audio'],
)  # fmt: skip
def test_a_damaged_index_is_a_503_with_the_reason(
    send: Any, indexer: SimpleIndexer, ask: Ask
) -> None:
    path = indexer.store.path
    for suffix in ('', '-wal'):
        os.truncate(f'{path}{suffix}', 0)
    response = ask(send)
    assert response.status_code == 503, response.text
    assert str(path) in response.json()['detail']
