"""What a filter is parsed to, and what is refused."""

from typing import Any

import pytest

from audio_search.errors import Kind
from audio_search.store.filters import (
    MAX_CONDITIONS,
    MAX_DEPTH,
    MAX_VALUES,
    And,
    Compare,
    Exists,
    FilterError,
    HasId,
    In,
    Not,
    Or,
    parse,
    validate,
)
from tests.store.filter_cases import LARGEST, nested

TREES: dict[str, tuple[dict[str, Any], Any]] = {
    'nothing': ({}, And(())),
    'one condition': ({'a': 1}, Compare(('a',), '=', 1)),
    'two': ({'a': 1, 'b': 'x'}, And((Compare(('a',), '=', 1), Compare(('b',), '=', 'x')))),
    'a range': (
        {'a': {'$gte': 1, '$lt': 2}},
        And((Compare(('a',), '>=', 1), Compare(('a',), '<', 2))),
    ),
    'a tag inside a tag': ({'a': {'b.c': None}}, Compare(('a', 'b.c'), '=', None)),
    'one of several': ({'a': {'$in': [1, 'x', None]}}, In(('a',), (1, 'x', None))),
    'not equal': ({'a': {'$ne': 1}}, Not(Compare(('a',), '=', 1))),
    'an id': ({'$id': 'a'}, HasId(('a',))),
    'ids': ({'$not': {'$id': {'$in': ['a', 'b']}}}, Not(HasId(('a', 'b')))),
    'is there': ({'a': {'$exists': True}}, Exists(('a',))),
    'is not there': ({'a': {'$exists': False}}, Not(Exists(('a',)))),
    'either': ({'$or': [{'a': 1}, {'$not': {'b': 2}}]}, Or((
        Compare(('a',), '=', 1), Not(Compare(('b',), '=', 2)),
    ))),
}  # fmt: skip


@pytest.mark.parametrize(('filter_', 'tree'), TREES.values(), ids=TREES)
def test_filters_are_parsed_to_small_trees(filter_, tree):
    assert parse(filter_) == tree


REFUSED = {
    'not an object': ([1], '[1]'),
    'unknown operator': ({'$nor': []}, '$nor'),
    'an id that is no text': ({'$id': 1}, '$id'),
    'ids in a range': ({'$id': {'$gt': 'a'}}, '$id'),
    'an id of a tag': ({'a': {'$id': 'b'}}, '$id'),
    'unknown operator of a tag': ({'a': {'$regex': 'x'}}, '$regex'),
    'list instead of a value': ({'a': [1, 2]}, '[1, 2]'),
    'nothing on a tag': ({'year': {}}, 'year'),
    'operators mixed with names': ({'year': {'$gt': 1, 'b': 2}}, 'year'),
    '$in without a list': ({'a': {'$in': 'xy'}}, '$in'),
    '$in with a list in it': ({'a': {'$in': [[1]]}}, '[1]'),
    '$ne with an object': ({'a': {'$ne': {'b': 1}}}, '$ne'),
    '$gt with null': ({'a': {'$gt': None}}, '$gt'),
    '$lte with true': ({'a': {'$lte': True}}, '$lte'),
    '$gte with a list': ({'a': {'$gte': []}}, '$gte'),
    '$exists with 1': ({'a': {'$exists': 1}}, '$exists'),
    '$and without a list': ({'$and': {'a': 1}}, '$and'),
    '$or of nothing': ({'$or': []}, '$or'),
    '$or of a number': ({'$or': [3]}, '3'),
    '$not of a number': ({'$not': 3}, '3'),
    '$not of a value': ({'a': {'$not': 3}}, '$not'),
    'too large an integer': ({'year': 2**53 + 1}, str(2**53 + 1)),
    'too small an integer': ({'year': {'$lt': -(2**53) - 1}}, str(-(2**53) - 1)),
    'too large an integer in a list': ({'year': {'$in': [2**60]}}, str(2**60)),
    'NaN': ({'a': float('nan')}, 'nan'),
    'infinity': ({'a': {'$gt': float('inf')}}, 'inf'),
    'half a character': ({'a': '\ud800'}, 'Unicode'),
}


@pytest.mark.parametrize(('filter_', 'named'), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_used_is_refused_by_name(filter_, named):
    with pytest.raises(FilterError) as refused:
        validate(filter_)
    assert named in str(refused.value)
    assert refused.value.kind is Kind.INVALID
    assert '\n' not in str(refused.value)


TOO_LARGE = {
    'deep': nested(MAX_DEPTH + 1),
    'deep in a tag': {'a': {'$not': nested(MAX_DEPTH)}},
    'deep names': {'a': {'b': nested(MAX_DEPTH)}},
    'wide': {'$or': [{'a': i} for i in range(MAX_CONDITIONS + 1)]},
    'wide, of filters that always hold': {'$and': [{}] * (MAX_CONDITIONS + 1)},
    'wide, of filters that never hold': {'$or': [{'a': {'$in': []}}] * (MAX_CONDITIONS + 1)},
    'many values': {'a': {'$in': list(range(MAX_VALUES + 1))}},
    'many values in several': {str(i): {'$in': list(range(MAX_VALUES))} for i in range(3)},
    'endless': nested(5000),
}


@pytest.mark.parametrize('filter_', LARGEST.values(), ids=LARGEST)
def test_the_largest_filters_are_taken(filter_):
    validate(filter_)


@pytest.mark.parametrize('filter_', TOO_LARGE.values(), ids=TOO_LARGE)
def test_filters_that_are_too_large_are_refused(filter_):
    with pytest.raises(FilterError):
        validate(filter_)
