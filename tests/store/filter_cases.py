"""What filters mean, in plain Python, and filters and tags to try it on."""

import operator
from typing import Any

from hypothesis import strategies as st

from audio_search.store.filters import MAX_CONDITIONS, MAX_DEPTH, MAX_VALUES

MISSING = object()
COMPARISONS = {
    '$gt': operator.gt,
    '$gte': operator.ge,
    '$lt': operator.lt,
    '$lte': operator.le,
}


def holds(filter_: dict[str, Any], tags: Any) -> bool:
    """What a filter means."""
    for key, value in filter_.items():
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

# Clips' tags, and a filter that only the kinds, the nesting or the size of values decide.
EXAMPLES: list[tuple[list[dict[str, Any]], dict[str, Any]]] = [
    ([{'a': 1}, {'a': True}, {'a': 1.0}, {'a': '1'}, {'a': None}, {}], {'a': 1.0}),
    ([{'a': 1}, {'a': True}, {'a': None}, {}], {'a': {'$ne': True}}),
    ([{'a': {'b': 1}}, {'a.b': 1}, {'a': [1]}], {'a': {'b': {'$exists': True}}}),
    ([{'n': 2**63 - 1}, {'n': 2**53}, {'n': 10**30}, {'n': '9'}], {'n': {'$gt': 2**53}}),
    ([{'a': 2.0**63}, {}], {'a': {'$in': [2.0**63, 3.0]}}),
]


def nested(levels: int) -> dict[str, Any]:
    filter_: dict[str, Any] = {'a': 1}
    for _ in range(levels):
        filter_ = {'$not': filter_}
    return filter_


LARGEST = {
    'deep': nested(MAX_DEPTH),
    'wide': {'$or': [{'a': i} for i in range(MAX_CONDITIONS)]},
    'many values': {'a': {'$in': list(range(MAX_VALUES))}},
}
