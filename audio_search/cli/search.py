"""What sounds like a file."""

from pathlib import Path
from typing import Annotated, Any

import typer

from audio_search.audio.sources import split_fragment
from audio_search.cli.connection import connect, uri_of
from audio_search.cli.console import Exit, complain, print_json, print_table
from audio_search.cli.options import Filter, Json, Url, json_object
from audio_search.client import Client, Refused

NOT_THERE = (403, 404)  # for the service, which may see other folders than this command


def search(
    file: Annotated[
        str,
        typer.Argument(
            metavar='FILE',
            help='A sound file, here or as the service calls it; #t=BEGIN,END (s) takes a part.',
        ),
    ],
    limit: Annotated[
        int | None, typer.Option(min=1, show_default=False, help='How many clips; else 5.')
    ] = None,
    filter: Filter = None,
    exclude_self: Annotated[
        bool, typer.Option('--exclude-self', help="Leave out the file's own clip.")
    ] = False,
    url: Url = None,
    as_json: Json = False,
) -> int:
    """Find the clips that sound like a file, nearest first.

    With --json, prints the file as one answered document, with its matches.

    \b
    Examples:
      audio-search search query.wav --limit 3
      audio-search search 'query.wav#t=1,3' --exclude-self --json
    """
    parameters: dict[str, Any] = {'exclude_self': exclude_self}
    if limit is not None:
        parameters['limit'] = limit
    if filter is not None:
        parameters['filter'] = json_object('--filter', filter)
    with connect(url) as client:
        found = _find(client, file, parameters)
    if found['error']:
        complain(found['error'])
        if as_json:
            print_json(found)
        return Exit.SOME_FAILED
    if found.get('note'):
        complain(found['note'])
    if as_json:
        print_json(found)
    else:
        print_table(
            ('distance', 'uri', 'this part (s)', 'matched this part (s)', 'tags'),
            [_row(match) for match in found['matches']],
        )
    return Exit.DONE


def _find(client: Client, file: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """By its path, where the service sees it too; else the file is sent."""
    uri = uri_of(file)
    path = Path(uri)
    if not path.is_absolute() or split_fragment(uri)[0] != uri:
        return client.search({'uri': uri}, parameters)
    if client.is_local:
        try:
            return client.search({'uri': uri}, parameters)
        except Refused as error:
            if error.status not in NOT_THERE:
                raise
    try:
        return client.search_file(path, parameters)
    except OSError as error:
        raise Refused(404, f'{file} cannot be read ({error.strerror})') from None


def _row(match: dict[str, Any]) -> tuple[str, ...]:
    return (
        f'{match["scores"]["cosine"]:.4f}',
        str(match['uri']) + (' (missing)' if match.get('missing') else ''),
        _seconds(match['query_beg_in_ms'], match['query_end_in_ms']),
        _seconds(match['beg_in_ms'], match['end_in_ms']),
        ', '.join(f'{key}={value}' for key, value in match['tags'].items()),
    )


def _seconds(beg_in_ms: int | None, end_in_ms: int | None) -> str:
    return (
        ''
        if beg_in_ms is None or end_in_ms is None
        else f'{beg_in_ms / 1e3:g} to {end_in_ms / 1e3:g}'
    )
