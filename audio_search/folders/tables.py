"""Label tables joined to files: which rows of a table speak of a file.

Reads CSV and tab-separated tables with a header: a column names the file, two may hold where a part
begins and ends (s), all others are tags.
"""

import csv
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from audio_search.folders.files import SoundFile

PATHS = ('path', 'filepath', 'file_path', 'filename', 'file_name', 'file', 'fname', 'audiofilename',
         'recording', 'begin path', 'begin file', 'uri')  # fmt: skip
BEGINS = ('begin_s', 'start_s', 'begin', 'start', 'start_offset_s', 'onset', 'begin time (s)')
ENDS = ('end_s', 'end', 'end_offset_s', 'offset', 'end time (s)')
LABELS = ('category', 'class', 'species', 'label:species')  # what label is where no column is


class TableError(ValueError):
    """A table that cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Row:
    """What a table says of a file, or of a part of it, in seconds."""

    path: str
    tags: dict[str, Any]
    begin_s: float | None = None
    end_s: float | None = None

    @property
    def part(self) -> str:
        return '' if self.end_s is None else f'#t={self.begin_s or 0:.12g},{self.end_s:.12g}'


class Table:
    """Rows by the file that they speak of: by its path, or as much of its end as the table has."""

    def __init__(self, rows: Iterable[Row]) -> None:
        by_part: dict[str, dict[str, Row]] = {}
        for row in rows:
            parts = by_part.setdefault(_key(row.path), {})
            former = parts.get(row.part)
            # Two rows of one part are one clip, with the tags of both.
            parts[row.part] = replace(row, tags=former.tags | row.tags) if former else row
        self._rows = {key: list(parts.values()) for key, parts in by_part.items()}
        self._unused = set(self._rows)

    def rows_of(self, file: SoundFile) -> list[Row]:
        """The rows of a file. The longest path that fits is taken: `a/1.wav` before `1.wav`."""
        key = _key(file.name)
        parts = key.split('/')
        for start in range(len(parts)):
            tail = key if start == 0 else '/'.join(parts[start:])
            if tail in self._rows:
                self._unused.discard(tail)
                return self._rows[tail]
        stem = os.path.splitext(parts[-1])[0]
        self._unused.discard(stem)
        return self._rows.get(stem, [])

    @property
    def unused(self) -> int:
        """How many of the files in the table have not come yet."""
        return len(self._unused)


def read(path: str) -> list[Row]:
    """The rows of a table. Raises TableError."""
    try:
        with Path(path).open(encoding='utf-8-sig', newline='') as file:
            head = file.readline()
            file.seek(0)
            reader = csv.DictReader(file, delimiter='\t' if '\t' in head else ',')
            columns = {name.strip().lower(): name for name in reader.fieldnames or () if name}
            name = _first(columns, PATHS)
            if name is None:
                raise TableError(
                    f'{path} has no column that names files; call one of its columns filename'
                )
            return [_row(record, columns, name, path) for record in reader if record[name]]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TableError(f'{path} cannot be read as a table ({error})') from None


def _row(record: dict[str, Any], columns: dict[str, str], name: str, path: str) -> Row:
    begin, end = _first(columns, BEGINS), _first(columns, ENDS)
    used = {name, begin, end} if begin and end else {name}
    tags = {
        key: _value(value)
        for key, value in record.items()
        if key and key not in used and isinstance(value, str) and value.strip()
    }
    label = _first(columns, LABELS)
    if 'label' not in tags and label and label in tags:
        tags['label'] = tags[label]
    if not (begin and end and record[begin] and record[end]):
        return Row(record[name], tags)
    try:
        return Row(record[name], tags, float(record[begin]), float(record[end]))
    except ValueError:
        raise TableError(
            f'{path} says that a part of {record[name]} lasts from {record[begin]} to '
            f'{record[end]}; write seconds'
        ) from None


def _first(columns: dict[str, str], names: Iterable[str]) -> str | None:
    return next((columns[name] for name in names if name in columns), None)


def _value(text: str) -> Any:
    """A number or true and false as what they are, so that filters can compare them."""
    text = text.strip()
    if text.lower() in ('true', 'false'):
        return text.lower() == 'true'
    try:
        value = json.loads(text)
    except ValueError:
        return text
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return value if is_number and abs(value) < 2**63 else text


def _key(path: str) -> str:
    return path.strip().replace('\\', '/').removeprefix('./')
