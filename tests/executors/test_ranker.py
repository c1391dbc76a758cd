from typing import Any

import pytest
from docarray import DocList
from hypothesis import given
from hypothesis import strategies as st

from audio_search.documents import AudioChunk, AudioClip, Match
from executors.ranker import MyRanker


def match(clip_id: str, distance: float, beg_in_ms: int = 0) -> Match:
    return Match(
        id=f'{clip_id}.{beg_in_ms}',
        parent_id=clip_id,
        uri=f'{clip_id}.wav',
        beg_in_ms=beg_in_ms,
        end_in_ms=beg_in_ms + 4000,
        tags={'sample_rate': 16000},
        clip_tags={'label': clip_id},
        scores={'cosine': distance},
    )


def query(*chunk_matches: list[Match]) -> AudioClip:
    return AudioClip(
        id='query',
        chunks=[
            AudioChunk(beg_in_ms=2000 * n, end_in_ms=2000 * n + 4000, matches=matches)
            for n, matches in enumerate(chunk_matches)
        ],
    )


def rank(clip: AudioClip, ranker: MyRanker | None = None, **parameters: Any) -> AudioClip:
    return (ranker or MyRanker()).rank(DocList[AudioClip]([clip]), parameters=parameters)[0]


def test_clips_by_their_best_chunk_with_the_times_of_both_sides() -> None:
    ranked = rank(
        query([match('a', 0.5), match('b', 0.3, 2000)], [match('a', 0.1, 6000), match('c', 0.2)])
    )
    assert [m.id for m in ranked.matches] == ['a', 'c', 'b']
    best = ranked.matches[0]
    assert best.scores == {'cosine': 0.1}
    assert (best.uri, best.tags) == ('a.wav', {'label': 'a'})
    assert (best.beg_in_ms, best.end_in_ms) == (6000, 10000)
    assert (best.query_beg_in_ms, best.query_end_in_ms) == (2000, 6000)
    assert not ranked.chunks


def test_a_clip_has_its_own_tags_whatever_its_chunks_are_tagged_with() -> None:
    tagged = match('a', 0.5)
    tagged.clip_tags = {'sample_rate': 44100, 'beg_in_ms': None}
    (ranked,) = rank(query([tagged])).matches
    assert ranked.tags == {'sample_rate': 44100, 'beg_in_ms': None}
    assert not ranked.clip_tags


def test_equal_distances_keep_the_order_of_the_query() -> None:
    ranked = rank(query([match('a', 0.2)], [match('b', 0.2), match('a', 0.2, 2000)]))
    assert [(m.id, m.query_beg_in_ms) for m in ranked.matches] == [('a', 0), ('b', 2000)]


def test_limit_comes_from_the_request_then_from_match_args() -> None:
    matches = [match(str(n), n / 10) for n in range(9)]
    assert len(rank(query(matches)).matches) == 5
    assert len(rank(query(matches), limit=7.0).matches) == 7
    assert len(rank(query(matches), MyRanker(match_args={'limit': 3})).matches) == 3


def test_without_distinct_every_clip_found_is_kept_as_the_original_did() -> None:
    chunks = [[match(f'{q}{n}', n / 10) for n in range(5)] for q in 'abcd']
    ranker = MyRanker(match_args={'limit': 5, 'distinct': False})
    assert len(rank(query(*chunks), ranker).matches) == 20


def test_nothing_found_is_an_empty_list() -> None:
    assert list(rank(query([], [])).matches) == []
    assert list(rank(AudioClip(id='failed', error='no sound')).matches) == []


def test_chunks_stay_where_embeddings_are_asked_for() -> None:
    assert len(rank(query([match('a', 0.1)]), include=['embedding']).chunks) == 1


@given(
    st.lists(
        st.lists(st.tuples(st.sampled_from('abcdefgh'), st.integers(0, 20)), max_size=8),
        max_size=4,
    )
)
def test_agrees_with_the_minimum_over_all_pairs(found: list[list[tuple[str, int]]]) -> None:
    chunks = [[match(clip, distance / 10) for clip, distance in matches] for matches in found]
    ranked = rank(query(*chunks), limit=100).matches
    best: dict[str, int] = {}
    for clip, distance in (pair for matches in found for pair in matches):
        best[clip] = min(distance, best.get(clip, 99))
    assert {m.id: m.scores['cosine'] for m in ranked} == {c: d / 10 for c, d in best.items()}
    distances = [m.scores['cosine'] for m in ranked]
    assert distances == sorted(distances)


@pytest.mark.parametrize('endpoint', ['/index', '/delete'])
def test_other_endpoints_pass_documents_on(endpoint: str) -> None:
    docs = DocList[AudioClip]([AudioClip(id='a')])
    assert MyRanker().pass_on(docs) is docs


def test_places_of_one_clip_and_clips_of_one_value_stay_together() -> None:
    asked = query(
        [match('a', 0.4), match('b', 0.2), match('a', 0.1, 4000)],
        [match('c', 0.3), match('b', 0.5)],
    )
    ranked = rank(asked.model_copy(deep=True), limit=1, per_clip=2.0).matches
    assert [(m.id, m.beg_in_ms) for m in ranked] == [
        ('a', 4000), ('a', 0), ('b', 0), ('b', 0), ('c', 0)
    ]  # fmt: skip
    assert [m.query_beg_in_ms for m in ranked] == [0, 0, 0, 2000, 2000]
    ranked = rank(asked, group_by='label').matches
    assert [m.id for m in ranked] == ['a', 'a', 'b', 'b', 'c']
