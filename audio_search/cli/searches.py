"""Searches with a name, to be run again by `audio-search search --saved NAME`."""

from typing import Annotated, Any

import typer

from audio_search.cli.connection import connect, uri_of
from audio_search.cli.console import Exit, WrongUse, complain, counted, print_json, print_table
from audio_search.cli.naming import Named, find_named
from audio_search.cli.options import PLAIN, Filter, Json, Url, json_object

app = typer.Typer(
    help='Searches with a name: list, save and delete them. search --saved NAME runs one.',
    **PLAIN,
)


@app.command('list')
def list_searches(url: Url = None, as_json: Json = False) -> None:
    """List the saved searches, by name. With --json, prints {"searches": [...]}.

    \b
    Examples:
      audio-search searches list
      audio-search searches list --json
    """
    with connect(url) as client:
        found = client.saved_searches()
    if as_json:
        print_json({'searches': found})
        return
    print_table(
        ('name', 'label', 'like', 'unlike', 'words', 'filter', 'made'),
        ([one['name'], *_cells(one), one['made']] for one in found),
    )
    complain(counted(len(found), 'saved search').replace('searchs', 'searches'))


@app.command('save')
def save(
    name: Annotated[str, typer.Argument(metavar='NAME', show_default=False)],
    label: Annotated[
        str | None,
        typer.Option(
            show_default=False,
            help='Its right and wrong judgements are further examples, as they are when it is run.',
        ),
    ] = None,
    like: Annotated[
        list[str] | None,
        typer.Option(
            metavar='CLIP',
            show_default=False,
            help='An example: an id, uri or path, #t=BEGIN,END (s) for a part; may be repeated.',
        ),
    ] = None,
    unlike: Annotated[
        list[str] | None,
        typer.Option(metavar='CLIP', show_default=False, help='A counter-example; the same.'),
    ] = None,
    words: Annotated[
        str | None, typer.Option(show_default=False, help='Names of sounds, as in search --words.')
    ] = None,
    filter: Filter = None,
    url: Url = None,
    as_json: Json = False,
) -> int:
    """Save a search in the place of any with this name. Nothing is searched yet.

    With --json, prints the search as it was saved.

    \b
    Examples:
      audio-search searches save robins --label robin --like birds/robin.wav
      audio-search searches save 'loud bells' --words 'church bell' --filter '{"loud": true}' --json
    """
    search: dict[str, Any] = {'label': label, 'words': words}
    if not (label or like or words):
        raise WrongUse('nothing is searched for; give --like, --words, or a --label that is judged')
    if filter is not None:
        search['filter'] = json_object('--filter', filter)
    with connect(url) as client:
        examples = iter(find_named(client, [*(like or ()), *(unlike or ())]))
        search['like'] = [_example(next(examples)) for _ in like or ()]
        search['unlike'] = [_example(one) for one in examples]
        saved = client.save_search(name, search)
    if as_json:
        print_json(saved)
    else:
        complain(f'saved {name!r}; run it by audio-search search --saved {name!r}')
    return Exit.DONE


@app.command('delete')
def delete(
    name: Annotated[str, typer.Argument(metavar='NAME', show_default=False)],
    url: Url = None,
    as_json: Json = False,
) -> int:
    """Forget a saved search; judgements stay. With --json, prints what it was.

    \b
    Examples:
      audio-search searches delete robins
      audio-search searches delete 'loud bells' --json
    """
    with connect(url) as client:
        was = client.delete_search(name)
    if as_json:
        print_json(was)
    else:
        complain(f'deleted {name!r}')
    return Exit.DONE


def _example(named: Named) -> dict[str, str]:
    """As /search takes it: a stored clip by its id, which stays when its file moves."""
    if named.id is None:
        return {'uri': uri_of(named.name)}
    part = '' if named.part is None else f'#t={named.part[0]:.15g},{named.part[1]:.15g}'
    return {'id': f'{named.id}{part}'}


def _cells(search: dict[str, Any]) -> list[object]:
    filled = (search[key] for key in ('label', 'like', 'unlike', 'words', 'filter'))
    return [len(value) or '' if isinstance(value, list) else value or '' for value in filled]
