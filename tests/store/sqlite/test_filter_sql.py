"""The SQL of filters, against what they mean in Python."""

import sqlite3
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from audio_search.store.filters import parse
from audio_search.store.sqlite.filter_sql import render, tag_rows
from tests.store.filter_cases import EXAMPLES, LARGEST, filters, holds, kind, tag_sets


def selected(tags: list[dict[str, Any]], filter_: Any) -> list[int]:
    """Which of the clips with these tags the SQL selects."""
    db = sqlite3.connect(':memory:')
    db.execute('CREATE TABLE clips (number INTEGER PRIMARY KEY)')
    db.execute('CREATE TABLE tags (clip, path TEXT, kind TEXT, value, PRIMARY KEY (clip, path))')
    for number, one in enumerate(tags):
        db.execute('INSERT INTO clips VALUES (?)', (number,))
        rows = [(number, *row) for row in tag_rows(one)]
        db.executemany('INSERT INTO tags VALUES (?, ?, ?, ?)', rows)
    condition, parameters = render(parse(filter_))
    query = f'SELECT number FROM clips WHERE {condition} ORDER BY number'
    found = [number for (number,) in db.execute(query, parameters)]
    db.close()
    return found


@given(tag_sets, filters)
@example(*EXAMPLES[0])
@example(*EXAMPLES[1])
@example(*EXAMPLES[2])
@example(*EXAMPLES[3])
@example(*EXAMPLES[4])
@settings(max_examples=300, deadline=None)
def test_sql_selects_what_python_does(tags, filter_):
    assert selected(tags, filter_) == [i for i, one in enumerate(tags) if holds(filter_, one)]


@given(tag_sets.flatmap(lambda tags: st.tuples(st.just(tags), st.sampled_from(tags))))
@settings(max_examples=200, deadline=None)
def test_a_clip_is_found_by_each_of_its_own_tags(case):
    """The same values on both sides, which chance would seldom give."""
    tags, one = case
    for key, value in one.items():
        if isinstance(value, (dict, list)) or (isinstance(value, int) and abs(value) > 2**53):
            continue
        for filter_ in ({key: value}, {key: {'$in': [None, value]}}, {key: {'$exists': True}}):
            assert tags.index(one) in selected(tags, filter_)
        assert tags.index(one) not in selected(tags, {key: {'$ne': value}})
        if kind(value) in ('number', 'str'):
            assert tags.index(one) in selected(tags, {key: {'$gte': value, '$lte': value}})
            assert tags.index(one) not in selected(tags, {key: {'$gt': value}})
            assert tags.index(one) not in selected(tags, {key: {'$lt': value}})


@pytest.mark.parametrize('filter_', LARGEST.values(), ids=LARGEST)
def test_the_largest_filters_are_within_what_sqlite_takes(filter_):
    assert selected([{'a': 1}], filter_) == [0]


def test_no_value_reaches_the_sql():
    evil = "x'; DROP TABLE clips; --"
    condition, parameters = render(parse({evil: evil, 'b': {'$in': [evil], '$gt': evil}}))
    assert 'DROP' not in condition
    assert parameters.count(evil) == 3
