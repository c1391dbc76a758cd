"""Folders into the index."""

import csv
import io
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from audio_search import tables
from audio_search.cli.connection import connect
from audio_search.cli.console import (
    Exit,
    WrongUse,
    ask,
    can_ask,
    complain,
    counted,
    print_json,
    print_table,
)
from audio_search.cli.options import Json, Url, Yes
from audio_search.cli.progress import IngestProgress
from audio_search.client import Client
from audio_search.folders import files, labels
from audio_search.folders.files import NoFiles, SoundFile
from audio_search.folders.ingest import Ingest, Wanted, forget, gone
from audio_search.folders.tables import Table, part
from audio_search.folders.tally import Failed, Tally

SHOWN_FAILURES = 20  # on stderr, one by one

LabelFrom = Annotated[
    str | None,
    typer.Option(
        metavar='folder|name|REGEX',
        show_default=False,
        help='The label of a clip: the folder it is in, the words of its name (birds for '
        '143_birds.mp3), or what a regular expression finds in its path. Named groups become tags.',
    ),
]


def index(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar='PATH...', show_default=False, help='Folders, files, or quoted patterns.'
        ),
    ] = None,
    from_file: Annotated[
        str | None,
        typer.Option(
            metavar='FILE',
            show_default=False,
            help='Take paths from a list, one on each line; - is standard input.',
        ),
    ] = None,
    label_from: LabelFrom = None,
    tags_csv: Annotated[
        str | None,
        typer.Option(
            metavar='FILE',
            show_default=False,
            help='Take tags from a table, by path or name. A row with a begin and an end (s) '
            'becomes a clip of that part.',
        ),
    ] = None,
    failed: Annotated[
        Path | None,
        typer.Option(
            metavar='FILE', show_default=False, help='Write the files that failed as CSV, and why.'
        ),
    ] = None,
    prune: Annotated[
        bool,
        typer.Option(
            '--prune', help='Then delete the clips below PATH whose file is gone, after asking.'
        ),
    ] = False,
    yes: Yes = False,
    url: Url = None,
    as_json: Json = False,
) -> int:
    """Index the sounds in folders, and what changed in them since.

    Files that did not change cost next to nothing, so whatever ended the command, also a power cut:
    give it again, and it goes on. Tags are added to those a clip has. The service has to see the
    files: its AUDIO_SEARCH_ROOTS name the folders it may read. With --json, prints the counts.

    \b
    Examples:
      audio-search index birds --label-from folder
      audio-search index 'birds/**/*.wav' --failed failed.csv --json
    """
    if prune and (not paths or from_file):
        raise WrongUse('--prune looks below PATH; name a folder, and no --from-file')
    if prune and not (yes or can_ask()):
        raise WrongUse('nobody is there to be asked; give --yes to delete what is gone')
    tags_of = TagsOf(label_from, tags_csv)
    found = Files(paths or [], from_file)
    tally = Tally()
    with ExitStack() as stack:
        client = stack.enter_context(connect(url))
        tell = Failures(stack.enter_context(_csv(failed)) if failed else None)
        count = (lambda: sum(1 for _ in tags_of(found.all()))) if found.can_be_read_again else None
        try:
            ingest = Ingest(client, tally, tell, progress := IngestProgress(tally, count))
            with progress:
                ingest.run(tags_of(found.all(tally, tell)))
        except KeyboardInterrupt:
            complain(
                f'stopped after {counted(tally.indexed + tally.replaced, "clip")}, which are '
                'stored; the same command goes on from there'
            )
            raise
        if not tally.done:
            raise WrongUse(f'no sound files in {found}; check the path, or name files one by one')
        if prune:
            _prune(client, found.folders(), yes, tally)
    _report(tally, tell, tags_of, as_json)
    return Exit.SOME_FAILED if tally.failed else Exit.DONE


class Files:
    """The files that the command line names. Raises WrongUse where it names none."""

    def __init__(self, paths: list[str], from_file: str | None) -> None:
        if not paths and not from_file:
            raise WrongUse('nothing to index is named; give a PATH, or --from-file')
        try:
            self._paths = files.expand(paths)
        except NoFiles as error:
            raise WrongUse(str(error)) from None
        self._list = from_file
        if from_file and from_file != '-' and not Path(from_file).is_file():
            raise WrongUse(f'--from-file {from_file} is not a file; give one with a path a line')
        self.can_be_read_again = from_file != '-'

    def all(self, tally: Tally | None = None, failed: Failed | None = None) -> Iterator[SoundFile]:
        """Each file; folders that cannot be read are told to `failed` and counted in `tally`."""

        def unreadable(folder: str, why: str) -> None:
            if tally and failed:
                shown = SoundFile(folder, folder, folder)
                tally.fail(shown, f'{folder} cannot be read ({why})')
                failed(shown, f'the folder {folder} cannot be read ({why}); change its permissions')

        yield from files.find(self._paths, unreadable)
        if self._list == '-':
            if isinstance(sys.stdin, io.TextIOWrapper):
                sys.stdin.reconfigure(errors='surrogateescape')  # as names of files come
            yield from files.listed(sys.stdin, unreadable)
        elif self._list:
            with Path(self._list).open(encoding='utf-8', errors='surrogateescape') as lines:
                yield from files.listed(lines, unreadable)

    def folders(self) -> list[str]:
        """The real paths of the folders that were named."""
        real = (Path(path).resolve() for path in self._paths)
        return [str(path) for path in real if path.is_dir()]

    def __str__(self) -> str:
        return ', '.join([*self._paths, *([self._list] if self._list else [])])


class TagsOf:
    """Files -> what is wanted of them, by the rules of the command line. Raises WrongUse."""

    def __init__(self, label_from: str | None, tags_csv: str | None) -> None:
        try:
            self._rule = labels.rule(label_from) if label_from else None
            self.table = Table(tables.read(Path(tags_csv))) if tags_csv else None
        except (labels.LabelError, tables.TableError) as error:
            raise WrongUse(str(error)) from None

    def __call__(self, found: Iterable[SoundFile]) -> Iterator[Wanted]:
        for file in found:
            tags = self._rule(file) if self._rule else {}
            rows = self.table.rows_of(file) if self.table and not file.part else []
            for row in rows:
                whole_or_part = replace(file, part=part(row)) if part(row) else file
                yield Wanted(whole_or_part, {**tags, **row.tags})
            if not rows:
                yield Wanted(file, tags)


class Failures:
    """Tells of files that failed: the first few on stderr, all of them in a CSV."""

    def __init__(self, file: TextIO | None) -> None:
        self._file = file
        self._writer = csv.writer(file) if file else None
        if self._writer:
            self._writer.writerow(('file', 'error'))
        self.count = 0

    def __call__(self, file: SoundFile, error: str) -> None:
        self.count += 1
        if self.count <= SHOWN_FAILURES:
            complain(error)
        if self.count == SHOWN_FAILURES + 1:
            complain('more files failed; --failed FILE writes all of them')
        if self._writer and self._file:
            self._writer.writerow((_printable(file.name + file.part), error))
            self._file.flush()


def _printable(text: str) -> str:
    return text.encode(errors='backslashreplace').decode()


def _csv(path: Path) -> Any:
    try:
        return path.open('w', newline='', encoding='utf-8')
    except OSError as error:
        raise WrongUse(f'--failed {path} cannot be written ({error.strerror})') from None


def _prune(client: Client, folders: list[str], yes: bool, tally: Tally) -> None:
    ids = [id_ for folder in folders for id_ in gone(client, folder)]
    if ids and (yes or ask(f'Delete {counted(len(ids), "clip")} whose file is gone?')):
        tally.pruned = forget(client, ids)


def _report(tally: Tally, tell: Failures, tags_of: TagsOf, as_json: bool) -> None:
    if tags_of.table and tags_of.table.unused:
        complain(f'{counted(tags_of.table.unused, "file")} of the table did not come')
    if as_json:
        print_json(tally.as_dict())
    else:
        print_table(('clips', ''), tally.rows())
