import numpy as np
import pytest

from audio_search.documents import AudioChunk, Embedding
from audio_search.page.queries import Sound, Windows, audio_path


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


@pytest.mark.parametrize('sound', [Sound(id='a:b'), Sound(uri='toy-data/a.mp3'), Sound(uri='x:y')])
def test_a_sound_survives_a_form(sound: Sound) -> None:
    assert Sound.from_key(sound.key) == sound


def test_any_id_is_a_path() -> None:
    assert audio_path('a/b?c#d "e"') == '/audio/a%2Fb%3Fc%23d%20%22e%22'
