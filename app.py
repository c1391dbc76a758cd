"""The command line.

python app.py                 index the toy clips, search a few of them, then serve
python app.py serve           only serve
python app.py backup FILE     write the index and the uploaded sounds to FILE, also while the
                              service runs
python app.py restore FILE    put them back; --replace moves those that are there aside
"""

import argparse
import os
import socket
import sys
import time
from pathlib import Path

from audio_search.documents import AudioClip, from_files  # first: it prepares the process for jina

# isort: split
from docarray import DocList
from jina import Flow
from rich.console import Console
from rich.progress import track
from rich.table import Table

from audio_search import logs
from audio_search.flow.supervisor import RestartLimit, StartError, StopRequested, Supervisor
from audio_search.settings import Settings, SettingsError
from audio_search.store import IndexFileError
from audio_search.store.sqlite import check
from audio_search.vggish import checkpoint, weights
from audio_search.vggish.weights import Weights, WeightsError
from executors.indexer import configuration

ROOT = Path(__file__).resolve().parent
BATCH = 8  # clips a request, so that the bar moves
SHOWN_LABELS = 5
SHOWN_MATCHES = 4

console = Console(highlight=False, soft_wrap=True)


class PortTaken(RuntimeError):
    """Something else listens there already."""


def main() -> int:
    """Exit status: 0, or 1 after one sentence that says what went wrong."""
    arguments = parse_arguments()
    try:
        settings = Settings.from_env()
        if arguments.command == 'backup':
            from audio_search.store.sqlite import backup

            made = backup(settings.index_path, settings.media, arguments.file)
            for warning in made.warnings:
                print(f'audio-search: {warning}', file=sys.stderr)
            console.print(f'copied the index and {made.sounds} uploaded sounds to {arguments.file}')
        elif arguments.command == 'restore':
            from audio_search.store.sqlite import restore

            restored = restore(
                arguments.file, settings.index_path, settings.media, replace=arguments.replace
            )
            console.print(f'restored the index and {restored.sounds} uploaded sounds')
            if restored.moved_to:
                console.print(f'what was there before is in {restored.moved_to}')
        else:
            serve(settings, demonstrate=arguments.command is None)
    except StopRequested:
        return 0
    except (
        SettingsError,
        WeightsError,
        IndexFileError,
        PortTaken,
        StartError,
        RestartLimit,
    ) as error:
        print(f'audio-search: {error}', file=sys.stderr)
        return 1
    return 0


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog='app.py',
        description='Search sounds by sound. Without a command: index the toy clips, '
        'search a few of them, then serve.',
    )
    commands = parser.add_subparsers(dest='command', metavar='COMMAND')
    commands.add_parser('serve', help='only serve; index nothing')
    copy = commands.add_parser(
        'backup', help='copy the index and uploaded sounds, also while the service runs'
    )
    copy.add_argument('file', type=Path, metavar='FILE', help='where to; must not exist yet')
    put_back = commands.add_parser('restore', help='put a backup back; stop the service first')
    put_back.add_argument('file', type=Path, metavar='FILE', help='what `backup` wrote')
    put_back.add_argument(
        '--replace', action='store_true', help='move what is there aside, and name where to'
    )
    return parser.parse_args()


def serve(settings: Settings, demonstrate: bool) -> None:
    """Run the service until StopRequested. What can refuse a start is looked at before it."""
    # A line a request is for whoever runs a service, not for who looks at a table.
    to_stderr = not demonstrate and not os.environ['AUDIO_SEARCH_LOG']
    os.environ['AUDIO_SEARCH_LOG'] = logs.STDERR if to_stderr else settings.log
    logs.configure(os.environ['AUDIO_SEARCH_LOG'])
    flow = Flow.load_config(str(ROOT / 'flow.yml'))
    chosen = weights.find(settings.models, settings.weights)
    checkpoint.check(chosen)
    check_index(flow)
    check_port(settings)
    console.print(f'Weights: {describe(chosen)}. Starting …')
    begun = time.monotonic()
    with Supervisor(flow) as service:
        console.print(f'Ready after {time.monotonic() - begun:.1f} s.')
        if demonstrate:
            show_matches(service.flow, index_toy_data(service.flow))
        address = f'http://{"localhost" if settings.host == "0.0.0.0" else settings.host}'
        address = f'{address}:{settings.port}'
        console.print(f'Search and listen: {address}/ui   API: {address}/docs   Stop: Ctrl-C')
        service.watch()


def describe(chosen: Weights) -> str:
    """The weights in use, in words."""
    if chosen.name == 'compact':
        return 'compact (scripts/download_model.py fetches the official ones)'
    return f'{chosen.name} ({chosen.path})'


def check_index(flow: Flow) -> None:
    """Raise IndexFileError where the Flow's indexer could not use its index."""
    arguments = next(d.args.uses_with for name, d in flow if name == 'indexer')
    names = ('model_path', 'weights', 'pooling', 'window_size', 'stride')
    check(Path(arguments['path']), configuration(**{name: arguments[name] for name in names}))


def check_port(settings: Settings) -> None:
    """Raise PortTaken while a service could not listen on the port."""
    family = socket.AF_INET6 if ':' in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise PortTaken(
                f'cannot listen on {settings.host}:{settings.port} ({error.strerror}); '
                'stop what does, or set AUDIO_SEARCH_PORT to another port'
            ) from None


def index_toy_data(flow: Flow) -> list[AudioClip]:
    """Index the toy clips, labelled by their file names; the ones that could be used."""
    clips = from_files(os.path.join(os.path.relpath(ROOT / 'toy-data'), '*.mp3'))
    for clip in clips:
        clip.tags = {'label': Path(str(clip.uri)).stem.partition('_')[2]}
    answered: list[AudioClip] = []
    begun = time.monotonic()
    starts = range(0, len(clips), BATCH)
    for start in track(starts, description='Indexing toy-data', console=console):
        batch = clips[start : start + BATCH]
        answered.extend(flow.post(on='/index', inputs=batch, return_type=DocList[AudioClip]))
    for clip in answered:
        if clip.error:
            console.print(f'[red]{clip.error}[/red]')
    usable = [clip for clip in answered if not clip.error]
    chunks = sum(clip.chunk_count or 0 for clip in usable)
    console.print(
        f'{len(usable)} clips, {chunks} chunks in the index '
        f'({time.monotonic() - begun:.1f} s; files that did not change are not encoded again).'
    )
    return usable


def show_matches(flow: Flow, clips: list[AudioClip]) -> None:
    """Search one clip of each of a few labels, and print what was found and where."""
    by_label = {clip.tags['label']: clip for clip in reversed(clips)}
    queries = DocList[AudioClip](
        AudioClip(uri=by_label[label].uri) for label in sorted(by_label)[:SHOWN_LABELS]
    )
    answered = flow.post(
        on='/search',
        inputs=queries,
        parameters={'limit': SHOWN_MATCHES, 'exclude_self': True},
        return_type=DocList[AudioClip],
    )
    table = Table('query', 'match', 'distance', 'this part (s)', 'matched this part (s)')
    for clip in answered:
        if clip.error:
            table.add_row(Path(str(clip.uri)).stem, clip.error)
        for row, match in enumerate(clip.matches):
            table.add_row(
                '' if row else Path(str(clip.uri)).stem,
                Path(str(match.uri)).stem,
                f'{match.scores["cosine"]:.3f}',
                _seconds(match.query_beg_in_ms, match.query_end_in_ms),
                _seconds(match.beg_in_ms, match.end_in_ms),
                end_section=row == len(clip.matches) - 1,
            )
    console.print(table)


def _seconds(beg_in_ms: int | None, end_in_ms: int | None) -> str:
    return f'{(beg_in_ms or 0) / 1000:.1f} to {(end_in_ms or 0) / 1000:.1f}'


if __name__ == '__main__':
    sys.exit(main())
