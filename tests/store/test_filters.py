"""Filters against a plain evaluation in Python."""

import operator
import sqlite3
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from audio_search.store.filters import (
    MAX_CONDITIONS,
    MAX_DEPTH,
    MAX_VALUES,
    FilterError,
    compile,
    tag_rows,
    validate,
)

MISSING = object()
COMPARISONS = {
    '$gt': operator.gt,
    '$gte': operator.ge,
    '$lt': operator.lt,
    '$lte': operator.le,
}


def selected(tags: list[dict[str, Any]], filter: Any) -> list[int]:
    """Which of the clips with these tags the SQL selects."""
    db = sqlite3.connect(':memory:')
    db.execute('CREATE TABLE clips (number INTEGER PRIMARY KEY)')
    db.execute('CREATE TABLE tags (clip, path TEXT, kind TEXT, value, PRIMARY KEY (clip, path))')
    for number, one in enumerate(tags):
        db.execute('INSERT INTO clips VALUES (?)', (number,))
        rows = [(number, *row) for row in tag_rows(one)]
        db.executemany('INSERT INTO tags VALUES (?, ?, ?, ?)', rows)
    condition, parameters = compile(filter)
    query = f'SELECT number FROM clips WHERE {condition} ORDER BY number'
    found = [number for (number,) in db.execute(query, parameters)]
    db.close()
    return found


def holds(filter: dict[str, Any], tags: Any) -> bool:
    """What a filter means."""
    for key, value in filter.items():
        if key == '$and':
            fits = all(holds(part, tags) for part in value)
        elif key == '$or':
            fits = any(holds(part, tags) for part in value)
        elif key == '$not':
            fits = not holds(value, tags)
        else:
            tag = tags.get(key, MISSING) if isinstance(tags, dict) else MISSING
            fits = tag_fits(value, tag)
        if not fits:
            return False
    return True


def tag_fits(condition: Any, tag: Any) -> bool:
    if not isinstance(condition, dict):
        return equal(condition, tag)
    if not any(key.startswith('$') for key in condition):
        return holds(condition, tag)
    return all(operator_fits(name, value, tag) for name, value in condition.items())


def operator_fits(name: str, value: Any, tag: Any) -> bool:
    if name == '$in':
        return any(equal(one, tag) for one in value)
    if name == '$ne':
        return not equal(value, tag)
    if name == '$exists':
        return (tag is not MISSING) == value
    if name == '$not':
        return not tag_fits(value, tag)
    return kind(value) == kind(tag) and COMPARISONS[name](value_of(tag), value)


def equal(value: Any, tag: Any) -> bool:
    if kind(tag) in ('dict', 'list', 'missing'):
        return False
    return kind(value) == kind(tag) and value_of(tag) == value


def value_of(tag: Any) -> Any:
    """Integers beyond 64 bits are compared as floats."""
    return float(tag) if isinstance(tag, int) and not -(2**63) <= tag < 2**63 else tag


def kind(value: Any) -> str:
    if value is MISSING:
        return 'missing'
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return 'number'
    return type(value).__name__


keys = st.sampled_from(
    ['a', 'b', 'a.b', 'a"b', "a'b", 'a\\b', 'a b', '', 'ä', '🔔', 'a\x00b', '%', '[0]', '["a"]']
)
numbers = st.one_of(
    st.sampled_from([0, 1, -1, 2, 1.0, 0.1, 0.30000000000000004, -0.0, 1e300, 2**53, -(2**53)]),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False),
)
texts = st.one_of(
    st.sampled_from(
        ['', '0', '1', 'true', 'null', 'a', 'A', 'ä', '🔔', 'a\x00b', "'", '"', '\uffff']
    ),
    st.text(st.characters(exclude_categories=['Cs']), max_size=3),
)
scalars = st.one_of(st.none(), st.booleans(), numbers, texts)
large = st.sampled_from([2**53 + 1, 2**63 - 1, -(2**63), 2**64, 10**30, -(10**30)])
tag_values = st.recursive(
    scalars | large,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=5,
)
tag_sets = st.lists(st.dictionaries(keys, tag_values, max_size=4), min_size=1, max_size=6)


def field_conditions(conditions: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    operators = st.fixed_dictionaries(
        {},
        optional={
            '$in': st.lists(scalars, max_size=4),
            '$ne': scalars,
            '$exists': st.booleans(),
            '$not': conditions.filter(lambda value: isinstance(value, dict)),
            **dict.fromkeys(COMPARISONS, numbers | texts),
        },
    ).filter(bool)
    return operators | st.dictionaries(keys, conditions, min_size=1, max_size=2)


conditions = st.recursive(scalars, field_conditions, max_leaves=4)
filters = st.recursive(
    st.dictionaries(keys, conditions, max_size=3),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            '$and': st.lists(inner, min_size=1, max_size=3),
            '$or': st.lists(inner, min_size=1, max_size=3),
            '$not': inner,
        },
    ),
    max_leaves=4,
)


@given(tag_sets, filters)
@example([{'a': 1}, {'a': True}, {'a': 1.0}, {'a': '1'}, {'a': None}, {}], {'a': 1.0})
@example([{'a': 1}, {'a': True}, {'a': None}, {}], {'a': {'$ne': True}})
@example([{'a': {'b': 1}}, {'a.b': 1}, {'a': [1]}], {'a': {'b': {'$exists': True}}})
@example([{'n': 2**63 - 1}, {'n': 2**53}, {'n': 10**30}, {'n': '9'}], {'n': {'$gt': 2**53}})
@settings(max_examples=300, deadline=None)
def test_sql_selects_what_python_does(tags, filter):
    assert selected(tags, filter) == [i for i, one in enumerate(tags) if holds(filter, one)]


@given(tag_sets.flatmap(lambda tags: st.tuples(st.just(tags), st.sampled_from(tags))))
@settings(max_examples=200, deadline=None)
def test_a_clip_is_found_by_each_of_its_own_tags(case):
    """The same values on both sides, which chance would seldom give."""
    tags, one = case
    for key, value in one.items():
        if isinstance(value, (dict, list)) or (isinstance(value, int) and abs(value) > 2**53):
            continue
        for filter in ({key: value}, {key: {'$in': [None, value]}}, {key: {'$exists': True}}):
            assert tags.index(one) in selected(tags, filter)
        assert tags.index(one) not in selected(tags, {key: {'$ne': value}})
        if kind(value) in ('number', 'str'):
            assert tags.index(one) in selected(tags, {key: {'$gte': value, '$lte': value}})
            assert tags.index(one) not in selected(tags, {key: {'$gt': value}})
            assert tags.index(one) not in selected(tags, {key: {'$lt': value}})


REFUSED = {
    'not an object': ([1], '[1]'),
    'unknown operator': ({'$nor': []}, '$nor'),
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


@pytest.mark.parametrize(('filter', 'named'), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_used_is_refused_by_name(filter, named):
    with pytest.raises(FilterError) as refused:
        validate(filter)
    assert named in str(refused.value)
    assert '\n' not in str(refused.value)


def nested(levels: int) -> dict[str, Any]:
    filter: dict[str, Any] = {'a': 1}
    for _ in range(levels):
        filter = {'$not': filter}
    return filter


LARGEST = {
    'deep': nested(MAX_DEPTH),
    'wide': {'$or': [{'a': i} for i in range(MAX_CONDITIONS)]},
    'many values': {'a': {'$in': list(range(MAX_VALUES))}},
}
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


@pytest.mark.parametrize('filter', LARGEST.values(), ids=LARGEST)
def test_the_largest_filters_are_within_what_sqlite_takes(filter):
    assert selected([{'a': 1}], filter) == [0]


@pytest.mark.parametrize('filter', TOO_LARGE.values(), ids=TOO_LARGE)
def test_filters_that_are_too_large_are_refused(filter):
    with pytest.raises(FilterError):
        validate(filter)


def test_no_value_reaches_the_sql():
    evil = "x'; DROP TABLE clips; --"
    condition, parameters = compile({evil: evil, 'b': {'$in': [evil], '$gt': evil}})
    assert 'DROP' not in condition
    assert parameters.count(evil) == 3
