"""Moves an index to a Milvus server, or back to a file."""

import os
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from audio_search.cli.console import WrongUse, news, print_json
from audio_search.cli.options import Json
from audio_search.settings import DEFAULTS, Settings

if TYPE_CHECKING:
    from audio_search.store import ClipStore, Configuration
    from audio_search.store.milvus.connection import Server

SCHEME = 'milvus://'
PLACES = 'milvus://HOST:PORT, milvus://HOST:PORT/DATABASE, or an index file'


def migrate(
    to: Annotated[
        str | None,
        typer.Option(
            metavar='PLACE', help=f"{PLACES}. Default: the workspace's.", show_default=False
        ),
    ] = None,
    from_: Annotated[
        str | None,
        typer.Option(
            '--from',
            metavar='PLACE',
            help="The same. Default: the workspace's.",
            show_default=False,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Copy an index without encoding anything again; the service must not run meanwhile.

    What is there already stays, so a run that was ended goes on where it stopped. At the end both
    are counted and searched. MILVUS_TOKEN, MILVUS_CA and MILVUS_COLLECTION are as for the service;
    uploaded sounds stay in the workspace.

    \b
    Examples:
      audio-search migrate --to milvus://localhost:19530
      audio-search migrate --from milvus://localhost:19530 --to back/index.sqlite --json
    """
    from audio_search.moving import move

    index = str(Settings.from_env().index_path)
    source, target = from_ or index, to or index
    if source == target:
        raise WrongUse('an index is not moved to where it is; give --to or --from')
    made = _configuration(source)

    def tell(done: int, total: int) -> None:
        news.print(f'{done:,} of {total:,} clips')

    with closing(_open(source, made)) as here, closing(_open(target, made)) as there:
        moved = move(here, there, tell)
    news.print(
        f'stored {moved.stored:,} clips, {moved.unchanged:,} were there; the counts and '
        f'{moved.searches} searches agree; {moved.judgements:,} judgements and '
        f'{moved.saved_searches:,} saved searches were copied'
    )
    if as_json:
        print_json(vars(moved))


def _configuration(place: str) -> 'Configuration':
    if place.startswith(SCHEME):
        from audio_search.store.milvus.store import recorded_configuration

        return recorded_configuration(_server(place), _collection())
    from audio_search.store.sqlite.reading import reading

    with reading(Path(place)) as found:
        return found.configuration


def _open(place: str, made: 'Configuration') -> 'ClipStore':
    if place.startswith(SCHEME):
        from audio_search.store.milvus.store import MilvusStore

        return MilvusStore(_server(place), made, name=_collection())
    from audio_search.store.sqlite import SqliteStore

    path = Path(place)
    path.parent.mkdir(parents=True, exist_ok=True)
    return SqliteStore(path, made)


def _server(place: str) -> 'Server':
    from audio_search.store.milvus.connection import Server

    address, _, database = place.removeprefix(SCHEME).partition('/')
    ca = os.environ.get('MILVUS_CA', '')
    scheme = 'https' if ca else 'http'
    return Server(f'{scheme}://{address}', os.environ.get('MILVUS_TOKEN', ''), database, ca)


def _collection() -> str:
    return os.environ.get('MILVUS_COLLECTION') or DEFAULTS['MILVUS_COLLECTION']
