"""Runs the service in this terminal until it is told to stop, or for the time of a command.

jina and TensorFlow's weights are looked at only when one of these runs: other verbs import this.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from audio_search import logs
from audio_search.address import address_of, is_loopback
from audio_search.cli.console import complain, news, print_json
from audio_search.cli.options import FlowFile, Json
from audio_search.settings import STDERR, Settings

if TYPE_CHECKING:
    from jina import Flow

    from audio_search.vggish.weights import Weights


def serve(as_json: Json = False, flow: FlowFile = None) -> None:
    """Serve the page and the API, and index nothing. Ctrl-C stops it.

    With --json, prints one line when it is ready: its address and its weights.

    \b
    Examples:
      audio-search serve
      AUDIO_SEARCH_ROOTS=~/sounds AUDIO_SEARCH_PORT=8080 audio-search serve --json
    """
    from audio_search.flow.loading import load_flow

    # Requests are logged to stderr only here: in the demonstration they would break up its table.
    _run(load_flow(flow, log=os.environ.get('AUDIO_SEARCH_LOG') or STDERR), as_json)


def demo(as_json: Json = False) -> None:
    """Index the toy clips, show what a few of them match, then serve.

    With --json, prints the searches as they are answered, and then what serve prints.

    \b
    Examples:
      audio-search demo
      AUDIO_SEARCH_WORKSPACE=toys audio-search demo --json
    """
    from audio_search.cli import demo
    from audio_search.flow.loading import load_flow

    def show(flow: 'Flow') -> None:
        demo.show_matches(flow, demo.index_toy_data(flow, Settings.from_env().roots), as_json)

    _run(load_flow(), as_json, show)


@contextlib.contextmanager
def service_for_a_command(settings: Settings) -> Iterator[None]:
    """A service at the configured address, as long as the block lasts.

    Raises whatever keeps it from starting, and StopRequested (a KeyboardInterrupt) after Ctrl-C or
    SIGTERM.
    """
    from audio_search.flow import preflight
    from audio_search.flow.loading import load_flow
    from audio_search.flow.supervisor import Supervisor

    flow = load_flow(page='off')  # nobody would find it, and it takes 4 s
    logs.configure(settings.log)
    preflight.check(flow)
    with Supervisor(flow):
        yield


def _run(flow: 'Flow', as_json: bool, then: Callable[['Flow'], None] = lambda flow: None) -> None:
    """Run the Flow until StopRequested; `then` runs once, as soon as it is ready."""
    from audio_search.flow import preflight
    from audio_search.flow.supervisor import StopRequested, Supervisor

    settings = Settings.from_env()
    logs.configure(settings.log)
    weights = preflight.check(flow)
    if not settings.token and not is_loopback(settings.host):
        complain(
            f'warning: whoever reaches {settings.host}:{settings.port} over the network can '
            'search, add and delete clips; set AUDIO_SEARCH_TOKEN to let in only who has the token'
        )
    made = f'Weights: {describe(weights)}' if weights else 'The executors run elsewhere'
    news.print(f'{made}. Starting …')
    begun = time.monotonic()
    with contextlib.suppress(StopRequested), Supervisor(flow) as service:
        news.print(f'Ready after {time.monotonic() - begun:.1f} s.')
        then(service.flow)
        address = address_of(settings.host, settings.port)
        page = f'Search and listen: {address}/ui   ' if settings.page else ''
        news.print(f'{page}API: {address}/docs   Stop: Ctrl-C')
        if as_json:
            print_json({'url': address, 'weights': weights.name if weights else None})
        service.watch()


def describe(weights: 'Weights') -> str:
    """The weights in use, in words."""
    if weights.name == 'compact':
        return 'compact (scripts/download_model.py fetches the official ones)'
    return f'{weights.name} ({weights.path})'
