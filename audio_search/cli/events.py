"""What `search --within` asks and prints: the places in recordings where a sound occurs."""

from pathlib import Path
from typing import Annotated, Any

import typer

from audio_search.cli.connection import uri_of
from audio_search.cli.console import WrongUse, complain, print_table
from audio_search.cli.options import json_object
from audio_search.paths import audio_path
from audio_search.roots import Roots
from audio_search.wall_clock import shown

Within = Annotated[
    str | None,
    typer.Option(
        metavar='REC',
        show_default=False,
        help='Find every place inside this indexed recording (a file, uri or id; or several, by a '
        'JSON filter of their tags) where the sound occurs.',
    ),
]
MaxDistance = Annotated[
    float | None,
    typer.Option(min=0, max=2, show_default=False, help='Inside: places at least this near.'),
]
FalseAlarmsPerHour = Annotated[
    float | None,
    typer.Option(
        min=0,
        show_default=False,
        help='Inside: in place of --max-distance, how many places may only resemble it; else 1.',
    ),
]
Html = Annotated[
    Path | None,
    typer.Option(
        metavar='FILE',
        show_default=False,
        help='Inside: also write the places as a picture to listen to, one HTML file.',
    ),
]
Refine = Annotated[
    bool,
    typer.Option('--refine', help='Inside: read the sound again to tell begin and end closely.'),
]


def parameters_of(within: str | None, **options: Any) -> dict[str, Any]:
    """Those of POST /search; the service says what does not go together."""
    given = {
        name: value for name, value in options.items() if value is not None and value is not False
    }
    if within is None:
        return given
    is_filter = within.lstrip().startswith('{')
    return {'within': json_object('--within', within) if is_filter else uri_of(within)} | given


def check_form(within: str | None, is_table_or_json: bool, cut: object, html: Path | None) -> None:
    """Raises WrongUse for what is printed or written of matches only, or of events only."""
    if within is None:
        if html is not None:
            raise WrongUse('--html draws the places inside a recording; add --within REC')
        return
    if not is_table_or_json:
        raise WrongUse('--format with --within prints table or json; choose one of them')
    if cut is not None:
        raise WrongUse('--cut writes the parts of matches, and --within finds events; leave it out')
    if html and not html.absolute().parent.is_dir():
        raise WrongUse(
            f'{html} cannot be written, because {html.absolute().parent} is not a folder; make it'
        )


def print_events(found: dict[str, Any]) -> None:
    """A table, best first. The recording is a column of it, since there may be several; the time of
    day where one of the events has one."""
    if not found['events']:
        complain(
            f'no place is within a distance of {found["max_distance"]:g}; --max-distance or '
            '--false-alarms-per-hour allows more'
        )
    is_timed = any('recorded_at' in event for event in found['events'])
    columns = ('begin (s)', 'end (s)', 'peak (s)', 'distance', '1 in')
    clock = ('recorded at',) if is_timed else ()
    print_table((*columns, *clock, 'recording'), [_row(one, is_timed) for one in found['events']])


def write_html(found: dict[str, Any], file: Path, url: str, roots: Roots) -> None:
    """Write the picture of an answer to a file, in the place of one that is there.

    The sound of a recording is played from the service at `url`, and where that does not answer,
    or wants a token, from its file, if it is on this machine.
    """
    # Here, because it loads what decodes sounds.
    from audio_search.formats.hits import file_of, resolved
    from audio_search.formats.timeline import recordings_of, timeline_html

    def sources(id_: str, uri: str | None) -> list[str]:
        paths = resolved([file_of({'uri': uri})], roots).values()
        return [f'{url}{audio_path(id_)}', *(path.as_uri() for path in paths)]

    html = timeline_html(recordings_of(found, sources), file_of(found))
    try:
        file.write_text(html, encoding='utf-8')
    except OSError as error:
        raise WrongUse(
            f'{file} cannot be written ({error.strerror}); choose another file, or make room'
        ) from None
    complain(f'wrote {file}')


def _row(event: dict[str, Any], is_timed: bool) -> tuple[str, ...]:
    time = event.get('recorded_at')
    return (
        f'{event["beg_s"]:.2f}',
        f'{event["end_s"]:.2f}',
        f'{event["peak_s"]:.2f}',
        f'{event["distance"]:.4f}',
        f'{event["rarity"]:,}',
        *((shown(time) if time else '',) if is_timed else ()),
        event['uri'] or event['id'],
    )
