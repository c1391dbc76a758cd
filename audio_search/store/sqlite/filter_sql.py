"""Filters as parameterised SQL, and tags as the rows that it looks at.

No value of a filter becomes a part of the SQL text, and a filter within the limits of `filters`
stays within what SQLite takes in one statement: 1000 levels of an expression, 32,766 parameters.
"""

import json
import math
from collections.abc import Iterator
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
    HasText,
    HasWord,
    In,
    Not,
    Or,
    Path,
    check_prefix,
    kind_of,
    parse,
    successor,
)
from audio_search.store.records import to_json

INT64 = range(-(2**63), 2**63)
NO_WORD = '[^a-z0-9\x80-\U0010ffff]'  # as in filters.words_in

Sql = tuple[str, list[Any]]  # a condition on a row of `clips`, and its parameters
EVERY_CLIP: Sql = ('1', [])


def selection(filter: Any | None, prefix: str | None) -> Sql:
    """What selects the clips of a page (ClipStore.page). Raises FilterError."""
    terms = [] if filter is None else [render(parse(filter))]
    if prefix is not None:
        terms.append(_starts_with(prefix))
    return _joined(' AND ', terms) if terms else EVERY_CLIP


def render(condition: Condition) -> Sql:
    """A filter's tree as SQL."""
    match condition:
        case And(()):
            return EVERY_CLIP
        case And(parts):
            return _joined(' AND ', [render(part) for part in parts])
        case Or(parts):
            return _joined(' OR ', [render(part) for part in parts])
        case Not(part):
            sql, parameters = render(part)
            return f'NOT {sql}', parameters
        case HasWord(name):
            # As `statements` writes them: [["Bark",0.81],…]. A name has no quotes inside.
            return "instr(coalesce(clips.words, ''), ?)", [f'[{to_json(name)},']
        case HasText(beginning):
            return _has_text(beginning)
        case Exists(path):
            return _has_tag(path, '1', [])
        case Compare(path, operator, value):
            kind = kind_of(value)
            if kind == NULL:
                return _has_tag(path, 'kind = ?', [kind])
            return _has_tag(path, f'kind = ? AND value {operator} ?', [kind, _scalar(value)])
        case In(_, ()):
            return '0', []
        case In(path, values):
            return _in(path, values)
        case HasId(ids):
            return f'clips.id IN ({", ".join("?" * len(ids))})', list(ids)


def tag_rows(tags: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """(path, kind, value) of each tag and each tag inside a tag, as columns of the table `tags`."""
    todo: list[tuple[Path, Any]] = [((key,), value) for key, value in tags.items()]
    while todo:
        path, value = todo.pop()
        kind = kind_of(value)
        yield _path(path), kind, _scalar(value) if kind in (TEXT, NUMBER, BOOLEAN) else None
        if kind == OBJECT:
            todo += [((*path, key), inner) for key, inner in value.items()]


def _joined(operator: str, terms: list[Sql]) -> Sql:
    parameters = [parameter for _, own in terms for parameter in own]
    return f'({operator.join(sql for sql, _ in terms)})', parameters


def _starts_with(prefix: str) -> Sql:
    """As a range, for which SQLite uses the index on `uri`. LIKE and GLOB have special characters,
    and LIKE takes upper for lower case."""
    check_prefix(prefix)
    end = successor(prefix)
    if end is None:
        return 'clips.uri >= ?', [prefix]
    return '(clips.uri >= ? AND clips.uri < ?)', [prefix, end]


def _in(path: Path, values: tuple[Any, ...]) -> Sql:
    by_kind: dict[str, list[Any]] = {}
    for value in values:
        by_kind.setdefault(kind_of(value), []).append(_scalar(value))
    terms: list[str] = []
    parameters: list[Any] = []
    for kind, scalars in by_kind.items():
        if kind == NULL:
            terms.append('kind = ?')
            parameters.append(kind)
        else:
            terms.append(f'kind = ? AND value IN ({", ".join("?" * len(scalars))})')
            parameters += [kind, *scalars]
    return _has_tag(path, f'({" OR ".join(terms)})', parameters)


def _has_tag(path: Path, condition: str, parameters: list[Any]) -> Sql:
    sql = f'clips.number IN (SELECT clip FROM tags WHERE path = ? AND {condition})'
    return sql, [_path(path), *parameters]


def _has_text(beginning: str) -> Sql:
    """GLOB tells upper from lower case, and has classes of characters: here those that part words.
    A beginning has none of the characters that are special to it. The names of words are looked at
    one by one only where their JSON has the text, which may be a part of a number too."""

    def begins(column: str) -> str:
        return f"(lower({column}) GLOB ? || '*' OR lower({column}) GLOB '*{NO_WORD}' || ? || '*')"

    sql = (
        f'({begins("clips.uri")} OR EXISTS (SELECT 1 FROM tags WHERE clip = clips.number '
        f"AND kind = '{TEXT}' AND {begins('value')}) OR (instr(lower(clips.words), ?) AND EXISTS "
        f'(SELECT 1 FROM json_each(clips.words) AS word WHERE {begins("word.value ->> 0")})))'
    )
    return sql, [beginning] * 7


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
