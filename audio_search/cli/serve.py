"""Runs the service in this terminal until it is told to stop."""

import contextlib
import ipaddress
import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from audio_search import logs
from audio_search.cli.console import complain, console
from audio_search.cli.demo import index_toy_data, show_matches
from audio_search.flow import preflight
from audio_search.flow.loading import load_flow
from audio_search.flow.supervisor import StopRequested, Supervisor
from audio_search.settings import STDERR, Settings
from audio_search.vggish.weights import Weights

if TYPE_CHECKING:
    from jina import Flow

ALL_INTERFACES = ('0.0.0.0', '::')


def serve() -> None:
    """Serve, and index nothing."""
    # Requests are logged to stderr only here: in the demonstration they would break up its table.
    _run(load_flow(log=os.environ.get('AUDIO_SEARCH_LOG') or STDERR))


def demonstrate() -> None:
    """Index the toy clips, show what a few of them match, then serve."""

    def show(flow: 'Flow') -> None:
        show_matches(flow, index_toy_data(flow, Settings.from_env().roots))

    _run(load_flow(), show)


def _run(flow: 'Flow', then: Callable[['Flow'], None] = lambda flow: None) -> None:
    """Run the Flow until StopRequested; `then` runs once, as soon as it is ready."""
    settings = Settings.from_env()
    logs.configure(settings.log)
    weights = preflight.check(flow)
    if not settings.token and not is_loopback(settings.host):
        complain(
            f'warning: whoever reaches {settings.host}:{settings.port} over the network can '
            'search, add and delete clips; set AUDIO_SEARCH_TOKEN to let in only who has the token'
        )
    console.print(f'Weights: {describe(weights)}. Starting …')
    begun = time.monotonic()
    with contextlib.suppress(StopRequested), Supervisor(flow) as service:
        console.print(f'Ready after {time.monotonic() - begun:.1f} s.')
        then(service.flow)
        address = address_of(settings.host, settings.port)
        console.print(f'Search and listen: {address}/ui   API: {address}/docs   Stop: Ctrl-C')
        service.watch()


def describe(weights: Weights) -> str:
    """The weights in use, in words."""
    if weights.name == 'compact':
        return 'compact (scripts/download_model.py fetches the official ones)'
    return f'{weights.name} ({weights.path})'


def address_of(host: str, port: int) -> str:
    """The address at which a browser on this machine finds the service."""
    name = 'localhost' if host in ALL_INTERFACES else f'[{host}]' if ':' in host else host
    return f'http://{name}:{port}'


def is_loopback(host: str) -> bool:
    """Whether a service that listens there is reached from this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == 'localhost'
