"""What people say of clips: that they are, or are not, examples of a label."""

from typing import Annotated, Any

import typer

from audio_search.cli import judgement_files
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
from audio_search.cli.judging import Clip, Only, Verdict, chosen_by, send
from audio_search.cli.naming import Named, find_named
from audio_search.cli.options import PLAIN, By, Json, Label, Url

app = typer.Typer(
    help='Say which clips are right or wrong for a label; list, import, export and delete that.',
    **PLAIN,
)


@app.command('list')
def list_judgements(
    label: Label = None,
    clip: Clip = None,
    by: By = None,
    judgement: Only = None,
    offset: Annotated[int, typer.Option(min=0, help='Judgements to leave out first.')] = 0,
    limit: Annotated[
        int | None, typer.Option(min=1, show_default=False, help='How many; else all.')
    ] = None,
    url: Url = None,
    as_json: Json = False,
) -> None:
    """List what was judged, in the order of time.

    With --json, prints {"judgements": [...], "total": how many fit in all}.

    \b
    Examples:
      audio-search judgements list --label robin
      audio-search judgements list --judgement wrong --json
    """
    with connect(url) as client:
        chosen = chosen_by(client, label, clip, by, judgement)
        found, total = client.judgements(offset, limit, **chosen)
    if as_json:
        print_json({'judgements': found, 'total': total})
        return
    print_table(
        ('judgement', 'label', 'clip', 'part (s)', 'by', 'time'),
        (
            (one['judgement'], one['label'], one['uri'] or one['id'], _part(one), one['by'] or '',
             one['time'])
            for one in found
        ),
    )  # fmt: skip
    complain(counted(total, 'judgement') + ('' if limit is None else ' in all'))


@app.command('add')
def add(
    clips: Annotated[
        list[str],
        typer.Argument(
            metavar='CLIP...',
            show_default=False,
            help='Ids, uris or paths; #t=BEGIN,END (s) for a part.',
        ),
    ],
    label: Annotated[str, typer.Option(show_default=False, help='What they are, or are not.')],
    judgement: Annotated[Verdict, typer.Option(help='What they are.')] = Verdict.RIGHT,
    by: Annotated[str | None, typer.Option(show_default=False, help='Who says so.')] = None,
    url: Url = None,
    as_json: Json = False,
) -> int:
    """Say that clips, or parts of them, are right or wrong for a label.

    What the same person said before of the same part and label is replaced. With --json, prints
    {"judgements": [...], "failed": [...]}.

    \b
    Examples:
      audio-search judgements add birds/robin.wav --label robin --by Ann
      audio-search judgements add 'birds/robin.wav#t=1,3' --label crow --judgement wrong --json
    """
    with connect(url) as client:
        named = find_named(client, clips)
        said = [
            {'part': one.part, 'label': label, 'judgement': judgement.value, 'by': by}
            for one in named
        ]
        return send(client, named, said, as_json)


app.command('import')(judgement_files.import_file)
app.command('export')(judgement_files.export_file)


@app.command('delete')
def delete(
    label: Label = None,
    clip: Clip = None,
    by: By = None,
    judgement: Only = None,
    every: Annotated[bool, typer.Option('--all', help='All judgements of all clips.')] = False,
    yes: Annotated[bool, typer.Option('--yes', '-y', help='Do not ask.')] = False,
    url: Url = None,
    as_json: Json = False,
) -> int:
    """Take back judgements: those that are chosen, or --all, after asking.

    With --json, prints {"judgements": [...], "failed": [...]}.

    \b
    Examples:
      audio-search judgements delete --label robin --by Ann --yes
      audio-search judgements delete --all --yes --json
    """
    is_chosen = any(value is not None for value in (label, clip, by, judgement))
    if is_chosen == every:
        raise WrongUse('choose by --label, --clip, --by and --judgement, or give --all')
    if not (yes or can_ask()):
        raise WrongUse('nobody is there to be asked; give --yes to delete all that fit')
    with connect(url) as client:
        found, total = client.judgements(**chosen_by(client, label, clip, by, judgement))
        if found and not yes and not ask(f'Take back {counted(total, "judgement")}?'):
            complain('nothing was taken back')
            return Exit.DONE
        named = [Named(one['id'], one['id'], one['uri']) for one in found]
        said = [one | {'judgement': None, 'time': None} for one in found]
        return send(client, named, said, as_json, 'taken back')


def _part(one: dict[str, Any]) -> str:
    return '' if one['part'] is None else f'{one["part"][0]:.15g} to {one["part"][1]:.15g}'
