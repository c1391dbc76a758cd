"""Filters as Milvus's boolean expressions, and tags as the JSON that they look at.

Every value becomes a JSON literal, so none can become a part of the expression's own language. What
a filter means for an absent tag is spelled out (`exists`), so that it does not depend on how a
version of Milvus treats what is not there.
"""

import json
from collections.abc import Sequence
from typing import Any

from audio_search.store.filters import (
    BOOLEAN,
    NULL,
    NUMBER,
    OBJECT,
    TEXT,
    And,
    Compare,
    Condition,
    Exists,
    HasId,
    HasWord,
    In,
    Not,
    Or,
    Path,
    Scalar,
    kind_of,
    successor,
)
from audio_search.store.records import Clip

TAGS = 'tag_values'  # the field
ID, WORDS = 'id', 'words'  # keys there; those of tags begin with [
INT64 = range(-(2**63), 2**63)
ALWAYS = 'id >= 0'
NEVER = 'id < 0'
SET = 's'  # before a text that is there, since a field cannot be null


def render(condition: Condition) -> str:
    """A filter's tree as an expression over rows."""
    match condition:
        case And(()):
            return ALWAYS
        case And(parts):
            return _joined(' and ', parts)
        case Or(parts):
            return _joined(' or ', parts)
        case Not(part):
            return f'(not ({render(part)}))'
        case HasId(ids):
            field = f'{TAGS}["{ID}"]'
            return f'((exists {field}) and ({one_of(field, ids)}))'
        case HasWord(name):
            field = f'{TAGS}["{WORDS}"]'
            return f'((exists {field}) and (json_contains({field}, {literal(name)})))'
        case Exists(path):
            return f'(exists {_field(path)})'
        case Compare(path, operator, value):
            if kind_of(value) == NULL:
                return f'(exists {_field(path, NULL)})'
            operator = '==' if operator == '=' else operator
            return f'((exists {_field(path)}) and ({_field(path)} {operator} {literal(value)}))'
        case In(_, ()):
            return NEVER
        case In(path, values):
            return _in(path, values)


def tag_values(clip: Clip) -> dict[str, Any]:
    """The JSON of TAGS: the values of tags and of tags inside tags by their paths, id and words."""
    found: dict[str, Any] = {ID: clip.id, WORDS: [name for name, _ in clip.words or ()]}
    todo: list[tuple[Path, Any]] = [((key,), value) for key, value in clip.tags.items()]
    while todo:
        path, value = todo.pop()
        kind = kind_of(value)
        if isinstance(value, int) and value not in INT64:  # Milvus has none larger
            value = float(value)
        found[_key(path)] = value if kind in (TEXT, NUMBER, BOOLEAN) else []
        if kind == NULL:
            found[_key(path, NULL)] = True
        if kind == OBJECT:
            todo += [((*path, key), inner) for key, inner in value.items()]
    return found


def starts_with(field: str, prefix: str) -> str:
    """As a range by code points: `like` has special characters."""
    end = successor(SET + prefix)
    return f'({field} >= {literal(SET + prefix)} and {field} < {literal(end)})'


def one_of(field: str, values: Sequence[str | int]) -> str:
    return f'{field} in [{", ".join(literal(value) for value in values)}]' if values else NEVER


def literal(value: Scalar) -> str:
    """Milvus takes JSON's literals, but not its escapes for characters beyond 16 bits."""
    return json.dumps(value, ensure_ascii=False)


def _joined(operator: str, parts: Sequence[Condition]) -> str:
    return f'({operator.join(render(part) for part in parts)})'


def _in(path: Path, values: Sequence[Scalar]) -> str:
    """One `in` for each kind of values: Milvus takes no list of several."""
    field = _field(path)
    texts = [value for value in values if kind_of(value) == TEXT]
    numbers = [
        value for value in values if isinstance(value, (int, float)) and not isinstance(value, bool)
    ]
    terms = [
        f'{field} in [{", ".join(map(literal, kind))}]'
        for kind in (
            texts,
            [int(value) for value in numbers if value == int(value) and int(value) in INT64],
            [float(value) for value in numbers],
        )
        if kind
    ]
    terms += [f'{field} == {literal(value)}' for value in values if kind_of(value) == BOOLEAN]
    found = [f'((exists {field}) and ({" or ".join(terms)}))'] if terms else []
    if any(value is None for value in values):
        found.append(f'(exists {_field(path, NULL)})')
    return f'({" or ".join(found)})'


def _field(path: Path, kind: str = '') -> str:
    return f'{TAGS}[{literal(_key(path, kind))}]'


def _key(path: Path, kind: str = '') -> str:
    return kind + json.dumps(path, ensure_ascii=False, separators=(',', ':'))
