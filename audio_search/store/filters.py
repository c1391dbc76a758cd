"""Filters over the tags of clips, as parameterised SQL.

A filter is a JSON object; every condition in it has to hold:

    {"label": "bell"}                           equal: a string, a number, true, false or null
    {"label": {"$in": ["bell", "bird"]}}        equal to one of these
    {"label": {"$ne": "bell"}}                  not equal; also where there is no such tag
    {"year": {"$gte": 2000, "$lt": 2010}}       $gt $gte $lt $lte: numbers by value, strings by
                                                code point, never one with the other
    {"year": {"$exists": true}}                 there is such a tag, be it null
    {"year": {"$not": {"$gt": 2000}}}           the conditions do not hold
    {"place": {"city": "Bern"}}                 a condition on a tag inside a tag
    {"$and": [...]}, {"$or": [...]}, {"$not": {...}}   of filters

Keys are taken as they are, dots included. 1 equals 1.0 but not true; null equals only null; a list
equals nothing. Conditions other than $ne, $not and {"$exists": false} do not hold for a tag that is
not there. Integers beyond 2^53 are refused, since they do not survive the way here.
"""

import json
import math
from collections.abc import Iterator
from typing import Any

MAX_INTEGER = 2**53  # parameters travel as float64
# Within what SQLite takes in one statement: 1000 levels of an expression, 32766 parameters.
MAX_DEPTH = 20
MAX_CONDITIONS = 200
MAX_VALUES = 10_000
INT64 = range(-(2**63), 2**63)

COMPARISONS = {'$gt': '>', '$gte': '>=', '$lt': '<', '$lte': '<='}
FIELD_OPERATORS = ('$in', '$ne', *COMPARISONS, '$exists', '$not')
LOGICAL_OPERATORS = ('$and', '$or', '$not')

# The kinds of tags, as they stand in the database.
TEXT, NUMBER, BOOLEAN, NULL, LIST, OBJECT = 'text', 'number', 'boolean', 'null', 'list', 'object'

Path = tuple[str, ...]


class FilterError(ValueError):
    """A filter that cannot be used; the message names the operator or the value."""


def compile(filter: Any) -> tuple[str, list[Any]]:
    """A SQL condition on `clips.number`, and its parameters."""
    compiler = _Compiler()
    return compiler.filter(filter, (), 0), compiler.parameters


def validate(filter: Any) -> None:
    """Raise FilterError for a filter that cannot be used."""
    compile(filter)


def tag_rows(tags: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """(path, kind, value) of each tag and each tag inside a tag: what filters look at."""
    todo: list[tuple[Path, Any]] = [((key,), value) for key, value in tags.items()]
    while todo:
        path, value = todo.pop()
        kind = _kind(value)
        yield _path(path), kind, _scalar(value) if kind in (TEXT, NUMBER, BOOLEAN) else None
        if kind == OBJECT:
            todo += [((*path, key), inner) for key, inner in value.items()]


class _Compiler:
    def __init__(self) -> None:
        self.parameters: list[Any] = []
        self._conditions = 0

    def filter(self, filter: Any, path: Path, depth: int) -> str:
        """A filter over the tags, or (with a path) over the tags inside a tag."""
        if not isinstance(filter, dict):
            raise FilterError(
                f'A filter is an object like {{"label": "bell"}}, not {_show(filter)}'
            )
        if depth > MAX_DEPTH:
            raise FilterError(f'The filter is nested more than {MAX_DEPTH} deep')
        terms = []
        for key, value in filter.items():
            if key in LOGICAL_OPERATORS:
                terms.append(self._logical(key, value, path, depth))
            elif key.startswith('$'):
                raise _unknown(key, LOGICAL_OPERATORS)
            else:
                terms.append(self._field((*path, key), value, depth))
        return _all(terms) if terms else self._always(True)

    def _logical(self, operator: str, value: Any, path: Path, depth: int) -> str:
        if operator == '$not':
            return f'NOT {self.filter(value, path, depth + 1)}'
        if not isinstance(value, list) or not value:
            raise FilterError(f'{operator} takes a list of filters, not {_show(value)}')
        terms = [self.filter(part, path, depth + 1) for part in value]
        return _all(terms) if operator == '$and' else f'({" OR ".join(terms)})'

    def _field(self, path: Path, value: Any, depth: int) -> str:
        if not isinstance(value, dict):
            return self._equal(path, value)
        if not value:
            raise FilterError(f'There is no condition on {_show(path[-1])}')
        operators = [key for key in value if key.startswith('$')]
        if not operators:
            return self.filter(value, path, depth + 1)
        if len(operators) < len(value):
            raise FilterError(
                f'The condition on {_show(path[-1])} mixes {operators[0]} with names of tags'
            )
        return _all([self._operator(path, key, value[key], depth) for key in operators])

    def _operator(self, path: Path, operator: str, value: Any, depth: int) -> str:
        if operator == '$in':
            return self._in(path, value)
        if operator == '$ne':
            return f'NOT {self._equal(path, _checked(operator, value))}'
        if operator == '$exists':
            if not isinstance(value, bool):
                raise FilterError(f'$exists takes true or false, not {_show(value)}')
            return self._exists(path, '1') if value else f'NOT {self._exists(path, "1")}'
        if operator == '$not':
            if not isinstance(value, dict):
                raise FilterError(f'$not takes a condition like {{"$gt": 1}}, not {_show(value)}')
            if depth > MAX_DEPTH:
                raise FilterError(f'The filter is nested more than {MAX_DEPTH} deep')
            return f'NOT {self._field(path, value, depth + 1)}'
        if operator not in COMPARISONS:
            raise _unknown(operator, FIELD_OPERATORS)
        kind = _kind(_checked(operator, value))
        if kind not in (TEXT, NUMBER):
            raise FilterError(f'{operator} compares numbers or strings, not {_show(value)}')
        return self._exists(path, f'kind = ? AND value {COMPARISONS[operator]} ?', kind, value)

    def _in(self, path: Path, values: Any) -> str:
        if not isinstance(values, list):
            raise FilterError(f'$in takes a list, not {_show(values)}')
        if len(values) > MAX_VALUES:
            raise FilterError(f'$in has {len(values)} values; it takes at most {MAX_VALUES}')
        by_kind: dict[str, list[Any]] = {}
        for value in values:
            by_kind.setdefault(_kind(_checked('$in', value)), []).append(_scalar(value))
        if not by_kind:
            return self._always(False)
        terms, parameters = [], []
        for kind, scalars in by_kind.items():
            if kind == NULL:
                terms.append('kind = ?')
                parameters.append(kind)
            else:
                terms.append(f'kind = ? AND value IN ({", ".join("?" * len(scalars))})')
                parameters += [kind, *scalars]
        return self._exists(path, f'({" OR ".join(terms)})', *parameters)

    def _equal(self, path: Path, value: Any) -> str:
        kind = _kind(_checked(path[-1], value))
        if kind == NULL:
            return self._exists(path, 'kind = ?', kind)
        return self._exists(path, 'kind = ? AND value = ?', kind, _scalar(value))

    def _exists(self, path: Path, condition: str, *parameters: Any) -> str:
        self.parameters += [_path(path), *parameters]
        self._count()
        return f'clips.number IN (SELECT clip FROM tags WHERE path = ? AND {condition})'

    def _always(self, holds: bool) -> str:
        self._count()
        return '1' if holds else '0'

    def _count(self) -> None:
        self._conditions += 1
        if self._conditions > MAX_CONDITIONS or len(self.parameters) > 2 * MAX_VALUES:
            raise FilterError(
                f'The filter is too large; it may have {MAX_CONDITIONS} conditions and '
                f'{MAX_VALUES} values'
            )


def _all(terms: list[str]) -> str:
    return f'({" AND ".join(terms)})'


def _checked(name: str, value: Any) -> Any:
    """The value, if it can be compared."""
    if isinstance(value, (list, dict)):
        raise FilterError(
            f'{name} is compared with {_show(value)}; only strings, numbers, true, false and null '
            'can be'
        )
    if isinstance(value, int) and abs(value) > MAX_INTEGER:
        raise FilterError(f'{name} is compared with {value}; integers go up to 2^53')
    if isinstance(value, float) and not math.isfinite(value):
        raise FilterError(f'{name} is compared with {value}, which is not a JSON number')
    if isinstance(value, str) and not _encodable(value):
        raise FilterError(f'{name} is compared with {_show(value)}, which is not valid Unicode')
    return value


def _kind(value: Any) -> str:
    if value is None:
        return NULL
    if isinstance(value, bool):
        return BOOLEAN
    if isinstance(value, (int, float)):
        return NUMBER
    if isinstance(value, str):
        return TEXT
    return OBJECT if isinstance(value, dict) else LIST


def _scalar(value: Any) -> Any:
    """As SQLite takes it: larger integers than it has become floats, as in its own JSON."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int) and value not in INT64:
        try:
            return float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    return value


def _path(path: Path) -> str:
    return json.dumps(path)


def _encodable(text: str) -> bool:
    return not any('\ud800' <= character <= '\udfff' for character in text)


def _show(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else f'{text[:57]}...'


def _unknown(operator: str, known: tuple[str, ...]) -> FilterError:
    return FilterError(f'{_show(operator)} is not an operator here; there are {", ".join(known)}')
