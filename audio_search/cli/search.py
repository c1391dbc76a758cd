"""What sounds like a file, or as words say."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from audio_search.audio.sources import split_fragment
from audio_search.cli import events, examples
from audio_search.cli.connection import connect, uri_of
from audio_search.cli.console import (
    Exit,
    WrongUse,
    complain,
    counted,
    print_json,
    print_table,
)
from audio_search.cli.options import Filter, Json, Url, json_object
from audio_search.client import Client, Refused
from audio_search.roots import Roots
from audio_search.settings import Settings
from audio_search.wall_clock import shown

NOT_THERE = (403, 404)  # for the service, which may see other folders than this command


class Match(StrEnum):
    """What of a clip is compared."""

    WINDOW = 'window'
    EXAMPLE = 'example'


class Form(StrEnum):
    """What a search prints."""

    TABLE = 'table'
    JSON = 'json'
    CSV = 'csv'
    AUDACITY = 'audacity'
    RAVEN = 'raven'
    M3U = 'm3u'


def search(
    file: Annotated[
        str | None,
        typer.Argument(
            metavar='FILE',
            show_default=False,
            help='A sound file, here or as the service calls it; #t=BEGIN,END (s) takes a part.',
        ),
    ] = None,
    words: Annotated[
        str | None,
        typer.Option(
            show_default=False,
            help='In place of FILE: names of sounds, -NAME for a counter-example, as in '
            '"bird -crow"; the command words lists them.',
        ),
    ] = None,
    saved: examples.Saved = None,
    like: examples.Like = None,
    unlike: examples.Unlike = None,
    order: examples.OrderOption = examples.Order.NEAREST,
    score: examples.Score = False,
    hubness: examples.HubnessOption = examples.Hubness.NONE,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1,
            show_default=False,
            help='How many clips, else 5; inside a recording how many events, else all.',
        ),
    ] = None,
    filter: Filter = None,
    exclude_self: Annotated[
        bool, typer.Option('--exclude-self', help="Leave out the file's own clip.")
    ] = False,
    per_clip: Annotated[
        int | None,
        typer.Option(
            '--per-clip', min=1, show_default=False, help='Several places of each clip; else one.'
        ),
    ] = None,
    min_gap: Annotated[
        float | None,
        typer.Option(
            '--min-gap',
            min=0,
            show_default=False,
            help='Seconds between the begins of places of one clip; else they do not overlap. '
            'Inside a recording: places with fewer between them are one; else 1.',
        ),
    ] = None,
    group_by: Annotated[
        str | None,
        typer.Option(
            '--group-by',
            metavar='TAG',
            help='The nearest clip of each value of a tag, or of each folder with "folder", or '
            'of each file that clips were cut from with "recording".',
        ),
    ] = None,
    match: Annotated[
        Match | None,
        typer.Option(
            show_default=False,
            help='Compare windows of 4 s, as by default, or the nearest of their examples of '
            '0.96 s: for a short sound among others.',
        ),
    ] = None,
    form: Annotated[
        Form, typer.Option('--format', help='What to print; --json is --format json.')
    ] = Form.TABLE,
    base: Annotated[
        str,
        typer.Option(
            metavar='DIR',
            show_default=False,
            help='The folder that paths in csv, audacity, raven and m3u are relative to; / is '
            'absolute paths. Default: the roots.',
        ),
    ] = '',
    cut: Annotated[
        Path | None,
        typer.Option(
            metavar='DIR', show_default=False, help='Also write the matched parts there, as WAV.'
        ),
    ] = None,
    before: Annotated[
        float, typer.Option(min=0, help='Seconds before the matched part that --cut adds.')
    ] = 0.0,
    after: Annotated[
        float, typer.Option(min=0, help='Seconds behind the matched part that --cut adds.')
    ] = 0.0,
    within: events.Within = None,
    max_distance: events.MaxDistance = None,
    false_alarms_per_hour: events.FalseAlarmsPerHour = None,
    refine: events.Refine = False,
    html: events.Html = None,
    url: Url = None,
    as_json: Json = False,
) -> int:
    """Find the clips that sound like a file, or several, or as words say, nearest first; or every
    place inside a recording.

    With --json, prints the query as one answered document, with its matches or its events.
    Audacity's labels are one file per recording, so several of them are a zip archive.

    \b
    Examples:
      audio-search search 'query.wav#t=1,3' --within birds/robin.wav --json
      audio-search search --words "bird singing" --like birds/robin.wav --unlike query.wav
    """
    like, unlike = like or [], unlike or []
    examples.check_one(file, [words, saved, *like, *unlike])
    is_fitted = len(like) + (words is not None) > 1 or bool(unlike) or saved is not None
    examples.check_options(is_fitted, order, score=score)
    if min_gap is not None and within is None and (per_clip or 1) == 1:
        raise WrongUse(
            '--min-gap is between several places of a clip; add --per-clip 2 or more, or --within'
        )
    form = Form.JSON if as_json else form
    events.check_form(within, form in (Form.TABLE, Form.JSON), cut, html)
    parameters = events.parameters_of(
        within,
        max_distance=max_distance,
        false_alarms_per_hour=false_alarms_per_hour,
        refine=refine,
    )
    if exclude_self:
        parameters['exclude_self'] = True
    given = {'limit': limit, 'per_clip': per_clip, 'min_gap_s': min_gap, 'group_by': group_by}
    parameters |= {name: value for name, value in given.items() if value is not None}
    if match is not None:
        parameters['match'] = match.value
    if score:
        parameters['include'] = ['score']
    if order is not examples.Order.NEAREST:
        parameters['order'] = order.value
    if hubness is not examples.Hubness.NONE:
        parameters['hubness'] = hubness.value
    if filter is not None:
        parameters['filter'] = json_object('--filter', filter)
    with connect(url) as client:
        if file is None:
            query = examples.query_of(client, words, like, unlike, saved)
            found = client.search(query, parameters)
        else:
            found = _find(client, file, parameters)
    if found['error']:
        complain(found['error'])
        if as_json:
            print_json(found)
        return Exit.SOME_FAILED
    if found.get('note'):
        complain(found['note'])
    if found.get('named') and form is not Form.JSON:
        complain(_named(found['named']))
    if form is Form.JSON:
        print_json(found)
    elif within is not None:
        events.print_events(found)
    elif form is not Form.TABLE:
        _print_file(form, found, base)
    else:
        _print_matches(found['matches'])
    if html is not None:
        events.write_html(found, html, client.url, _roots())
    return Exit.DONE if cut is None else _cut(found, cut, before, after)


def _print_file(form: Form, found: dict[str, Any], base: str) -> None:
    from audio_search.formats import (
        FORMATS,
        render,
    )  # here and below, because it loads what decodes sounds

    name = next(name for name in FORMATS if name == form.value)
    rendered = render(name, [found], _roots(), base)
    if rendered.name.endswith('.zip') and sys.stdout.isatty():
        raise WrongUse('the labels of several recordings are a zip archive; write > hits.zip')
    sys.stdout.flush()
    sys.stdout.buffer.write(rendered.content)
    sys.stdout.buffer.flush()


def _cut(found: dict[str, Any], folder: Path, before_s: float, after_s: float) -> int:
    from audio_search.formats import hits_of
    from audio_search.formats.cuts import cut_hits

    cuts = cut_hits(hits_of([found]), folder, _roots(), before_s=before_s, after_s=after_s)
    for problem in cuts.problems:
        complain(problem)
    complain(f'wrote {counted(len(cuts.written), "file")} to {folder}')
    return Exit.SOME_FAILED if cuts.problems else Exit.DONE


def _roots() -> Roots:
    settings = Settings.from_env()
    return settings.roots.with_folder(settings.media)


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


def _named(sounds: list[dict[str, Any]]) -> str:
    """Which sounds were searched for, and which were to be unlike."""

    def those(sign: int) -> str:
        return ', '.join(' + '.join(sound['names']) for sound in sounds if sound['sign'] == sign)

    unlike = those(-1)
    return f'searched for {those(1)}' + (f'; unlike {unlike}' if unlike else '')


def _print_matches(matches: list[dict[str, Any]]) -> None:
    """The table for people. Columns that not every search fills are there where a match has one."""
    columns = {
        'distance': _distance,
        'uri': _name,
        'this part (s)': lambda match: _seconds(match['query_beg_in_ms'], match['query_end_in_ms']),
        'matched this part (s)': lambda match: _seconds(match['beg_in_ms'], match['end_in_ms']),
    }
    if any('score' in match for match in matches):
        columns['score'] = lambda match: f'{match["score"]:.2f}' if 'score' in match else ''
    if any('recorded_at' in match for match in matches):
        columns['recorded at'] = _recorded_at
    if any('more_from_same' in match for match in matches):
        columns['more like it'] = lambda match: str(match.get('more_from_same', ''))
    columns['tags'] = _tags
    rows = [[text(match) for text in columns.values()] for match in matches]
    print_table(tuple(columns), rows)


def _distance(match: dict[str, Any]) -> str:
    return f'{match["scores"]["cosine"]:.4f}'


def _name(match: dict[str, Any]) -> str:
    return str(match['uri']) + (' (missing)' if match.get('missing') else '')


def _recorded_at(match: dict[str, Any]) -> str:
    return shown(match['recorded_at']) if 'recorded_at' in match else ''


def _tags(match: dict[str, Any]) -> str:
    """Its tags; where it has none, the sound that is heard most in it, as a guess."""
    if match['tags'] or not match.get('words'):
        return ', '.join(f'{key}={value}' for key, value in match['tags'].items())
    return f'{match["words"][0]["name"]}?'


def _seconds(beg_in_ms: int | None, end_in_ms: int | None) -> str:
    return (
        ''
        if beg_in_ms is None or end_in_ms is None
        else f'{beg_in_ms / 1e3:g} to {end_in_ms / 1e3:g}'
    )
