"""Searches inside stored recordings, on documents as they travel."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from docarray import DocList

from audio_search.documents import AudioChunk, AudioClip, Embedding, Rows
from audio_search.errors import Kind
from executors.indexer import SimpleIndexer
from tests.events.scenes import STRIDE_S, WINDOW_S, Scene, Sound, direction

BARK = [direction(1), direction(2)]
BEGINS_S = (50.0, 150.7)


def opened(folder: Path, **arguments: Any) -> SimpleIndexer:
    weights = folder / 'own.npz'
    weights.write_bytes(b'any')
    return SimpleIndexer(path=str(folder / 'index.sqlite'), weights=str(weights), **arguments)


@pytest.fixture
def indexer(tmp_path: Path) -> Iterator[SimpleIndexer]:
    indexer = opened(tmp_path)
    stored = [
        clip_of(Scene(300, [Sound(s, BARK) for s in BEGINS_S]), 'yard', place='yard'),
        clip_of(Scene(300, [Sound(100.0, BARK)], seed=1), 'road', place='road'),
        clip_of(Scene(300, seed=2), 'sea', place='sea'),
    ]
    indexer.index(DocList[AudioClip](stored))
    yield indexer
    indexer.close()


def document(vectors: np.ndarray, begins_s: np.ndarray, ends_s: np.ndarray) -> AudioClip:
    return AudioClip(
        chunks=DocList[AudioChunk](
            AudioChunk(
                offset=row,
                beg_in_ms=round(1000 * begins_s[row]),
                end_in_ms=round(1000 * ends_s[row]),
                embedding=Embedding.from_int8(vector),
            )
            for row, vector in enumerate(vectors)
        )
    )


def clip_of(scene: Scene, name: str, pooling: str = 'concat', **tags: str) -> AudioClip:
    starts = scene.starts()
    clip = document(scene.embeddings(starts, pooling), starts, starts + WINDOW_S)
    clip.id, clip.uri, clip.tags = name, f'{name}.wav', tags
    return clip


def bark(pooling: str = 'concat') -> AudioClip:
    repeated = Scene(WINDOW_S, [Sound(0.0, BARK * 2)], is_silent=True)
    return document(repeated.embeddings(np.zeros(1), pooling), np.zeros(1), np.array([1.92]))


def ask(indexer: SimpleIndexer, query: AudioClip | None = None, **parameters: Any) -> AudioClip:
    (answer,) = indexer.search(DocList[AudioClip]([query or bark()]), parameters)
    return answer


def places(answer: AudioClip) -> list[tuple[str, float]]:
    assert answer.events is not None
    return sorted((event['id'], event['beg_s']) for event in answer.events)


def near(*expected: tuple[str, float]) -> list[tuple[str, Any]]:
    return [(name, pytest.approx(begin_s, abs=0.5)) for name, begin_s in expected]


YARD = near(('yard', BEGINS_S[0]), ('yard', BEGINS_S[1]))


@pytest.mark.parametrize(
    'named',
    [{'within': 'yard'}, {'within': 'yard.wav'}, {'within': '/x', 'within_uri': 'yard.wav'}],
)
def test_a_recording_is_named_by_id_or_uri(indexer: SimpleIndexer, named: dict[str, str]) -> None:
    answer = ask(indexer, **named)
    assert places(answer) == YARD
    assert answer.compared == 'example'
    assert all(chunk.embedding is None for chunk in answer.chunks)


def test_several_recordings_are_searched_as_one(indexer: SimpleIndexer) -> None:
    answer = ask(indexer, within={'place': {'$in': ['yard', 'road']}})
    assert places(answer) == near(('road', 100), *(('yard', s) for s in BEGINS_S))
    assert answer.events
    distances = [event['distance'] for event in answer.events]
    assert distances == sorted(distances)
    assert places(ask(indexer, within={}, limit=2)) == sorted(
        (event['id'], event['beg_s']) for event in answer.events[:2]
    )


def test_the_cut_is_the_one_that_was_asked_for(indexer: SimpleIndexer) -> None:
    answer = ask(indexer, within='yard', max_distance=0.001)
    assert (answer.events, answer.max_distance) == ([], 0.001)
    few = ask(indexer, within='yard', false_alarms_per_hour=0.1)
    many = ask(indexer, within='yard', false_alarms_per_hour=10)
    assert few.max_distance
    assert many.max_distance
    assert few.max_distance < many.max_distance


def test_words_are_cut_by_how_far_words_are_from_sounds(indexer: SimpleIndexer) -> None:
    def cut(words: str | None) -> float:
        query = bark()
        query.words = words
        query.chunks[0].beg_in_ms = query.chunks[0].end_in_ms = None
        answer = ask(indexer, query, within='yard')
        assert answer.error is None
        return answer.max_distance or 0.0

    assert cut('bark') > cut(None) + 0.1


def test_what_is_fitted_to_examples_is_found_and_cut_by_how_far_that_is(
    indexer: SimpleIndexer,
) -> None:
    rows = [
        {'is_wanted': True, 'id': 'yard#t=50,51', 'uri': None},
        {'is_wanted': True, 'id': 'road#t=100,101', 'uri': None},
        {'is_wanted': False, 'id': 'sea#t=20,60', 'uri': None},
    ]
    answer = ask(indexer, AudioClip(examples=Rows(rows)), within='yard')
    assert answer.error is None
    assert places(answer) == YARD
    assert (answer.max_distance or 0) > (ask(indexer, within='yard').max_distance or 0)


def test_nothing_is_found_where_nothing_is(indexer: SimpleIndexer) -> None:
    answer = ask(indexer, within='sea')
    assert (answer.events, answer.error, answer.note) == ([], None, None)


def test_a_recording_that_sounds_like_the_query_says_so(indexer: SimpleIndexer) -> None:
    background = Scene(WINDOW_S, seed=9).embeddings(np.zeros(1))
    answer = ask(indexer, document(background, np.zeros(1), np.array([4.0])), within='sea')
    assert answer.note
    assert answer.note.startswith('half of the recording or more sounds like the query')


@pytest.mark.parametrize('within', ['nowhere', 'nowhere.wav', {'place': 'moon'}])
def test_recordings_that_are_not_stored(indexer: SimpleIndexer, within: Any) -> None:
    answer = ask(indexer, within=within)
    assert answer.error_kind == Kind.MISSING
    assert answer.error
    assert 'nothing can be found' in answer.error


def test_a_query_that_cannot_be_looked_for(indexer: SimpleIndexer) -> None:
    silence = document(np.zeros((1, 512), np.int8), np.zeros(1), np.array([4.0]))
    answer = ask(indexer, silence, within='yard')
    assert answer.error_kind == Kind.UNUSABLE
    assert answer.error
    assert 'nothing can be heard' in answer.error
    placeless = clip_of(Scene(10.0), 'query')
    for chunk in placeless.chunks:
        chunk.beg_in_ms = None
    answer = ask(indexer, placeless, within='yard')
    assert answer.error
    assert 'came without their times' in answer.error


def test_windows_without_a_place_are_no_events(indexer: SimpleIndexer) -> None:
    lost = clip_of(Scene(300, [Sound(s, BARK) for s in BEGINS_S]), 'lost')
    for chunk in lost.chunks[: round(100 / STRIDE_S)]:
        chunk.beg_in_ms = chunk.end_in_ms = None
    indexer.index(DocList[AudioClip]([lost]))
    assert places(ask(indexer, within='lost')) == near(('lost', BEGINS_S[1]))


def test_a_recording_without_any_place_says_so(indexer: SimpleIndexer) -> None:
    placeless = clip_of(Scene(300, [Sound(100.0, BARK)]), 'placeless')
    for chunk in placeless.chunks:
        chunk.beg_in_ms = chunk.end_in_ms = None
    indexer.index(DocList[AudioClip]([placeless]))
    answer = ask(indexer, within='placeless')
    assert answer.error
    assert 'has no window whose times are known' in answer.error
    assert places(ask(indexer, within={})) == near(('road', 100), *(('yard', s) for s in BEGINS_S))


def test_means_are_compared_as_whole_windows(tmp_path: Path) -> None:
    indexer = opened(tmp_path, pooling='mean')
    song = [direction(n) for n in range(20, 24)]
    scene = Scene(300, [Sound(100.0, song)])
    indexer.index(DocList[AudioClip]([clip_of(scene, 'yard', 'mean')]))
    query = Scene(WINDOW_S, [Sound(0.0, song)], is_silent=True).embeddings(np.zeros(1), 'mean')
    answer = ask(indexer, document(query, np.zeros(1), np.array([3.84])), within='yard')
    assert answer.compared == 'window'
    assert answer.events
    assert answer.events[0]['beg_s'] < 102 < answer.events[0]['end_s']
    indexer.close()


def test_a_search_of_clips_may_go_by_examples(indexer: SimpleIndexer) -> None:
    def nearest(**parameters: Any) -> tuple[AudioClip, dict[str, float]]:
        answer = ask(indexer, limit=3, **parameters)
        (chunk,) = answer.chunks
        return answer, {str(match.parent_id): match.scores['cosine'] for match in chunk.matches}

    by_window, windows = nearest(match='window')
    by_example, examples = nearest(match='example')
    assert nearest()[1] == windows
    assert (by_window.compared, by_example.compared) == ('window', 'example')
    assert nearest()[0].compared is None
    assert max(examples['yard'], examples['road']) < 0.2 < 0.8 < examples['sea']
    assert min(windows['yard'], windows['road']) > 0.2
    assert ask(indexer, match='sound').error == "match is 'sound'; set it to window or example"
