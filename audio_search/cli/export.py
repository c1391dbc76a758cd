"""`audio-search export FILE`: the index as a table of other programs."""

import sys
from pathlib import Path

from audio_search.cli.console import complain
from audio_search.export import export as write
from audio_search.export import json_lines
from audio_search.settings import Settings
from audio_search.store.sqlite.reading import reading


def export(file: Path) -> None:
    """Write every window of the index in this workspace to `file`; - is JSON lines to stdout.

    It reads the index file, not the service: the vectors are bytes there, which HTTP would carry as
    text some ten times as large, and SQLite lets others read while the service writes.

    Raises ExportError, IndexFileError.
    """
    with reading(Settings.from_env().index_path) as index:
        if str(file) == '-':
            json_lines(index, sys.stdout.buffer)
            return
        count = write(index, file)
    complain(f'wrote {count} windows to {file}')
