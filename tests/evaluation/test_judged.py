"""The evaluation of an index by judgements, over a search that is a table of distances."""

from typing import Any

import numpy as np
import pytest

from audio_search.evaluation import EvaluationError
from audio_search.evaluation.judged import evaluate_judgements, verdicts_of

# Clips of one dimension: their distance is the difference of their places.
PLACES = {'a': 0.0, 'b': 0.05, 'c': 0.3, 'x': 0.2, 'y': 0.9, 'z': 0.15}


def said(id_: str, judgement: str = 'right', label: str = 'bell', **fields: Any) -> dict[str, Any]:
    return {
        'id': id_, 'uri': f'{id_}.wav', 'label': label, 'judgement': judgement, 'part': None,
        'by': None, 'time': '2026-11-29T09:00:00.000Z', **fields,
    }  # fmt: skip


class Search:
    """`asked` has the queries."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def __call__(self, query: dict[str, Any], parameters: dict[str, Any]) -> list[dict[str, Any]]:
        self.asked.append(query)
        own = query['id'].partition('#')[0]
        allowed = parameters.get('filter', {'$id': {'$in': list(PLACES)}})['$id']['$in']
        assert parameters['exclude_self']
        found = sorted((abs(PLACES[own] - place), id_) for id_, place in PLACES.items())
        return [
            {'id': id_, 'uri': f'{id_}.wav', 'scores': {'cosine': distance}}
            for distance, id_ in found
            if id_ != own and id_ in allowed
        ][: parameters['limit']]


JUDGED = [said('a'), said('b'), said('c'), said('x', 'wrong'), said('y', 'wrong')]


def test_unjudged_clips_are_left_out_of_the_rankings() -> None:
    """a finds b, (z), x, c: right, wrong, right; b finds a, (z), x, c: the same; c finds x, (z), b,
    a: wrong, right, right."""
    result = evaluate_judgements(JUDGED, Search())
    assert [one.query.id for one in result.rankings] == ['a', 'b', 'c']
    third = result.rankings[2]
    assert [third.names[i] for i in np.argsort(third.distances)] == [
        'x.wav', 'b.wav', 'a.wav', 'y.wav',
    ]  # fmt: skip
    np.testing.assert_allclose(result.values['p_at_1'], [1, 1, 0])
    like_a = (1 + 2 / 3) / 2
    np.testing.assert_allclose(result.values['map'], [like_a, like_a, (1 / 2 + 2 / 3) / 2])
    figures = result.as_dict()
    assert (figures['queries'], figures['labels'], figures['judgements']) == (3, 1, 5)
    assert figures['unjudged'] == 'left out'
    assert figures['per_label']['bell']['queries'] == 3
    assert figures['worst'][0]['clip'] == 'c.wav'
    assert figures['worst'][0]['matches'][0] == {
        'clip': 'x.wav', 'right': False, 'distance': pytest.approx(0.1),
    }  # fmt: skip
    assert figures['warnings'] == []
    low, high = figures['map_interval']
    assert low <= figures['map'] <= high


def test_they_count_as_wrong_where_that_is_wanted() -> None:
    """a finds b, z, x, c, y."""
    result = evaluate_judgements(JUDGED, Search(), unjudged_count_as_wrong=True)
    np.testing.assert_allclose(result.values['map'][0], (1 + 2 / 4) / 2)
    assert result.as_dict()['unjudged'] == 'wrong'


def test_right_clips_that_are_not_found_count() -> None:
    def blind(query: dict[str, Any], parameters: dict[str, Any]) -> list[dict[str, Any]]:
        return [one for one in Search()(query, parameters) if one['id'] != 'c']

    result = evaluate_judgements(JUDGED, blind)
    np.testing.assert_allclose(result.values['recall_at_10'], [1 / 2, 1 / 2, 1])
    assert all(np.isfinite(values).all() for values in result.values.values())


def test_parts_are_asked_for_and_clips_are_found() -> None:
    search = Search()
    judged = [said('a', part=[4, 8.125]), said('a', 'wrong', part=[0, 4]), *JUDGED[1:]]
    result = evaluate_judgements(judged, search)
    assert search.asked == [{'id': 'a#t=4,8.125'}, {'id': 'b'}, {'id': 'c'}]
    assert result.rankings[0].query.name == 'a.wav (4,8.125 s)'
    assert result.values['p_at_1'][0] == 1


def test_the_last_word_counts_and_one_right_part_is_enough() -> None:
    judged = [
        said('a', 'wrong', by='Ann', time='2026-11-29T10:00:00.000Z'),
        said('a', 'right', by='Bob'),
        said('b', 'wrong'),
        said('b', 'right', part=[0, 4]),
        said('c', 'unsure'),
        said('c', 'right', label='dog'),
    ]
    assert verdicts_of(judged) == {'bell': {'a': False, 'b': True}, 'dog': {'c': True}}


def test_labels_that_say_nothing_are_left_out_and_named() -> None:
    judged = [*JUDGED, said('a', label='dog'), said('a', label='cat'), said('b', label='cat')]
    result = evaluate_judgements(judged, Search())
    assert {one.query.label for one in result.rankings} == {'bell'}
    assert result.warnings == [
        'left out: no clip is judged wrong for cat, so that every ranking is perfect',
        'left out: dog has 1 right clips, and two are needed',
    ]
    counted = evaluate_judgements(judged, Search(), unjudged_count_as_wrong=True)
    assert {one.query.label for one in counted.rankings} == {'bell', 'cat'}


def test_a_query_that_fails_is_left_out_and_named() -> None:
    def failing(query: dict[str, Any], parameters: dict[str, Any]) -> list[dict[str, Any]]:
        if query['id'] == 'b':
            raise EvaluationError('b has no windows')
        return Search()(query, parameters)

    result = evaluate_judgements(JUDGED, failing)
    assert len(result.rankings) == 2
    assert result.warnings == ['left out: b.wav: b has no windows']


def test_nothing_to_evaluate_is_said() -> None:
    with pytest.raises(EvaluationError, match=r'a label needs two clips .* \(left out: bell has 1'):
        evaluate_judgements([said('a')], Search())
    with pytest.raises(EvaluationError, match='Nothing can be evaluated'):
        evaluate_judgements([], Search())


def test_parts_of_one_clip_are_drawn_together() -> None:
    """Otherwise the interval of a mean of many parts of one clip would be too narrow."""
    parts = [said('c', part=[n, n + 1]) for n in range(30)]
    figures = evaluate_judgements([*JUDGED[:2], *parts, *JUDGED[3:]], Search()).as_dict()
    low, high = figures['p_at_1_interval']
    assert (figures['queries'], low, high) == (32, 0, 1)
