"""What the command line prints: data to stdout, everything else to stderr."""

import json
import sys
from collections.abc import Iterable, Sequence
from enum import IntEnum
from itertools import chain, islice
from typing import Any

from rich.console import Console
from rich.table import Table

# Without markup, since paths may hold brackets; colours only where a terminal shows them.
console = Console(highlight=False, markup=False, soft_wrap=True)
news = Console(highlight=False, markup=False, soft_wrap=True, stderr=True)


class Exit(IntEnum):
    """How a command ends."""

    DONE = 0
    SOME_FAILED = 1  # also whatever else went wrong
    WRONG_USE = 2
    NO_SERVICE = 3
    INTERRUPTED = 130
    TERMINATED = 143


class WrongUse(ValueError):
    """Arguments that do not go together, or name nothing; the message says what to do."""


def complain(sentence: str) -> None:
    print(f'audio-search: {sentence}', file=sys.stderr, flush=True)


def print_json(value: Any) -> None:
    """One JSON value for scripts, on one line."""
    print(json.dumps(value, ensure_ascii=False), flush=True)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table for people; where it is piped, a header and rows with tabs between the cells.

    `rows` may come slowly: nothing is printed before the first.
    """
    rows = iter(rows)
    rows = chain(list(islice(rows, 1)), rows)
    if not console.is_terminal:
        print('\t'.join(columns))
        for row in rows:
            print('\t'.join(' '.join(str(cell).split()) for cell in row))
        return
    table = Table()
    for column in columns:
        table.add_column(column, overflow='fold')  # ids and uris are there to be copied
    for row in rows:
        table.add_row(*map(str, row))
    console.print(table)


def counted(count: int, noun: str) -> str:
    """'1 clip', '2,000 clips'."""
    return f'{count:,} {noun}' + ('' if count == 1 else 's')


def can_ask() -> bool:
    """Whether somebody is there to answer a question."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask(question: str) -> bool:
    """Whether the answer to a yes-or-no question is yes."""
    print(f'audio-search: {question} [y/N] ', file=sys.stderr, end='', flush=True)
    return sys.stdin.readline().strip().lower() in ('y', 'yes')
