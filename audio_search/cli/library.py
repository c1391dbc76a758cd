"""The stored clips: listed, counted, retagged and deleted."""

import json
import sys
from itertools import chain, islice
from typing import Annotated, Any

import typer

from audio_search.cli.connection import connect, uri_of
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
from audio_search.cli.options import Filter, Json, Prefix, Url, Yes, json_object
from audio_search.client import Client, Clip

Names = Annotated[
    list[str] | None,
    typer.Argument(metavar='CLIP...', show_default=False, help='Ids, uris, or paths of files.'),
]


def list_clips(
    filter: Filter = None,
    prefix: Prefix = None,
    missing: Annotated[
        bool | None,
        typer.Option(
            '--missing/--present',
            show_default=False,
            help='Only clips whose file is gone; is there.',
        ),
    ] = None,
    offset: Annotated[int, typer.Option(min=0, help='Clips to leave out at the start.')] = 0,
    limit: Annotated[
        int | None, typer.Option(min=0, show_default=False, help='How many clips; else all.')
    ] = None,
    url: Url = None,
    as_json: Json = False,
) -> None:
    """List what is indexed, in the order it was stored.

    With --json, prints {"clips": [...], "total": how many fit in all}.

    \b
    Examples:
      audio-search list --prefix birds/ --limit 10
      audio-search list --filter '{"label": "birds"}' --json
    """
    chosen: dict[str, Any] = {'prefix': prefix, 'missing': missing}
    if filter is not None:
        chosen['filter'] = json.dumps(json_object('--filter', filter))
    with connect(url) as client:
        clips = client.clips(offset, limit, **chosen)
        if as_json:
            stored = iter(clips)
            first = list(islice(stored, 1))
            sys.stdout.write('{"clips": [')
            for number, clip in enumerate(chain(first, stored)):
                sys.stdout.write((', ' if number else '') + json.dumps(clip, ensure_ascii=False))
            print(f'], "total": {clips.total}}}')
            return
        print_table(('id', 'uri', 'windows', 'tags'), (_row(clip) for clip in clips))
        complain(counted(clips.total, 'clip') + ('' if limit is None else ' in all'))


def delete(
    names: Names = None,
    filter: Filter = None,
    prefix: Prefix = None,
    yes: Yes = False,
    url: Url = None,
    as_json: Json = False,
) -> int:
    """Forget clips: those named, or all that --filter and --prefix choose, after asking.

    Files stay where they are. With --json, prints the clips that were deleted.

    \b
    Examples:
      audio-search delete birds/robin.wav
      audio-search delete --prefix birds/ --yes --json
    """
    chosen: dict[str, Any] = {'prefix': prefix}
    if filter is not None:
        chosen['filter'] = json_object('--filter', filter)
    chosen = {name: value for name, value in chosen.items() if value is not None}
    if bool(names) == bool(chosen):
        raise WrongUse('name clips, or choose them by --filter and --prefix, one of both')
    if chosen and not (yes or can_ask()):
        raise WrongUse('nobody is there to be asked; give --yes to delete all that fit')
    with connect(url) as client:
        if chosen and not yes and not _is_sure(client, chosen):
            complain('nothing was deleted')
            return Exit.DONE
        answers = client.delete([_named(name) for name in names or ()], **chosen)
    return _report('deleted', answers, as_json)


def update(
    names: Names = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(
            '--tag', metavar='KEY=VALUE', show_default=False, help='Set one tag; may be repeated.'
        ),
    ] = None,
    tags: Annotated[
        str | None, typer.Option(metavar='JSON', help='All tags, in the place of the present ones.')
    ] = None,
    url: Url = None,
    as_json: Json = False,
) -> int:
    """Change the tags of clips. A VALUE that reads as JSON (5, true) is kept as that.

    With --json, prints the clips with their new tags.

    \b
    Examples:
      audio-search update birds/robin.wav --tag label=robin --tag year=1999
      audio-search update birds/robin.wav --tags '{"label": "robin"}' --json
    """
    if not names:
        raise WrongUse('no clip is named; give ids, uris or paths')
    if (tags is None) == (not tag):
        raise WrongUse('give --tag KEY=VALUE or --tags JSON, one of both')
    added = dict(_tag(text) for text in tag or ())
    named = [_named(name) for name in names]
    with connect(url) as client:
        if tags is not None:
            changed = [clip | {'tags': json_object('--tags', tags)} for clip in named]
        else:
            stored = client.known(named)
            changed = [
                clip | {'tags': (found['tags'] or {}) | added}
                for clip, found in zip(named, stored, strict=True)
            ]
        return _report('updated', client.update(changed), as_json)


def status(url: Url = None, as_json: Json = False) -> None:
    """Say what the service holds and which weights it uses.

    \b
    Examples:
      audio-search status
      audio-search status --url http://localhost:45678 --json
    """
    with connect(url) as client:
        held = client.status()
    if as_json:
        print_json(held)
        return
    print_table(
        ('', client.url),
        [
            ('clips', f'{held["clips"]:,}'),
            (
                'windows',
                f'{held["chunks"]:,}, of {held["window_s"]:g} s every {held["stride_s"]:g} s',
            ),
            ('weights', held['model']['name']),
            ('index', f'{held["index"]["path"]} ({held["index"]["bytes"] / 1e6:,.1f} MB)'),
        ],
    )


def _named(name: str) -> Clip:
    return {'id': name, 'uri': uri_of(name)}


def _tag(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition('=')
    if not key or not equals:
        raise WrongUse(f'--tag {text} is not KEY=VALUE; write --tag label=bell')
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value


def _is_sure(client: Client, chosen: dict[str, Any]) -> bool:
    asked = dict(chosen)
    if 'filter' in asked:
        asked['filter'] = json.dumps(asked['filter'])
    clips = client.clips(0, 1, **asked)
    list(islice(clips, 1))
    return clips.total > 0 and ask(f'Delete {counted(clips.total, "clip")} from the index?')


def _report(verb: str, answers: list[Clip], as_json: bool) -> int:
    failed = [answer for answer in answers if answer['error']]
    done = [answer for answer in answers if not answer['error']]
    for answer in failed:
        complain(answer['error'])
    complain(f'{counted(len(done), "clip")} {verb}')
    if as_json:
        print_json({'clips': done, 'failed': failed})
    else:
        for answer in done:
            print(answer['uri'] or answer['id'])
    return Exit.SOME_FAILED if failed else Exit.DONE


def _row(clip: Clip) -> tuple[object, ...]:
    uri = str(clip['uri'] or '') + (' (missing)' if clip.get('missing') else '')
    return clip['id'], uri, clip['chunk_count'], json.dumps(clip['tags'], ensure_ascii=False)
