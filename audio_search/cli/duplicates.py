"""`audio-search duplicates`: which clips of the index are one recording."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.progress import track

from audio_search.cli.console import complain, console
from audio_search.duplicates import Group, find_groups
from audio_search.formats.table import csv_rows
from audio_search.settings import Settings
from audio_search.store.sqlite.reading import reading

COLUMNS = ('group', 'keep', 'id', 'uri', 'duration_s', 'rate_hz', 'channels')


def duplicates(*, as_json: bool = False, as_csv: bool = False) -> None:
    """Print the groups: for people, as one JSON object, or as CSV with one row per clip.

    It reads the index file, as `export` does and for the same reason, and the files of the clips.

    Raises IndexFileError.
    """
    settings = Settings.from_env()
    with reading(settings.index_path) as index:
        groups = find_groups(index, (*settings.roots, settings.media), _bar)
    if as_json:
        print(json.dumps(as_object(groups), ensure_ascii=False))
    elif as_csv:
        sys.stdout.write(as_table(groups))
    else:
        for group in groups:
            console.print(_sentence(group))
        found = '1 recording is' if len(groups) == 1 else f'{len(groups)} recordings are'
        complain(f'{found} in the index more than once')


def _bar(batches: Sequence[int]) -> Iterable[int]:
    """A progress bar, in a terminal only, and not where the result goes."""
    terminal = Console(stderr=True)
    hidden = not terminal.is_terminal
    return track(batches, 'Listening', console=terminal, transient=True, disable=hidden)


def as_object(groups: Sequence[Group]) -> dict[str, Any]:
    """`keep` is the id of the clip that is suggested to be kept."""
    return {
        'groups': [
            {
                'clips': [{'id': clip.id, 'uri': clip.uri} for clip in group.clips],
                'keep': next(clip.id for clip in group.clips if clip.keep),
            }
            for group in groups
        ]
    }


def as_table(groups: Sequence[Group]) -> str:
    """CSV with COLUMNS; the last three are empty where the file of the clip is gone."""
    return csv_rows(
        COLUMNS,
        (
            (
                str(number),
                'yes' if clip.keep else 'no',
                clip.id,
                clip.uri or '',
                f'{clip.header.duration_s:.3f}' if clip.header else '',
                str(clip.header.rate_hz) if clip.header else '',
                str(clip.header.channels) if clip.header else '',
            )
            for number, group in enumerate(groups, 1)
            for clip in group.clips
        ),
    )


def _sentence(group: Group) -> str:
    keep = next(clip for clip in group.clips if clip.keep)
    others = [clip.uri or clip.id for clip in group.clips if clip is not keep]
    return f'{keep.uri or keep.id} is also: {", ".join(others)}'
