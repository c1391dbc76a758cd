"""The command line: its verbs, and how each of them ends.

A verb is a function in a module of its own, whose signature is its arguments and whose docstring is
its help, with two examples. It is imported to build the parser, so it imports what is heavy (jina,
docarray, numpy) only when it runs: `audio-search list` has to answer at once.
"""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from audio_search import __version__
from audio_search.cli import (
    backup,
    duplicates,
    evaluate,
    executor,
    export,
    index,
    judgements,
    library,
    migrate,
    search,
    searches,
    serve,
    watch,
    words,
)
from audio_search.cli.console import Exit, WrongUse, complain
from audio_search.cli.options import PLAIN
from audio_search.client import NoService, Refused
from audio_search.logs import explain
from audio_search.settings import DEFAULTS, Settings, SettingsError, expand

# What is wrong with a request, and not with the service or its clips.
WRONG_REQUESTS = (401, 405, 422)

app = typer.Typer(**PLAIN)
app.command('serve')(serve.serve)
app.command('demo')(serve.demo)
app.command('executor')(executor.executor)
app.command('index')(index.index)
app.command('watch')(watch.watch)
app.command('search')(search.search)
app.command('words')(words.words)
app.add_typer(judgements.app, name='judgements')
app.add_typer(searches.app, name='searches')
app.command('list')(library.list_clips)
app.command('delete')(library.delete)
app.command('update')(library.update)
app.command('status')(library.status)
app.command('export')(export.export)
app.command('duplicates')(duplicates.duplicates)
app.command('evaluate')(evaluate.evaluate)
app.command('backup')(backup.backup)
app.command('restore')(backup.restore)
app.command('migrate')(migrate.migrate)


@app.callback(invoke_without_command=True)
def _without_verb(
    context: typer.Context,
    version: Annotated[bool, typer.Option('--version', help='Print the version.')] = False,
) -> None:
    """Search sounds by sound.

    Without a command: index the toy clips, search a few of them, then serve (see demo).
    """
    if version:
        print(__version__)
        raise typer.Exit
    if context.invoked_subcommand is None:
        serve.demo()


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status, see console.Exit; after an error, one sentence says what went wrong.

    A service that is told to stop does what it is for: it ends with 0.
    """
    command = typer.main.get_command(app)
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        with _sigterm_interrupts(), command.make_context('audio-search', given) as context:
            status = command.invoke(context)
            sys.stdout.flush()
            return int(status or Exit.DONE)
    except typer.Exit as early:  # of --help
        return early.exit_code
    except typer.TyperException as error:
        complain(f'{_one_line(error)}; see {_help_of(error)}')
        return Exit.WRONG_USE
    except _Terminated:
        return Exit.TERMINATED
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:  # as in `audio-search list | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except WrongUse as error:
        complain(str(error))
        return Exit.WRONG_USE
    except NoService as error:
        complain(str(error))
        return Exit.NO_SERVICE
    except Refused as error:
        complain(str(error))
        return Exit.WRONG_USE if error.status in WRONG_REQUESTS else Exit.SOME_FAILED
    except Exception as error:
        complain(explain(error, _log_file()))
        return Exit.SOME_FAILED


class _Terminated(KeyboardInterrupt):
    """SIGTERM: a command ends as after Ctrl-C, with its cursor and its summary in order."""


@contextlib.contextmanager
def _sigterm_interrupts() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def terminate(number: int, frame: FrameType | None) -> None:
        raise _Terminated

    former = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)


def _help_of(error: typer.TyperException) -> str:
    context = getattr(error, 'ctx', None)
    return f'{context.command_path if context else "audio-search"} --help'


def _one_line(error: typer.TyperException) -> str:
    line = ' '.join(error.format_message().split()).removesuffix('.')
    if line.startswith(('No such command', 'Missing command')):
        context = getattr(error, 'ctx', None)
        group = context.command if context else typer.main.get_command(app)
        verbs = ', '.join(sorted(getattr(group, 'commands', ())))
        line = f'{line.partition(". Did you mean")[0]}; there are {verbs}'
    return line[:1].lower() + line[1:]


def _log_file() -> Path:
    try:
        return Settings.from_env().log_file
    except SettingsError:
        return expand(DEFAULTS['AUDIO_SEARCH_WORKSPACE']) / 'service.log'
