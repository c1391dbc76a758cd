"""Judgements into files of other programs, and out of them."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from audio_search.cli.connection import connect, uri_of
from audio_search.cli.console import Exit, WrongUse, complain, counted, print_json
from audio_search.cli.judging import Clip, Only, batches, chosen_by, send
from audio_search.cli.naming import Named
from audio_search.cli.options import By, Json, Label, Url
from audio_search.client import Client
from audio_search.settings import Settings

if TYPE_CHECKING:
    from audio_search.formats.judgements import Judged


class Form(StrEnum):
    """How judgements are written to a file."""

    CSV = 'csv'
    AUDACITY = 'audacity'
    RAVEN = 'raven'


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
        return send(client, named, said, as_json)


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
        found, _ = client.judgements(**chosen_by(client, label, clip, by, judgement))
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


def _clips_of(client: Client, judged: Sequence['Judged']) -> list[Named]:
    """By their ids, else by their uris. One judges parts by times, so no name of a clip is cut."""
    found: list[Named] = []
    for some in batches(judged):
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
