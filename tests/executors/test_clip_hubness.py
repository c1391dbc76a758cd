"""Searches that damp hubs, on documents as they travel."""

from collections.abc import Iterator

import numpy as np
import pytest
from docarray import DocList

from audio_search.documents import AudioChunk, AudioClip, Embedding, Rows
from executors.indexer import SimpleIndexer
from executors.ranker import MyRanker

CLIPS = 30
NEIGHBOURS = 10


def vectors(number: int) -> np.ndarray:
    """int8 [3, 512]. Clip 0 is a hub: all others have much of it, and a little of their mate, 1 of
    2, 3 of 4, and so on."""
    rng = np.random.default_rng([7, number])
    hub = np.random.default_rng(7).standard_normal(512)
    shared = np.random.default_rng([8, (number + 1) // 2]).standard_normal(512)
    rows = 1.2 * hub + 0.1 * rng.standard_normal((3, 512))
    if number:
        rows += 0.5 * shared + 0.7 * rng.standard_normal(512)
    return np.rint(20 * rows).clip(-128, 127).astype(np.int8)


@pytest.fixture(scope='module')
def indexer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleIndexer]:
    folder = tmp_path_factory.mktemp('hubness')
    (folder / 'own.npz').write_bytes(b'any')
    indexer = SimpleIndexer(path=str(folder / 'index.sqlite'), weights=str(folder / 'own.npz'))
    clips = [
        AudioClip(
            id=f'{number}',
            uri=f'{number}.wav',
            tags={'odd': number % 2},
            chunks=DocList[AudioChunk](
                AudioChunk(offset=row, embedding=Embedding.from_int8(one))
                for row, one in enumerate(vectors(number))
            ),
        )
        for number in range(CLIPS)
    ]
    assert not any(doc.error for doc in indexer.index(DocList[AudioClip](clips)))
    yield indexer
    indexer.close()


def search(indexer: SimpleIndexer, query: AudioClip, **parameters: object) -> AudioClip:
    found = indexer.search(DocList[AudioClip]([query]), parameters)
    ranked = MyRanker().rank(found, parameters)[0]
    assert ranked.error is None
    return ranked


def units(number: int) -> np.ndarray:
    rows = vectors(number).astype(float)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def nearness(vector: np.ndarray, own: int) -> float:
    """The mean cosine to the nearest window of each of the nearest other clips."""
    best = [(units(n) @ vector).max() for n in range(CLIPS) if n != own]
    return float(np.mean(sorted(best)[-NEIGHBOURS:]))


def scores(query: int) -> dict[str, float]:
    """Of every other clip, by the definition, for its nearest pair of windows."""
    found = {}
    for other in range(CLIPS):
        if other == query:
            continue
        cosines = units(query) @ units(other).T
        first, second = np.unravel_index(cosines.argmax(), cosines.shape)
        found[f'{other}'] = (
            2 * cosines.max()
            - nearness(units(query)[first], query)
            - nearness(units(other)[second], other)
        )
    return found


def test_matches_are_ranked_by_the_formula_with_every_clip_by_its_nearest_pair(
    indexer: SimpleIndexer,
) -> None:
    options = {'limit': CLIPS, 'exclude_self': True}
    wanted = scores(4)
    damped = search(indexer, AudioClip(id='4'), hubness='csls', **options)
    assert [str(m.id) for m in damped.matches] == sorted(wanted, key=lambda id_: -wanted[id_])
    plain = search(indexer, AudioClip(id='4'), **options)
    cosines = {str(match.id): match.scores['cosine'] for match in plain.matches}
    for match in damped.matches:
        assert match.scores['csls'] == pytest.approx(wanted[str(match.id)])
        assert match.scores['cosine'] == cosines[str(match.id)]


def test_what_is_near_to_everything_comes_after_what_belongs_together(
    indexer: SimpleIndexer,
) -> None:
    def mates_first(**options: str) -> float:
        """For how many of the others their mate is the first answer."""
        found = []
        for number in range(1, CLIPS - 1):
            mate = number + 1 if number % 2 else number - 1
            answer = search(indexer, AudioClip(id=f'{number}'), exclude_self=True, **options)
            found.append(str(answer.matches[0].id) == f'{mate}')
        return float(np.mean(found))

    assert mates_first() == mates_first(hubness='none') < 0.3
    assert mates_first(hubness='csls') > 0.9


def test_a_filter_and_the_query_itself_leave_clips_out(indexer: SimpleIndexer) -> None:
    options = {'hubness': 'csls', 'limit': CLIPS, 'filter': {'odd': 1}}
    found = search(indexer, AudioClip(id='5'), **options)
    assert sorted(int(str(match.id)) for match in found.matches) == list(range(1, CLIPS, 2))
    rows = Rows({'is_wanted': True, 'id': id_, 'uri': None} for id_ in ('5', '7'))
    fitted = search(indexer, AudioClip(examples=rows), exclude_self=True, **options)
    assert sorted(int(str(match.id)) for match in fitted.matches) == [
        n for n in range(1, CLIPS, 2) if n not in (5, 7)
    ]


def test_it_follows_what_is_stored(indexer: SimpleIndexer) -> None:
    def score() -> float:
        answer = search(indexer, AudioClip(id='4'), hubness='csls', limit=CLIPS)
        return next(m.scores['csls'] for m in answer.matches if str(m.id) == '9')

    before = score()
    twin = AudioClip(
        id='twin',
        uri='twin.wav',
        chunks=DocList[AudioChunk](
            AudioChunk(offset=row, embedding=Embedding.from_int8(one))
            for row, one in enumerate(vectors(9))
        ),
    )
    indexer.index(DocList[AudioClip]([twin]))
    assert score() < before - 0.01
    indexer.delete(DocList[AudioClip]([AudioClip(id='twin')]))
    assert score() == pytest.approx(before)
