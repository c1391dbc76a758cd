"""The index as a table of other programs."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from audio_search.cli.console import complain, counted, print_json
from audio_search.cli.options import Json
from audio_search.settings import Settings


def export(
    file: Annotated[
        Path,
        typer.Argument(
            metavar='FILE', help='Ends in .parquet or .jsonl; - is JSON lines on stdout.'
        ),
    ],
    as_json: Json = False,
) -> None:
    """Write every clip, window and embedding to a table, also while the service runs.

    \b
    Examples:
      audio-search export windows.parquet
      audio-search export windows.jsonl --json
    """
    # It reads the index file and not the service: the vectors are bytes there, which HTTP would
    # carry as text some ten times as large, and SQLite lets others read while the service writes.
    from audio_search.export import export as write
    from audio_search.export import json_lines
    from audio_search.store.sqlite.reading import reading

    with reading(Settings.from_env().index_path) as index:
        if str(file) == '-':
            json_lines(index, sys.stdout.buffer)
            return
        count = write(index, file)
    complain(f'wrote {counted(count, "window")} to {file}')
    if as_json:
        print_json({'file': str(file), 'windows': count})
