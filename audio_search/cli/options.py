"""Options that several verbs have, each spelled and explained once."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from audio_search.cli.console import WrongUse

Url = Annotated[
    str | None,
    typer.Option(
        envvar='AUDIO_SEARCH_URL',
        show_default=False,
        help='The service to ask. Default: the one on this machine, on the configured port; where '
        'there is none, one is started for the time of the command.',
    ),
]
Json = Annotated[bool, typer.Option('--json', help='Print JSON, for scripts.')]
Filter = Annotated[
    str | None,
    typer.Option(metavar='JSON', help='Only clips whose tags fit, as in \'{"label": "bell"}\'.'),
]
Prefix = Annotated[str | None, typer.Option(help='Only clips whose uri begins so.')]
Yes = Annotated[bool, typer.Option('--yes', '-y', help='Do not ask before clips are deleted.')]

FlowFile = Annotated[
    Path | None,
    typer.Option(
        '--flow', show_default=False, help='Another Flow than flow.yml, as in flow-cluster.yml.'
    ),
]

Label = Annotated[
    str | None, typer.Option(show_default=False, help='Only judgements of this label.')
]
By = Annotated[str | None, typer.Option(show_default=False, help='Only those of this person.')]
# Help is plain text, so that what a user copies from it is what he needs to type.
PLAIN: dict[str, Any] = {
    'add_completion': False,
    'rich_markup_mode': None,
    'pretty_exceptions_enable': False,
    'context_settings': {'help_option_names': ['-h', '--help'], 'max_content_width': 100},
}


def json_object(name: str, text: str) -> dict[str, Any]:
    """The JSON object that an option holds. Raises WrongUse."""
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise WrongUse(f'{name} is {text!r} and not a JSON object; write {{"label": "bell"}}')
    return value
