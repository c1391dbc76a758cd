import asyncio
from pathlib import Path

import numpy as np
import pytest

from audio_search.documents import AudioChunk, Embedding
from audio_search.errors import Kind, RequestError
from audio_search.page.asked import Asked, Example
from audio_search.page.queries import Windows, search
from audio_search.paths import audio_path
from audio_search.service.service import AudioService
from audio_search.service.uploads import Uploads
from audio_search.settings import Settings
from tests.conftest import write_tone


def windows(*vectors: list[int]) -> Windows:
    return Windows.of(
        [
            AudioChunk(
                beg_in_ms=2000 * number,
                end_in_ms=2000 * number + 4000,
                embedding=Embedding.from_int8(np.array(vector, np.int8)),
            )
            for number, vector in enumerate(vectors)
        ]
    )


def test_distances_are_cosine_distances() -> None:
    query = windows([3, 4], [0, 0])
    clip = windows([6, 8], [-4, 3], [-3, -4])
    assert query.spans == [(0.0, 4000.0), (2000.0, 6000.0)]
    assert query.distances(clip) == pytest.approx(np.array([[0, 1, 2], [1, 1, 1]]), abs=1e-6)


def test_windows_that_came_without_times_or_vectors() -> None:
    found = Windows.of([AudioChunk()])
    assert found.spans == [(0.0, 0.0)]
    assert found.embeddings.shape[0] == 0


def test_any_id_is_a_path() -> None:
    assert audio_path('a/b?c#d "e"') == '/audio/a%2Fb%3Fc%23d%20%22e%22'


class Nobody:
    """Is told what the service did, and does not care."""

    def clips_failed(self, count: int) -> None: ...


def test_a_search_that_finds_no_place_is_told_and_leaves_no_copy(tmp_path: Path) -> None:
    environ = {
        'AUDIO_SEARCH_WORKSPACE': str(tmp_path),
        'AUDIO_SEARCH_CONCURRENCY': '1',
        'AUDIO_SEARCH_QUEUE_WAIT_S': '0.01',
    }
    settings = Settings.from_env(environ)
    uploads = Uploads(settings.media)
    uploads.open()
    # No executor is reached, so there is no pipeline.
    service = AudioService(None, settings, uploads, Nobody())  # type: ignore[arg-type]
    tone = Example('own', str(write_tone(tmp_path / 'tone.wav', 1)))

    async def search_while_busy() -> None:
        # In a task of its own: a place counts for the whole context that took it.
        asked = asyncio.create_task(search(service, Asked(like=(tone,), exclude_self=False)))
        async with service.admission.place():
            with pytest.raises(RequestError) as refused:
                await asked
        assert refused.value.kind == Kind.BUSY

    asyncio.run(search_while_busy())
    assert not list((settings.media / '.incoming').iterdir())
