"""Which clips there are, what each of them is, and which must not answer each other."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from audio_search import tables
from audio_search.evaluation.errors import EvaluationError
from audio_search.tables import Columns, Row

SOUND = re.compile(
    r'\.(wav|flac|ogg|oga|opus|mp3|aiff?|m4a|aac|webm|mp4|wma|amr|wv|ape)', re.IGNORECASE
)
# In these places a folder has its table, and below these folders the table's files.
TABLES = (
    'metadata.csv',
    'esc50.csv',
    'meta/esc50.csv',
    'annotations.csv',
    'hoplite_annotations.csv',
)
BELOW = ('.', 'audio')

FOLDER, NAME, FILE = 'folder', 'name', 'file'  # where a label or a group may come from
TOY_NAME = r'\d+_(?P<label>.+)'  # of the toy clips: 143_birds.mp3


@dataclass(frozen=True)
class Clip:
    """A sound with its label. Clips of one `group` never answer each other; None is no group."""

    path: Path
    label: str
    group: str | None = None
    begin_s: float = 0.0
    end_s: float | None = None  # None: to the end of the file
    tags: Mapping[str, tables.Tag] = field(default_factory=dict, compare=False)

    @property
    def name(self) -> str:
        if self.end_s is None and not self.begin_s:
            return self.path.name
        end = '' if self.end_s is None else f',{self.end_s:g}'
        return f'{self.path.name}#t={self.begin_s:g}{end}'


@dataclass(frozen=True)
class Labelled:
    """The clips of a folder, where their labels come from in words, and what was left out."""

    clips: list[Clip]
    source: str
    warnings: list[str]


@dataclass(frozen=True)
class LabelSource:
    """Where labels come from.

    `kind` is `folder` (the folder a file is in), `name` (its name without the suffix, by `pattern`,
    a regular expression with a group `label`), a table (`table`, with `columns` where its head does
    not tell), or auto: the folder's own table if it has one, else the folders if the files lie in
    several, else names as those of the toy clips.
    """

    kind: str = 'auto'
    pattern: str | None = None
    table: Path | None = None
    columns: Columns | None = None


def read(folder: Path, source: LabelSource, group_by: str | None = None) -> Labelled:
    """The labelled clips below `folder`, in the order of their names, or of the table's rows.

    `group_by` is `folder`, `file` (parts of one recording), or a column of the table; a file
    without a value there is in no group. Raises EvaluationError where there is no folder, no sound,
    no label or no such column, and TableError for a table that cannot be read.
    """
    if not folder.is_dir():
        raise EvaluationError(f'{folder} is not a folder; give the one with the labelled sounds')
    table = source.table or _own_table(folder, source)
    if table:
        return _from_table(folder, table, source.columns, group_by)
    if source.columns:
        raise EvaluationError('Columns were named, but no table; give the table as well')
    if group_by not in (None, FOLDER, FILE):
        raise EvaluationError(
            f'Clips can be grouped by {group_by!r} only where a table has that column; give the '
            'table, or group by folder'
        )
    return _from_files(folder, source, group_by)


def _own_table(folder: Path, source: LabelSource) -> Path | None:
    if source.kind != 'auto' or source.pattern:
        return None
    return next((folder / name for name in TABLES if (folder / name).is_file()), None)


def _sounds(folder: Path) -> list[Path]:
    paths = sorted(path for path in folder.rglob('*') if SOUND.fullmatch(path.suffix))
    hidden = (path.relative_to(folder).parts for path in paths)
    sounds = [
        path
        for path, parts in zip(paths, hidden, strict=True)
        if path.is_file() and not any(part.startswith('.') for part in parts)
    ]
    if not sounds:
        raise EvaluationError(
            f'There are no sounds in {folder}; give a folder with wav, flac, ogg, opus, mp3, aiff, '
            'm4a, aac, webm or mp4 files'
        )
    return sounds


def _from_files(folder: Path, source: LabelSource, group_by: str | None) -> Labelled:
    sounds = _sounds(folder)
    kind = NAME if source.pattern else source.kind
    if kind == 'auto':
        kind = FOLDER if len({path.parent for path in sounds}) > 1 else NAME
    pattern = _compiled(source.pattern or TOY_NAME)
    clips, nameless = [], []
    for path in sounds:
        match = pattern.fullmatch(path.stem)
        label = path.parent.name if kind == FOLDER else match and match['label']
        if label:
            clips.append(Clip(path, label, _group(path, {}, group_by)))
        else:
            nameless.append(path.name)
    if not clips:
        raise EvaluationError(
            f'The names of the sounds in {folder}, such as {nameless[0]}, hold no label that '
            f'{pattern.pattern!r} finds; give a pattern with (?P<label>…), a table, or sort them '
            'into a folder for each label'
        )
    origin = 'the folders' if kind == FOLDER else f'the names, by {pattern.pattern}'
    return Labelled(clips, origin, _left_out(nameless, 'no label is in their names'))


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise EvaluationError(
            f'The pattern {pattern!r} is no regular expression: {error}; correct it'
        ) from None
    if 'label' not in compiled.groupindex:
        raise EvaluationError(
            f'The pattern {pattern!r} has no group for the label; write (?P<label>…) around it'
        )
    return compiled


def _from_table(
    folder: Path, table: Path, columns: Columns | None, group_by: str | None
) -> Labelled:
    rows = tables.read(table, columns)
    known = {column for row in rows for column in row.tags}
    if group_by not in (None, FOLDER, FILE) and group_by not in known:
        raise EvaluationError(
            f'{table} has no column {group_by!r} to group by; it has {", ".join(sorted(known))}'
        )
    find = _Finder(folder, table)
    clips: dict[tuple[Path, float, float | None], Clip] = {}
    missing, nameless, again = [], [], 0
    for row in rows:
        path = find(row)
        if path is None:
            missing.append(row.file)
        elif row.label is None:
            nameless.append(row.file)
        else:
            key = (path, row.begin_s, row.end_s)
            clip = Clip(
                path, row.label, _group(path, row.tags, group_by), row.begin_s, row.end_s, row.tags
            )
            again += clips.setdefault(key, clip).label != clip.label
    if not clips:
        reason = (
            f'none of its {len(rows)} files is in {folder}' if missing else 'no row has a label'
        )
        raise EvaluationError(
            f'The table {table} gives no clips: {reason}; give the folder that the files are in, '
            'or name the column with the labels'
        )
    warnings = _left_out(missing, 'the table names them, but they are not in the folder')
    warnings += _left_out(nameless, 'the table has no label for them')
    if again:
        warnings.append(f'in {again} rows a clip gets a second label; the first one counts')
    return Labelled(list(clips.values()), str(table), warnings)


class _Finder:
    """Finds the file that a row means: below the folder, beside the table, or anywhere in the
    folder if only one has that name."""

    def __init__(self, folder: Path, table: Path) -> None:
        self._folders = [base / name for base in (table.parent, folder) for name in BELOW]
        self._by_name: dict[str, list[Path]] = defaultdict(list)
        for path in folder.rglob('*'):
            if SOUND.fullmatch(path.suffix):
                for name in (path.name, path.stem):
                    self._by_name[name].append(path)

    def __call__(self, row: Row) -> Path | None:
        for folder in self._folders:
            if (folder / row.file).is_file():
                return folder / row.file
        found = self._by_name[Path(row.file).name]
        return found[0] if len(found) == 1 else None


def _group(path: Path, tags: Mapping[str, tables.Tag], group_by: str | None) -> str | None:
    if group_by is None:
        return None
    if group_by == FOLDER:
        return str(path.parent)
    if group_by == FILE:
        return str(path)
    return str(tags[group_by]) if group_by in tags else None


def _left_out(names: Sequence[str], why: str) -> list[str]:
    if not names:
        return []
    return [f'left out, because {why}: {", ".join(_some(names))}']


def _some(names: Sequence[str], shown: int = 3) -> Iterator[str]:
    yield from names[:shown]
    if len(names) > shown:
        yield f'and {len(names) - shown} more'


def check(clips: Sequence[Clip]) -> None:
    """Raise EvaluationError where no clip could be answered rightly, or none wrongly."""
    labels = Counter(clip.label for clip in clips)
    if len(labels) < 2:
        raise EvaluationError(
            f'All {len(clips)} clips have the label {next(iter(labels), None)!r}, so that every '
            'answer is right; give clips of two labels or more'
        )
    pairs = Counter((clip.label, clip.group) for clip in clips if clip.group is not None)
    if all(
        labels[clip.label] == (1 if clip.group is None else pairs[clip.label, clip.group])
        for clip in clips
    ):
        where = '' if not pairs else ' in another group'
        raise EvaluationError(
            f'No clip has another of its label{where}, so that no answer is right; give two clips '
            'or more for each label, or group them otherwise'
        )
