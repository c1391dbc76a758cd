"""Filters over the tags of clips: JSON, parsed and checked once into a small tree.

A filter is a JSON object; every condition in it has to hold:

    {"label": "bell"}                           equal: a string, a number, true, false or null
    {"label": {"$in": ["bell", "bird"]}}        equal to one of these
    {"label": {"$ne": "bell"}}                  not equal; also where there is no such tag
    {"year": {"$gte": 2000, "$lt": 2010}}       $gt $gte $lt $lte: numbers by value, strings by
                                                code point, never one with the other
    {"year": {"$exists": true}}                 there is such a tag, also where it is null
    {"year": {"$not": {"$gt": 2000}}}           the conditions do not hold
    {"place": {"city": "Bern"}}                 a condition on a tag inside a tag
    {"words": {"$contains": "Bark"}}            one of the clip's words (records.Clip.words), which
                                                are no tags: any other operator asks for the tag
    {"$and": [...]}, {"$or": [...]}, {"$not": {...}}   of filters
    {"$id": "a"}, {"$id": {"$in": ["a", "b"]}}         the clips with these ids
    {"$text": "bell 114"}                       each word of it begins a word of the clip's uri, of
                                                a tag that is a text, or of one of its words; the
                                                case of a to z makes no difference

Keys are taken as they are, dots included. 1 equals 1.0 but not true; null equals only null; a list
equals nothing. Conditions other than $ne, $not and {"$exists": false} do not hold for a tag that is
not there. Integers beyond 2^53 are refused: parameters travel as float64, which would round them.

A store turns the tree into its own language (`sqlite.filter_sql`) and need not check it again.
"""

import json
import math
import re
import string
import sys
from dataclasses import dataclass
from typing import Any

from audio_search.errors import Kind

MAX_INTEGER = 2**53
LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
WORD = re.compile('[a-z0-9\x80-\U0010ffff]+')
SURROGATES = range(0xD800, 0xE000)
MAX_DEPTH = 20
MAX_CONDITIONS = 200
MAX_BEGINNING = 24  # characters of a word that count in $text
MAX_VALUES = 10_000  # of one $in; twice as many in a whole filter

COMPARISONS = {'$gt': '>', '$gte': '>=', '$lt': '<', '$lte': '<='}
FIELD_OPERATORS = ('$in', '$ne', *COMPARISONS, '$exists', '$not', '$contains')
WORDS = 'words'  # what `$contains` looks into
LOGICAL_OPERATORS = ('$and', '$or', '$not')
ID = '$id'
SOME_TEXT = '$text'

# The kinds of tags, as JSON has them. Values of different kinds are never equal.
TEXT, NUMBER, BOOLEAN, NULL, LIST, OBJECT = 'text', 'number', 'boolean', 'null', 'list', 'object'

Path = tuple[str, ...]  # of a tag: its name, or the names down to a tag inside a tag
Scalar = str | int | float | bool | None


class FilterError(ValueError):
    """A filter that cannot be used; the message names the operator or the value."""

    kind = Kind.INVALID


@dataclass(frozen=True)
class And:
    """Holds where all parts hold; without any, always."""

    parts: tuple['Condition', ...]


@dataclass(frozen=True)
class Or:
    """Holds where one of its parts holds, of which there is at least one."""

    parts: tuple['Condition', ...]


@dataclass(frozen=True)
class Not:
    """Holds where its part does not."""

    part: 'Condition'


@dataclass(frozen=True)
class Compare:
    """Holds for a tag of the value's kind that compares with it: `operator` is = > >= < or <=.

    Anything but = compares numbers or strings only.
    """

    path: Path
    operator: str
    value: Scalar


@dataclass(frozen=True)
class In:
    """Holds for a tag that equals one of the values; without any, never."""

    path: Path
    values: tuple[Scalar, ...]


@dataclass(frozen=True)
class Exists:
    """Holds where there is such a tag, whatever its value."""

    path: Path


@dataclass(frozen=True)
class HasId:
    """Holds for the clips with these ids; without any, never."""

    ids: tuple[str, ...]


@dataclass(frozen=True)
class HasWord:
    """Holds for a clip that has this name of a sound among its words."""

    name: str


@dataclass(frozen=True)
class HasText:
    """Holds for a clip that has a word which begins so, see `words_in`: in its uri, in a tag that
    is a text (also one inside a tag), or in the name of one of its words."""

    beginning: str


Condition = And | Or | Not | Compare | In | Exists | HasId | HasWord | HasText


def parse(filter_: Any) -> Condition:
    """The tree of a filter, given as what JSON gives. Raises FilterError."""
    return _Parser().filter(filter_, (), 0)


def validate(filter_: Any) -> None:
    """Raise FilterError for a filter that cannot be used."""
    parse(filter_)


def kind_of(value: Any) -> str:
    """The kind of a tag's value: TEXT, NUMBER, BOOLEAN, NULL, LIST or OBJECT."""
    if value is None:
        return NULL
    if isinstance(value, bool):
        return BOOLEAN
    if isinstance(value, (int, float)):
        return NUMBER
    if isinstance(value, str):
        return TEXT
    return OBJECT if isinstance(value, dict) else LIST


def words_in(text: str) -> list[str]:
    """Runs of a to z, digits, and whatever is not ASCII. A to Z become a to z, and no other letter
    changes: SQLite knows no more of case."""
    return WORD.findall(text.translate(LOWER))


def check_prefix(prefix: str) -> None:
    """Raise FilterError for what no uri can begin with."""
    if not _encodable(prefix):
        raise FilterError(f'The prefix {prefix!r} is not valid Unicode; correct it')


def successor(prefix: str) -> str | None:
    """The first text by code points behind all that start with `prefix`, if there is one."""
    for length in range(len(prefix), 0, -1):
        following = ord(prefix[length - 1]) + 1
        if following in SURROGATES:  # no characters of their own
            following = SURROGATES.stop
        if following <= sys.maxunicode:
            return prefix[: length - 1] + chr(following)
    return None


class _Parser:
    """Counts what it meets, so that no filter grows beyond what a store can take."""

    def __init__(self) -> None:
        self._conditions = 0
        self._values = 0

    def filter(self, filter_: Any, path: Path, depth: int) -> Condition:
        """A filter over the tags, or (with a path) over the tags inside a tag."""
        if not isinstance(filter_, dict):
            raise FilterError(
                f'A filter is an object like {{"label": "bell"}}, not {_show(filter_)}'
            )
        if depth > MAX_DEPTH:
            raise FilterError(f'The filter is nested more than {MAX_DEPTH} deep')
        if not filter_:
            return self._counted(And(()))
        parts = []
        for key, value in filter_.items():
            if key in LOGICAL_OPERATORS:
                parts.append(self._logical(key, value, path, depth))
            elif key == ID and not path:
                parts.append(self._id(value))
            elif key == SOME_TEXT and not path:
                parts.append(self._text(value))
            elif key.startswith('$'):
                raise _unknown(
                    key, LOGICAL_OPERATORS if path else (*LOGICAL_OPERATORS, ID, SOME_TEXT)
                )
            else:
                parts.append(self._field((*path, key), value, depth))
        return _all(parts)

    def _logical(self, operator: str, value: Any, path: Path, depth: int) -> Condition:
        if operator == '$not':
            return Not(self.filter(value, path, depth + 1))
        if not isinstance(value, list) or not value:
            raise FilterError(f'{operator} takes a list of filters, not {_show(value)}')
        parts = [self.filter(part, path, depth + 1) for part in value]
        return _all(parts) if operator == '$and' else Or(tuple(parts))

    def _id(self, value: Any) -> Condition:
        ids = value.get('$in') if isinstance(value, dict) and len(value) == 1 else [value]
        if not isinstance(ids, list) or not all(isinstance(one, str) for one in ids):
            raise FilterError(f'{ID} takes an id or {{"$in": [ids]}}, not {_show(value)}')
        return self._counted(HasId(self._values_of_in(ids)))

    def _text(self, value: Any) -> Condition:
        if not isinstance(value, str):
            raise FilterError(f'{SOME_TEXT} takes a text, not {_show(value)}')
        words = dict.fromkeys(word[:MAX_BEGINNING] for word in words_in(_checked(SOME_TEXT, value)))
        return _all([self._counted(HasText(word)) for word in words])

    def _field(self, path: Path, value: Any, depth: int) -> Condition:
        if not isinstance(value, dict):
            return self._equal(path, path[-1], value)
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

    def _operator(self, path: Path, operator: str, value: Any, depth: int) -> Condition:
        if operator == '$in':
            return self._in(path, value)
        if operator == '$ne':
            return Not(self._equal(path, operator, value))
        if operator == '$exists':
            if not isinstance(value, bool):
                raise FilterError(f'$exists takes true or false, not {_show(value)}')
            exists = self._counted(Exists(path))
            return exists if value else Not(exists)
        if operator == '$contains':
            if path != (WORDS,):
                raise FilterError(
                    f'$contains looks into {WORDS} and not into {_show(path[-1])}; write '
                    f'{{"{WORDS}": {{"$contains": "Bark"}}}}'
                )
            if not isinstance(value, str):
                raise FilterError(f'$contains takes the name of a sound, not {_show(value)}')
            return self._counted(HasWord(_checked(operator, value)))
        if operator == '$not':
            if not isinstance(value, dict):
                raise FilterError(f'$not takes a condition like {{"$gt": 1}}, not {_show(value)}')
            if depth > MAX_DEPTH:
                raise FilterError(f'The filter is nested more than {MAX_DEPTH} deep')
            return Not(self._field(path, value, depth + 1))
        if operator not in COMPARISONS:
            raise _unknown(operator, FIELD_OPERATORS)
        if kind_of(_checked(operator, value)) not in (TEXT, NUMBER):
            raise FilterError(f'{operator} compares numbers or strings, not {_show(value)}')
        return self._counted(Compare(path, COMPARISONS[operator], value))

    def _in(self, path: Path, values: Any) -> Condition:
        if not isinstance(values, list):
            raise FilterError(f'$in takes a list, not {_show(values)}')
        return self._counted(In(path, self._values_of_in(values)))

    def _values_of_in(self, values: list[Any]) -> tuple[Any, ...]:
        if len(values) > MAX_VALUES:
            raise FilterError(f'$in has {len(values)} values; it takes at most {MAX_VALUES}')
        self._values += len(values)
        return tuple(_checked('$in', value) for value in values)

    def _equal(self, path: Path, name: str, value: Any) -> Condition:
        """`name` is what a message calls the value by."""
        return self._counted(Compare(path, '=', _checked(name, value)))

    def _counted(self, condition: Condition) -> Condition:
        self._conditions += 1
        if self._conditions > MAX_CONDITIONS or self._values > 2 * MAX_VALUES:
            raise FilterError(
                f'The filter is too large; it may have {MAX_CONDITIONS} conditions and '
                f'{2 * MAX_VALUES} values'
            )
        return condition


def _all(parts: list[Condition]) -> Condition:
    return parts[0] if len(parts) == 1 else And(tuple(parts))


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


def _encodable(text: str) -> bool:
    return not any('\ud800' <= character <= '\udfff' for character in text)


def _show(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else f'{text[:57]}...'


def _unknown(operator: str, known: tuple[str, ...]) -> FilterError:
    return FilterError(f'{_show(operator)} is not an operator here; there are {", ".join(known)}')
