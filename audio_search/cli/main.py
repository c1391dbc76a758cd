"""The verbs of the command line, and how each of them ends.

audio-search                  index the toy clips, search a few of them, then serve
audio-search serve            only serve
audio-search backup FILE      write the index and the uploaded sounds to FILE, also while serving
audio-search restore FILE     put them back; --replace moves those that are there aside
audio-search export FILE      write clips, windows and embeddings to FILE, also while serving
audio-search duplicates       name the clips that are one recording, also while serving
audio-search evaluate DIR     say how well labelled sounds find each other

A verb is a parser and a function of the parsed arguments, which imports what it needs: jina and
docarray take a second.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from audio_search import __version__
from audio_search.cli import evaluate
from audio_search.cli.console import complain, console
from audio_search.logs import explain
from audio_search.settings import DEFAULTS, Settings, SettingsError, expand


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0, 1 after one sentence that says what went wrong, 130 after Ctrl-C.

    A service that is told to stop does what it is for: it ends with 0.
    """
    parsed = parser().parse_args(arguments)
    try:
        parsed.run(parsed)
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        complain(explain(error, _log_file()))
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='audio-search',
        description='Search sounds by sound. Without a command: index the toy clips, '
        'search a few of them, then serve.',
    )
    parser.add_argument('--version', action='version', version=__version__)
    parser.set_defaults(run=demonstrate)
    verbs = parser.add_subparsers(metavar='COMMAND')

    verb = verbs.add_parser('serve', help='only serve; index nothing')
    verb.set_defaults(run=serve)

    verb = verbs.add_parser(
        'backup', help='copy the index and uploaded sounds, also while the service runs'
    )
    verb.add_argument('file', type=Path, metavar='FILE', help='where to; must not exist yet')
    verb.set_defaults(run=backup)

    verb = verbs.add_parser('restore', help='put a backup back; stop the service first')
    verb.add_argument('file', type=Path, metavar='FILE', help='what `backup` wrote')
    verb.add_argument(
        '--replace', action='store_true', help='move what is there aside, and name where to'
    )
    verb.set_defaults(run=restore)

    verb = verbs.add_parser(
        'export', help='write clips, windows and embeddings, also while the service runs'
    )
    verb.add_argument(
        'file', type=Path, metavar='FILE', help='ends in .parquet or .jsonl; - is JSON lines here'
    )
    verb.set_defaults(run=export)

    verb = verbs.add_parser(
        'duplicates', help='name clips that are one recording up to encoding, gain or a short cut'
    )
    form = verb.add_mutually_exclusive_group()
    form.add_argument('--json', action='store_true', help='as one JSON object')
    form.add_argument('--csv', action='store_true', help='as a table, one row per clip')
    verb.set_defaults(run=duplicates)

    evaluate.add_to(verbs)
    return parser


def demonstrate(arguments: argparse.Namespace) -> None:
    from audio_search.cli import serve

    serve.demonstrate()


def serve(arguments: argparse.Namespace) -> None:
    from audio_search.cli import serve

    serve.serve()


def backup(arguments: argparse.Namespace) -> None:
    from audio_search.store.sqlite import backup

    settings = Settings.from_env()
    made = backup(settings.index_path, settings.media, arguments.file)
    for warning in made.warnings:
        complain(f'warning: {warning}')
    console.print(f'copied the index and {made.sounds} uploaded sounds to {arguments.file}')


def restore(arguments: argparse.Namespace) -> None:
    from audio_search.store.sqlite import restore

    settings = Settings.from_env()
    restored = restore(
        arguments.file, settings.index_path, settings.media, replace=arguments.replace
    )
    console.print(f'restored the index and {restored.sounds} uploaded sounds')
    if restored.moved_to:
        console.print(f'what was there before is in {restored.moved_to}')


def export(arguments: argparse.Namespace) -> None:
    from audio_search.cli import export

    export.export(arguments.file)


def duplicates(arguments: argparse.Namespace) -> None:
    from audio_search.cli import duplicates

    duplicates.duplicates(as_json=arguments.json, as_csv=arguments.csv)


def _log_file() -> Path:
    try:
        return Settings.from_env().log_file
    except SettingsError:
        return expand(DEFAULTS['AUDIO_SEARCH_WORKSPACE']) / 'service.log'
