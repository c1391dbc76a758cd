"""What people say of clips: that they are, or are not, examples of a label."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

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
from audio_search.cli.naming import Named, find_named
from audio_search.cli.options import PLAIN, By, Json, Label, Url
from audio_search.client import Client
from audio_search.settings import Settings

if TYPE_CHECKING:
    from audio_search.formats.judgements import Judged

T = TypeVar('T')

AT_ONCE = 1000
app = typer.Typer(
    help='Say which clips are right or wrong for a label; list, import, export and delete that.',
    **PLAIN,
)


class Verdict(StrEnum):
    """What is said of a clip."""

    RIGHT = 'right'
    WRONG = 'wrong'
    UNSURE = 'unsure'


class Form(StrEnum):
    """How judgements are written to a file."""

    CSV = 'csv'
    AUDACITY = 'audacity'
    RAVEN = 'raven'


Clip = Annotated[
    str | None,
    typer.Option(
        metavar='CLIP', show_default=False, help='Only those of this clip: its id, uri or path.'
    ),
]
Only = Annotated[
    Verdict | None, typer.Option('--judgement', show_default=False, help='Only these.')
]


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
        chosen = _chosen(client, label, clip, by, judgement)
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
        return _judge(client, named, said, as_json)


@app.command('import')
def import_file(
    file: Annotated[
        Path,
        typer.Argument(
            metavar='FILE', help='A CSV as export writes it, a label track, or a table of Raven.'
        ),
    ],
    clip: Annotated[
        str | None,
        typer.Option(
            metavar='CLIP',
            show_default=False,
            help='Of which clip they are: its id, uri or path. A label track says none.',
        ),
    ] = None,
    label: Annotated[
        str | None, typer.Option(show_default=False, help='The label of lines without one.')
    ] = None,
    by: Annotated[
        str | None, typer.Option(show_default=False, help='Who judged, where no line says so.')
    ] = None,
    url: Url = None,
    as_json: Json = False,
) -> int:
    """Take over judgements from a file. What it marks without a word is right.

    A label track of Audacity says "crow [wrong]" or "crow [unsure]" where it is not; a point at its
    beginning stands for the whole clip. With --json, prints {"judgements": [...], "failed": [...]}.

    \b
    Examples:
      audio-search judgements import judged.csv --by Ann
      audio-search judgements import robin.txt --clip birds/robin.wav --json
    """
    from audio_search.formats.judgement_files import JudgementFileError, read_judgements

    try:
        judged = read_judgements(file, clip, label)
    except JudgementFileError as error:
        complain(str(error))
        return Exit.SOME_FAILED
    with connect(url) as client:
        named = _clips_of(client, judged)
        said = [
            {
                'part': one.part,
                'label': one.label,
                'judgement': one.judgement,
                'by': one.by or by,
                'time': one.time or None,
            }
            for one in judged
        ]
        return _judge(client, named, said, as_json)


@app.command('export')
def export_file(
    file: Annotated[Path, typer.Argument(metavar='FILE', help='Where to write them.')],
    form: Annotated[Form, typer.Option('--format', help='For which program.')] = Form.CSV,
    label: Label = None,
    clip: Clip = None,
    by: By = None,
    judgement: Only = None,
    url: Url = None,
    as_json: Json = False,
) -> None:
    """Write judgements to a file: CSV, labels of Audacity, or a selection table of Raven.

    Labels of several recordings are a zip archive of one track each.

    \b
    Examples:
      audio-search judgements export judged.csv
      audio-search judgements export robin.txt --format audacity --clip birds/robin.wav --json
    """
    from audio_search.formats.judgements import judged_of, render_judgements

    with connect(url) as client:
        found, _ = client.judgements(**_chosen(client, label, clip, by, judgement))
    settings = Settings.from_env()
    name = next(name for name in ('csv', 'audacity', 'raven') if name == form.value)
    roots = settings.roots.with_folder(settings.media)
    made = render_judgements(name, judged_of(found), roots)  # type: ignore[arg-type]
    if made.name.endswith('.zip') and file.suffix != '.zip':
        raise WrongUse(
            f'the labels are of several recordings, which makes a zip archive; call it '
            f'{file.stem}.zip, or choose one by --clip'
        )
    try:
        file.write_bytes(made.content)
    except OSError as error:
        raise WrongUse(f'{file} cannot be written ({error.strerror}); choose another') from None
    complain(f'wrote {counted(len(found), "judgement")} to {file}')
    if as_json:
        print_json({'file': str(file), 'judgements': len(found)})


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
        found, total = client.judgements(**_chosen(client, label, clip, by, judgement))
        if found and not yes and not ask(f'Take back {counted(total, "judgement")}?'):
            complain('nothing was taken back')
            return Exit.DONE
        named = [Named(one['id'], one['id'], one['uri']) for one in found]
        said = [one | {'judgement': None, 'time': None} for one in found]
        return _judge(client, named, said, as_json, 'taken back')


def _chosen(
    client: Client,
    label: str | None,
    clip: str | None,
    by: str | None,
    judgement: Verdict | None,
) -> dict[str, Any]:
    """Raises WrongUse for a clip that there is not."""
    chosen: dict[str, Any] = {'label': label, 'by': by}
    if judgement is not None:
        chosen['judgement'] = judgement.value
    if clip is not None:
        (named,) = find_named(client, [clip])
        if named.id is None or named.part:
            raise WrongUse(f'--clip: {clip} is not indexed; audio-search list shows what is')
        chosen['id'] = named.id
    return chosen


def _clips_of(client: Client, judged: Sequence['Judged']) -> list[Named]:
    """By their ids, else by their uris. One judges parts by times, so no name of a clip is cut."""
    found: list[Named] = []
    for some in _batches(judged):
        known = client.known([_clip(one) for one in some])
        found += [
            Named(
                one.uri or one.id, None if clip['chunk_count'] is None else clip['id'], clip['uri']
            )
            for one, clip in zip(some, known, strict=True)
        ]
    return found


def _clip(one: 'Judged') -> dict[str, Any]:
    return {'id': one.id or None, 'uri': uri_of(one.uri) if one.uri else None}


def _id_of(known: dict[str, Any]) -> str | None:
    return None if known['chunk_count'] is None else str(known['id'])


def _batches(every: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(every), AT_ONCE):
        yield every[start : start + AT_ONCE]


def _judge(
    client: Client,
    clips: Sequence[Named],
    said: Sequence[dict[str, Any]],
    as_json: bool,
    verb: str = 'kept',
) -> int:
    """Send what is said of each clip, and report what became of it."""
    done: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    for one in _answers(client, clips, said):
        (failed if one['error'] else done).append(one)
    for one in failed:
        complain(one['error'])
    if as_json:
        print_json({'judgements': done, 'failed': failed})
    complain(f'{counted(len(done), "judgement")} {verb}')
    return Exit.SOME_FAILED if failed else Exit.DONE


def _answers(
    client: Client, clips: Sequence[Named], said: Sequence[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    usable: list[dict[str, Any]] = []
    for clip, one in zip(clips, said, strict=True):
        if clip.id is None:
            error = f'{clip.name} is not indexed; audio-search list shows what is'
            yield {'id': clip.name, **one, 'error': error}
        else:
            usable.append({**one, 'id': clip.id})
    for some in _batches(usable):
        yield from client.judge(some)


def _part(one: dict[str, Any]) -> str:
    return '' if one['part'] is None else f'{one["part"][0]:.15g} to {one["part"][1]:.15g}'
