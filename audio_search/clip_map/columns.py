"""What dots can be coloured by: each clip's label, folder, date and first word."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from audio_search.titles import file_name, label_of
from audio_search.wall_clock import start_of

MAX_VALUES = 5000  # of a column, so that a legend stays readable; those beyond are one value
MAX_DAYS = 40  # of more, dates are months
OTHERS = 'all others'
WORD = re.compile(r'[^\W\d_]{2,}')


@dataclass(frozen=True)
class Column:
    """`values`, and for each clip the number of its own, uint16 [clips]. A clip without one has the
    value ''."""

    values: list[str]
    codes: np.ndarray


def columns_of(clips: Sequence[tuple[str | None, dict[str, Any]]]) -> dict[str, Column]:
    """The columns of clips, given as (uri, tags); values that most clips have come first, but dates
    in their order."""
    read: dict[str, Callable[[str | None, dict[str, Any]], str]] = {
        'label': lambda uri, tags: label_of(tags),
        'folder': lambda uri, tags: _folder(uri),
        'word': lambda uri, tags: _first_word(file_name(uri, tags)),
    }
    columns = {
        name: _column([of(uri, tags) for uri, tags in clips], by_count=True)
        for name, of in read.items()
    }
    days = [_day(uri, tags) for uri, tags in clips]
    if len(set(days)) > MAX_DAYS:
        days = [day[:7] for day in days]
    columns['date'] = _column(days, by_count=False)
    return columns


def _column(texts: list[str], by_count: bool) -> Column:
    counted = Counter(texts)
    values = sorted(counted, key=lambda value: (-counted[value], value) if by_count else value)
    if len(values) > MAX_VALUES:
        values = [*values[:MAX_VALUES], OTHERS]
    numbers = {value: number for number, value in enumerate(values)}
    last = len(values) - 1
    return Column(values, np.array([numbers.get(text, last) for text in texts], np.uint16))


def _folder(uri: str | None) -> str:
    if uri is None or uri.startswith('data:'):
        return ''
    folder = str(PurePosixPath(uri.split('#')[0]).parent)
    return '' if folder == '.' else folder


def _first_word(name: str) -> str:
    found = WORD.search(PurePosixPath(name).stem)
    return found[0].lower() if found else ''


def _day(uri: str | None, tags: dict[str, Any]) -> str:
    start = start_of(uri, tags)
    return start.date().isoformat() if start else ''
