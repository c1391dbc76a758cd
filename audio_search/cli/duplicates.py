"""Which clips of the index are one recording."""

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from audio_search.cli.console import WrongUse, complain, console, counted, print_json
from audio_search.cli.options import Json
from audio_search.settings import Settings

if TYPE_CHECKING:
    from audio_search.duplicates import Group

COLUMNS = ('group', 'keep', 'id', 'uri', 'duration_s', 'rate_hz', 'channels')


def duplicates(
    as_json: Json = False,
    as_csv: Annotated[bool, typer.Option('--csv', help='Print CSV, one row per clip.')] = False,
) -> None:
    """Name the clips that are one recording, also while the service runs.

    They are one up to their encoding, their gain, or a cut of under a second. Each group names
    the one to keep: the longest, of these the one with the best rate.

    \b
    Examples:
      audio-search duplicates --json
      AUDIO_SEARCH_WORKSPACE=workspace audio-search duplicates --csv
    """
    # It reads the index file, as `export` does and for the same reason, and the files of the clips.
    from audio_search.duplicates import find_groups
    from audio_search.store.sqlite.reading import reading

    if as_json and as_csv:
        raise WrongUse('--json and --csv were given; leave one out')
    settings = Settings.from_env()
    with reading(settings.index_path) as index:
        groups = find_groups(index, settings.roots.with_folder(settings.media), _bar)
    if as_json:
        print_json(as_object(groups))
    elif as_csv:
        sys.stdout.write(as_table(groups))
    else:
        for group in groups:
            console.print(_sentence(group))
        is_or_are = 'is' if len(groups) == 1 else 'are'
        complain(f'{counted(len(groups), "recording")} {is_or_are} in the index more than once')


def _bar(batches: Sequence[int]) -> Iterable[int]:
    """A progress bar, in a terminal only, and not where the result goes."""
    from rich.console import Console
    from rich.progress import track

    terminal = Console(stderr=True)
    hidden = not terminal.is_terminal
    return track(batches, 'Listening', console=terminal, transient=True, disable=hidden)


def as_object(groups: Sequence['Group']) -> dict[str, Any]:
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


def as_table(groups: Sequence['Group']) -> str:
    """CSV with COLUMNS; the last three are empty where the file of the clip is gone."""
    from audio_search.formats.table import csv_rows

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


def _sentence(group: 'Group') -> str:
    keep = next(clip for clip in group.clips if clip.keep)
    others = [clip.uri or clip.id for clip in group.clips if clip is not keep]
    return f'{keep.uri or keep.id} is also: {", ".join(others)}'
