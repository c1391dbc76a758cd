"""The index and the uploaded sounds as one file, and back."""

from pathlib import Path
from typing import Annotated

import typer

from audio_search.cli.console import complain, news, print_json
from audio_search.cli.options import Json
from audio_search.settings import Settings


def backup(
    file: Annotated[Path, typer.Argument(help='Where to; must not exist yet.', metavar='FILE')],
    as_json: Json = False,
) -> None:
    """Copy the index and the uploaded sounds to one file, also while the service runs.

    \b
    Examples:
      audio-search backup before.tar
      AUDIO_SEARCH_WORKSPACE=workspace audio-search backup birds.tar --json
    """
    from audio_search.store.sqlite import backup

    settings = Settings.from_env()
    made = backup(settings.index_path, settings.media, file)
    for warning in made.warnings:
        complain(f'warning: {warning}')
    news.print(f'copied the index and {made.sounds} uploaded sounds to {file}')
    if as_json:
        print_json({'file': str(file), 'sounds': made.sounds, 'warnings': list(made.warnings)})


def restore(
    file: Annotated[Path, typer.Argument(help='What `backup` wrote.', metavar='FILE')],
    replace: Annotated[
        bool, typer.Option('--replace', help='Move what is there aside, and name where to.')
    ] = False,
    as_json: Json = False,
) -> None:
    """Put a backup back; stop the service first.

    \b
    Examples:
      audio-search restore before.tar --replace
      AUDIO_SEARCH_WORKSPACE=copy audio-search restore before.tar --json
    """
    from audio_search.store.sqlite import restore

    settings = Settings.from_env()
    restored = restore(file, settings.index_path, settings.media, replace=replace)
    news.print(f'restored the index and {restored.sounds} uploaded sounds')
    if restored.moved_to:
        news.print(f'what was there before is in {restored.moved_to}')
    if as_json:
        moved_to = str(restored.moved_to) if restored.moved_to else None
        print_json({'sounds': restored.sounds, 'moved_to': moved_to})
