"""Judgements that are in files: those that `judgements` writes, label tracks of Audacity, and
selection tables of Raven, whoever made them.

Text alone is read; which clip a row is of says its id, else its uri or the path in it.
"""

import csv
import io
import math
from collections.abc import Callable, Mapping
from pathlib import Path

from audio_search.formats.judgements import RIGHT, SUFFIXES, Judged
from audio_search.formats.table import uncell

FILES = ('Begin Path', 'Begin File')  # columns of Raven, the one that says more first
LABELS = ('Annotation', 'Label', 'Species', 'Class', 'Call Type')


class JudgementFileError(ValueError):
    """A file that cannot be read; the message says which, where, and what to do."""


def read_judgements(path: Path, clip: str | None = None, label: str | None = None) -> list[Judged]:
    """The judgements in a file, in order, each with its line.

    `clip`, an id or a uri, is what a label track is of, which names none; in the place of what a
    table says, it is of one clip alone. `label` is for lines without one. Where a file says no
    judgement, what it marks is right. Raises JudgementFileError.
    """
    try:
        text = path.read_text(encoding='utf-8-sig')
    except OSError as error:
        raise JudgementFileError(f'{path} cannot be read ({error.strerror})') from None
    except UnicodeDecodeError:
        raise JudgementFileError(f'{path} is not UTF-8 text; save it as that') from None
    head = text.partition('\n')[0]
    if 'Begin Time (s)' in head.split('\t'):
        return _rows(path, text, '\t', lambda row: _raven(row, clip, label))
    if '\t' in head and _is_track(head):
        if clip is None:
            raise JudgementFileError(
                f'{path} is a label track, which does not say of what; name its clip with --clip'
            )
        return _track(path, text, clip, label)
    delimiter = max(',;\t', key=head.count)
    return _rows(path, text, delimiter, lambda row: _table(row, clip, label))


def _rows(
    path: Path, text: str, delimiter: str, judged: Callable[[Mapping[str, str]], Judged]
) -> list[Judged]:
    reader = csv.DictReader(io.StringIO(text, newline=''), delimiter=delimiter, restval='')
    found = []
    try:
        for row in reader:
            try:
                filled = {key: value.strip() for key, value in row.items() if key and value}
                if filled:
                    found.append(judged(filled))
            except ValueError as error:
                raise JudgementFileError(f'Line {reader.line_num} of {path} {error}') from None
    except csv.Error as error:
        raise JudgementFileError(
            f'{path} is no table: {error} in line {reader.line_num}; correct it'
        ) from None
    return found


def _table(row: Mapping[str, str], clip: str | None, label: str | None) -> Judged:
    """A row of our own CSV, or one with a part of its columns."""
    values = {key: uncell(value) for key, value in row.items()}
    part = None
    if 'beg_s' in values or 'end_s' in values:
        part = _seconds(values, 'beg_s'), _seconds(values, 'end_s')
    return _judged(values, values.get('id', ''), values.get('uri', ''), part, clip, label)


def _raven(row: Mapping[str, str], clip: str | None, label: str | None) -> Judged:
    """Times are of the file: `File Offset (s)`, where the table is of several files."""
    beg_s, end_s = _seconds(row, 'Begin Time (s)'), _seconds(row, 'End Time (s)')
    if 'File Offset (s)' in row:
        offset_s = _seconds(row, 'File Offset (s)')
        beg_s, end_s = offset_s, offset_s + end_s - beg_s
    file = next((row[name] for name in FILES if name in row), '')
    part = None if row.get('Whole Clip') == 'yes' else (round(beg_s, 3), round(end_s, 3))
    values = {
        'label': next((row[name] for name in LABELS if name in row), ''),
        'judgement': row.get('Judgement', ''),
        'by': row.get('Judged By', ''),
        'time': row.get('Judged At', ''),
    }
    return _judged(values, row.get('Clip', ''), file, part, clip, label)


def _judged(
    values: Mapping[str, str],
    clip_id: str,
    uri: str,
    part: tuple[float, float] | None,
    clip: str | None,
    label: str | None,
) -> Judged:
    if clip is not None:
        clip_id, uri = clip, clip
    if not (clip_id or uri):
        raise ValueError('names no clip; fill in its id or uri, or name one with --clip')
    if not (named := values.get('label') or label):
        raise ValueError('has no label; fill it in, or give one with --label')
    return Judged(
        id=clip_id,
        uri=uri,
        label=named,
        judgement=values.get('judgement') or RIGHT,
        part=part,
        by=values.get('by', ''),
        time=values.get('time', ''),
    )


def _track(path: Path, text: str, clip: str, label: str | None) -> list[Judged]:
    """A label track of one clip. Lines that begin with a backslash are frequencies of the label
    before (https://manual.audacityteam.org/man/importing_and_exporting_labels.html)."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith('\\'):
            continue
        fields = line.split('\t', 2)
        try:
            beg_s, end_s = (_number(field) for field in fields[:2])
            said, verdict = _label_and_verdict(fields[2].strip() if len(fields) > 2 else '')
            part = _part_of_track(beg_s, end_s, clip)
            values = {'label': said, 'judgement': verdict}
            found.append(_judged(values, clip, clip, part, None, label))
        except ValueError as error:
            raise JudgementFileError(f'Line {number} of {path} {error}') from None
    return found


def _part_of_track(beg_s: float, end_s: float, clip: str) -> tuple[float, float] | None:
    if beg_s < end_s:
        return round(beg_s, 3), round(end_s, 3)
    if beg_s == Judged('', clip, '', RIGHT).clip_begins_s:
        return None
    raise ValueError(
        f'is a point at {beg_s:g} s; draw it over what it is of, or put it at the beginning for '
        'the whole clip'
    )


def _label_and_verdict(text: str) -> tuple[str, str]:
    for verdict, suffix in SUFFIXES.items():
        if text.endswith(suffix):
            return text.removesuffix(suffix), verdict
    return text, RIGHT


def _is_track(line: str) -> bool:
    try:
        return len([_number(field) for field in line.split('\t')[:2]]) == 2
    except ValueError:
        return False


def _seconds(row: Mapping[str, str], column: str) -> float:
    if column not in row:
        raise ValueError(f'has no {column!r}; fill it in, in seconds of the file')
    return _number(row[column])


def _number(text: str) -> float:
    """Audacity writes numbers with the comma of some languages."""
    try:
        number = float(text.strip().replace(',', '.'))
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise ValueError(f'has the time {text.strip()!r}; give seconds from the beginning')
    return number
