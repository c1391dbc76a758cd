"""Examples and counter-examples of a search, as they are given on the command line."""

import base64
import mimetypes
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from audio_search.audio.sources import MediaError, split_fragment
from audio_search.cli.connection import uri_of
from audio_search.cli.console import WrongUse
from audio_search.client import Client, Refused

Like = Annotated[
    list[str] | None,
    typer.Option(
        metavar='FILE_OR_ID',
        show_default=False,
        help='In place of FILE: what answers should be like, a sound file or the id of an indexed '
        'clip, with #t=BEGIN,END (s) for a part of either; may be given again.',
    ),
]
Unlike = Annotated[
    list[str] | None,
    typer.Option(
        metavar='FILE_OR_ID',
        show_default=False,
        help='What answers should be unlike, such as a wrong one of the last search; may be given '
        'again.',
    ),
]
Saved = Annotated[
    str | None,
    typer.Option(
        metavar='NAME',
        show_default=False,
        help='In place of FILE: a saved search, with what was judged of its label since; the '
        'command searches lists them.',
    ),
]
Score = Annotated[
    bool, typer.Option('--score', help='With --like: how probable it is that a match is right.')
]


class Order(StrEnum):
    """Which matches come first."""

    NEAREST = 'nearest'
    DOUBTFUL = 'doubtful'


class Hubness(StrEnum):
    """What is done about clips that are near to everything."""

    NONE = 'none'
    CSLS = 'csls'


OrderOption = Annotated[
    Order,
    typer.Option(
        '--order',
        help='doubtful: with --like, the windows that are about as likely right as wrong, to be '
        'judged next.',
    ),
]
HubnessOption = Annotated[
    Hubness,
    typer.Option('--hubness', help='csls: clips that are near to everything come later.'),
]


def check_one(file: str | None, others: Sequence[str | None]) -> None:
    """Raise WrongUse unless there is something to search with: a file, or `others`."""
    if (file is None) == all(other is None for other in others):
        raise WrongUse(
            'give either FILE or --words, --like or --saved; see audio-search search --help'
        )


def check_options(is_fitted: bool, order: Order, *, score: bool) -> None:
    """Raise WrongUse for what only a query of several examples has."""
    if is_fitted:
        return
    for name, is_given in (('--order doubtful', order is Order.DOUBTFUL), ('--score', score)):
        if is_given:
            raise WrongUse(
                f'{name} is for several examples: add --like or --unlike, or leave it out'
            )


def query_of(
    client: Client,
    words: str | None,
    like: Sequence[str],
    unlike: Sequence[str],
    saved: str | None = None,
) -> dict[str, Any]:
    """The query as POST /search takes it. Raises Refused for a file that cannot be read."""
    query: dict[str, Any] = {} if words is None else {'words': words}
    if saved is not None:
        query['saved'] = saved
    if like:
        query['like'] = [_example(client, name) for name in like]
    if unlike:
        query['unlike'] = [_example(client, name) for name in unlike]
    return query


def _example(client: Client, name: str) -> dict[str, str]:
    """A file that is here by its path, or sent along where the service is elsewhere; else a clip
    by its id, else by its uri."""
    uri = uri_of(name)
    path = Path(uri)
    if uri != name or path.is_file():
        if client.is_local or not path.is_file():
            return {'uri': uri}
        try:
            content = base64.b64encode(path.read_bytes()).decode()
        except OSError as error:
            raise Refused(404, f'{name} cannot be read ({error.strerror})') from None
        kind = mimetypes.guess_type(path.name)[0] or 'application/octet-stream'
        return {'uri': f'data:{kind};base64,{content}'}
    try:
        names = [name, split_fragment(name)[0]]
    except MediaError:
        names = [name]
    known = client.known([{'id': one} for one in names])
    is_id = any(one['chunk_count'] is not None and one['id'] in names for one in known)
    return {'id': name} if is_id else {'uri': name}
