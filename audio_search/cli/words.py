"""Which sounds can be searched for by words."""

from typing import Annotated

import typer

from audio_search.cli.connection import connect
from audio_search.cli.console import Exit, complain, counted, print_json, print_table
from audio_search.cli.options import Json, Url


def words(
    text: Annotated[
        str | None,
        typer.Argument(
            metavar='TEXT',
            show_default=False,
            help='Only the names that this means, or is a part of, or is spelled like.',
        ),
    ] = None,
    url: Url = None,
    as_json: Json = False,
) -> int:
    """List the sounds that can be searched for by words.

    These are the names of AudioSet, with the everyday words that lead to them. Heard in says in how
    many recordings a sound was heard when its name was fitted; with 0 nobody knows how well it
    finds. With --json, prints {"words": [...]}.

    \b
    Examples:
      audio-search words bell
      audio-search words --json
    """
    with connect(url) as client:
        found = client.words(text)
    if as_json:
        print_json({'words': found})
    else:
        print_table(
            ('name', 'heard in', 'also'),
            ((word['name'], word['support'], ', '.join(word['synonyms'])) for word in found),
        )
        complain(counted(len(found), 'name') + ('' if text is None else f' for {text!r}'))
    return Exit.DONE
