"""Searches by several examples, on documents as they travel."""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from docarray import DocList

from audio_search.documents import AudioChunk, AudioClip, Embedding, Rows
from audio_search.errors import Kind
from audio_search.fitting import Example, fit
from executors.indexer import SimpleIndexer
from executors.ranker import MyRanker

KINDS = {'bell': 0, 'dog': 1, 'both': 2}


def vectors(name: str, count: int = 4) -> np.ndarray:
    """int8 [count, 512]: of one kind near to one another, by the letters before the digits."""
    rng = np.random.default_rng(list(name.encode()))
    kind = np.random.default_rng([KINDS[name.rstrip('0123456789')], 9]).standard_normal(512)
    return np.rint(20 * (kind + rng.standard_normal((count, 512)))).clip(-128, 127).astype(np.int8)


def windows(embeddings: np.ndarray) -> DocList[AudioChunk]:
    return DocList[AudioChunk](
        AudioChunk(
            offset=row,
            beg_in_ms=2000 * row,
            end_in_ms=2000 * row + 4000,
            embedding=Embedding.from_int8(embedding),
        )
        for row, embedding in enumerate(embeddings)
    )


@pytest.fixture(scope='module')
def indexer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleIndexer]:
    folder = tmp_path_factory.mktemp('examples')
    (folder / 'own.npz').write_bytes(b'any')
    indexer = SimpleIndexer(path=str(folder / 'index.sqlite'), weights=str(folder / 'own.npz'))
    indexer.index(
        DocList[AudioClip](
            AudioClip(
                id=f'{kind}{n}',
                uri=f'{kind}{n}.wav',
                tags={'kind': kind},
                chunks=windows(vectors(f'{kind}{n}')),
            )
            for kind in KINDS
            for n in range(6)
        )
    )
    yield indexer
    indexer.close()


def stored(id_: str, is_wanted: bool = True) -> dict[str, Any]:
    return {'is_wanted': is_wanted, 'id': id_, 'uri': None}


def asked(indexer: SimpleIndexer, *rows: dict[str, Any], **parameters: Any) -> AudioClip:
    """The query as the indexer and the ranker answer it."""
    query = AudioClip(examples=Rows(rows))
    found = indexer.search(DocList[AudioClip]([query]), parameters)
    return MyRanker().rank(found, parameters)[0]


def ids(query: AudioClip) -> list[str]:
    assert query.error is None, query.error
    return [str(match.id) for match in query.matches]


LIKE = (stored('bell0'), stored('bell1'))
UNLIKE = stored('dog0', is_wanted=False)


def test_all_clips_like_the_examples_come_before_the_others(indexer: SimpleIndexer) -> None:
    found = ids(asked(indexer, *LIKE, UNLIKE, limit=18))
    assert {id_[:4] for id_ in found[:6]} == {'bell'}
    assert len(found) == 18


def test_matches_are_the_nearest_by_the_cosine_with_what_was_fitted(indexer: SimpleIndexer) -> None:
    query = asked(indexer, *LIKE, UNLIKE, limit=18, include=['embedding'])
    (chunk,) = query.chunks
    assert chunk.embedding is not None
    wide = chunk.embedding.to_int8().astype(np.float64)
    examples = [Example(vectors('bell0')), Example(vectors('bell1'))]
    background = indexer.store.sample(1000).vectors
    wanted = fit([*examples, Example(vectors('dog0'), is_wanted=False)], background).vector
    np.testing.assert_array_equal(wide, wanted)
    for match in query.matches:
        rows = vectors(str(match.id)).astype(np.float64)
        cosines = rows @ wide / np.linalg.norm(rows, axis=1) / np.linalg.norm(wide)
        assert match.scores['cosine'] == pytest.approx(1 - cosines.max())
        assert match.beg_in_ms == 2000 * cosines.argmax()
        assert match.query_beg_in_ms is None
    found = [match.scores['cosine'] for match in query.matches]
    assert found == sorted(found)


def test_every_clip_of_the_examples_is_left_out_as_the_query_itself(indexer: SimpleIndexer) -> None:
    sent = {'is_wanted': False, 'id': 'dog3', 'uri': None, 'first': 0, 'end': 4}
    query = AudioClip(examples=Rows([*LIKE, UNLIKE, sent]), chunks=windows(vectors('dog3')))
    for options in ({}, {'distinct': False}, {'per_clip': 2}, {'group_by': 'kind', 'per_clip': 9}):
        parameters = {'exclude_self': True, 'limit': 18, **options}
        again = query.model_copy(deep=True)
        found = MyRanker().rank(indexer.search(DocList[AudioClip]([again]), parameters), parameters)
        seen = set(ids(found[0]))
        assert {'bell2', 'bell3', 'bell4', 'bell5'} <= seen
        assert not {'bell0', 'bell1', 'dog0', 'dog3'} & seen
    assert len(ids(asked(indexer, *LIKE, exclude_self=True, limit=3))) == 3


def test_a_filter_selects_among_what_is_searched(indexer: SimpleIndexer) -> None:
    found = ids(asked(indexer, *LIKE, filter={'kind': 'both'}, exclude_self=True))
    assert {id_.rstrip('0123456789') for id_ in found} == {'both'}


def test_queries_of_one_request_are_answered_each_by_its_own(indexer: SimpleIndexer) -> None:
    docs = DocList[AudioClip](
        [AudioClip(examples=Rows(LIKE)), AudioClip(id='dog1'), AudioClip(examples=Rows([UNLIKE]))]
    )
    first, second, third = MyRanker().rank(indexer.search(docs, {'exclude_self': True}), {})
    assert ids(first)[0].startswith('bell')
    assert ids(second)[0].startswith('dog')
    assert 'dog1' not in ids(second)
    assert third.error is not None


def test_a_part_of_a_clip_is_those_windows_that_overlap_with_it(indexer: SimpleIndexer) -> None:
    for name, rows in (
        ('bell0#t=0,2', [0]),
        ('bell0#t=2,4.5', [0, 1, 2]),
        ('bell0#t=9', [3]),
        ('bell0#t=0:04,0:06', [1, 2]),
    ):
        (query,) = indexer.search(
            DocList[AudioClip]([AudioClip(id=name)]), {'include': ['embedding']}
        )
        assert query.error is None
        assert [chunk.offset for chunk in query.chunks] == rows
        assert query.id == 'bell0'
    (query,) = indexer.search(DocList[AudioClip]([AudioClip(id='bell0#t=10,12')]), {})
    assert query.error is not None
    assert 'whose windows end at 10 s' in query.error


def test_an_id_that_looks_like_a_part_is_an_id_first(indexer: SimpleIndexer) -> None:
    named = AudioClip(id='bell0#t=0,2', uri='part.wav', chunks=windows(vectors('dog9')))
    indexer.index(DocList[AudioClip]([named]))
    (query,) = indexer.search(DocList[AudioClip]([AudioClip(id='bell0#t=0,2')]), {})
    assert str(query.chunks[0].matches[0].parent_id) == 'bell0#t=0,2'
    assert len(query.chunks) == 4
    indexer.delete(DocList[AudioClip]([AudioClip(id='bell0#t=0,2')]))


def test_scores_are_there_where_asked_for(indexer: SimpleIndexer) -> None:
    query = asked(indexer, *LIKE, UNLIKE, limit=18, include=['score'])
    scores = [match.score or 0 for match in query.matches]
    assert scores == sorted(scores, reverse=True)
    assert scores[5] > 0.5 > scores[12]
    assert all(match.score is None for match in asked(indexer, *LIKE, UNLIKE).matches)
    plain = indexer.search(DocList[AudioClip]([AudioClip(id='dog1')]), {'include': ['score']})
    assert all(match.score is None for match in MyRanker().rank(plain, {})[0].matches)


def test_examples_of_windows_are_fitted_by_themselves_where_these_are_compared(
    indexer: SimpleIndexer,
) -> None:
    query = asked(indexer, *LIKE, UNLIKE, match='example', include=['embedding'])
    (chunk,) = query.chunks
    assert chunk.embedding is not None
    vector = chunk.embedding.to_int8()
    np.testing.assert_array_equal(vector.reshape(4, 128), [vector[:128]] * 4)
    for match in query.matches:
        parts = vectors(str(match.id)).reshape(-1, 128).astype(np.float64)
        one = vector[:128].astype(np.float64)
        cosines = parts @ one / np.linalg.norm(parts, axis=1) / np.linalg.norm(one)
        assert match.scores['cosine'] == pytest.approx(1 - cosines.max())
    assert query.compared == 'example'


@pytest.mark.parametrize(
    ('rows', 'words', 'kind'),
    [
        ([UNLIKE], 'only counter-examples', Kind.UNUSABLE),
        ([*LIKE, stored('gone', is_wanted=False)], "no clip 'gone'", Kind.MISSING),
        ([stored('gone#t=2,4'), UNLIKE], "no clip 'gone'", Kind.MISSING),
        ([stored('bell0#t=4,2')], 'names no part', Kind.UNUSABLE),
        ([stored('bell0'), stored('bell0', is_wanted=False)], 'same sounds', Kind.UNUSABLE),
    ],
)
def test_what_cannot_be_used_is_the_error_of_the_query(
    indexer: SimpleIndexer, rows: list[dict[str, Any]], words: str, kind: Kind
) -> None:
    query = asked(indexer, *rows)
    assert words in (query.error or '')
    assert query.error_kind == kind


def test_doubtful_are_the_windows_where_the_score_is_one_half(indexer: SimpleIndexer) -> None:
    everything = asked(indexer, *LIKE, UNLIKE, limit=18, distinct=False, include=['score'])
    query = asked(indexer, *LIKE, UNLIKE, limit=18, order='doubtful', include=['score'])
    doubts = [abs((match.score or 0) - 0.5) for match in query.matches]
    assert doubts == sorted(doubts)
    assert len(set(ids(query))) == 18
    assert len({match.score for match in query.matches if (match.score or 0) > 0.5}) > 2
    assert doubts[0] <= min(abs((match.score or 0) - 0.5) for match in everything.matches)
    few = asked(indexer, *LIKE, UNLIKE, limit=3, order='doubtful', exclude_self=True)
    assert len(ids(few)) == 3
    assert not set(ids(few)) & {'bell0', 'bell1', 'dog0'}


def test_only_what_was_fitted_has_something_doubtful(indexer: SimpleIndexer) -> None:
    docs = DocList[AudioClip]([AudioClip(id='dog1'), AudioClip(examples=Rows([*LIKE, UNLIKE]))])
    plain, fitted = indexer.search(docs, {'order': 'doubtful'})
    assert 'is for a query of several examples' in (plain.error or '')
    assert fitted.error is None


def test_rarity_is_the_share_of_pairs_of_the_index_that_are_nearer(indexer: SimpleIndexer) -> None:
    parameters = {'include': ['rarity'], 'limit': 18}
    found = indexer.search(DocList[AudioClip]([AudioClip(id='dog1')]), parameters)
    (query,) = MyRanker().rank(found, parameters)
    rows = {id_: vectors(id_).astype(float) for id_ in ids(query)}
    units = {id_: one / np.linalg.norm(one, axis=1, keepdims=True) for id_, one in rows.items()}
    pairs = [
        1 - cosine
        for first in units
        for second in units
        if first < second
        for cosine in (units[first] @ units[second].T).ravel()
    ]
    for match in query.matches:
        share = np.mean(np.array(pairs) < match.scores['cosine'])
        assert match.rarity == pytest.approx(share, abs=0.001)
    assert query.matches[0].rarity == 0
    assert query.matches[-1].rarity > 0.2


def test_rarity_of_what_was_fitted_is_among_the_windows(indexer: SimpleIndexer) -> None:
    query = asked(indexer, *LIKE, UNLIKE, include=['rarity', 'embedding'], limit=18)
    rarities = [match.rarity or 0 for match in query.matches]
    assert rarities == sorted(rarities)
    assert rarities[0] == 0
    assert 0.2 < rarities[6] < 0.5  # the six bells have the nearest third of all windows
    assert all(match.rarity is None for match in asked(indexer, *LIKE).matches)


def test_the_histogram_follows_the_index(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp('rarity')
    (folder / 'own.npz').write_bytes(b'any')
    indexer = SimpleIndexer(path=str(folder / 'index.sqlite'), weights=str(folder / 'own.npz'))

    def pairs() -> int:
        answer = indexer.clips(DocList[AudioClip](), {'rarity': True})
        return int(json.loads(answer['rarity'])['pairs'])

    assert pairs() == 0
    for count, name in enumerate(('bell0', 'bell1', 'dog0'), 1):
        docs = DocList[AudioClip]([AudioClip(id=name, chunks=windows(vectors(name)))])
        assert indexer.index(docs)[0].error is None
        assert pairs() == 16 * (count * (count - 1) // 2)
    indexer.delete(DocList[AudioClip]([AudioClip(id='dog0')]))
    assert pairs() == 16
    indexer.close()
