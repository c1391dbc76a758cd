"""What `search --within` asks and prints: the places in recordings where a sound occurs."""

from typing import Annotated, Any

import typer

from audio_search.cli.connection import uri_of
from audio_search.cli.console import WrongUse, complain, print_table
from audio_search.cli.options import json_object

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
MinGap = Annotated[
    float | None,
    typer.Option(
        min=0,
        show_default=False,
        help='Inside: places with fewer seconds between them are one; else 1.',
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


def check_form(is_table_or_json: bool, cut: object) -> None:
    """Raises WrongUse for what is printed or written of matches only."""
    if not is_table_or_json:
        raise WrongUse('--format with --within prints table or json; choose one of them')
    if cut is not None:
        raise WrongUse('--cut writes the parts of matches, and --within finds events; leave it out')


def print_events(found: dict[str, Any]) -> None:
    """A table, best first. The recording is a column of it, since there may be several."""
    if not found['events']:
        complain(
            f'no place is within a distance of {found["max_distance"]:g}; --max-distance or '
            '--false-alarms-per-hour allows more'
        )
    print_table(
        ('begin (s)', 'end (s)', 'peak (s)', 'distance', '1 in', 'recording'),
        [
            (
                f'{event["beg_s"]:.2f}',
                f'{event["end_s"]:.2f}',
                f'{event["peak_s"]:.2f}',
                f'{event["distance"]:.4f}',
                f'{event["rarity"]:,}',
                event['uri'] or event['id'],
            )
            for event in found['events']
        ],
    )
