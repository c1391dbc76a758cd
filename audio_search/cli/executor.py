"""Runs one executor of the Flow by itself, as a machine or a container of its own does."""

from typing import Annotated

import typer

from audio_search import logs
from audio_search.cli.console import news
from audio_search.cli.options import FlowFile
from audio_search.settings import Settings

PORTS = {'segmenter': 52001, 'encoder': 52002, 'indexer': 52003, 'ranker': 52004}


def executor(
    name: Annotated[str, typer.Argument(help='segmenter, encoder, indexer or ranker.')],
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help='Where it listens. Default: 52001 to 52004.'),
    ] = None,
    host: Annotated[
        str,
        typer.Option(
            help='0.0.0.0 for other machines, in a network of yours: executors ask nobody for a '
            'password.'
        ),
    ] = '127.0.0.1',
    flow: FlowFile = None,
) -> None:
    """Run one executor of the Flow, for a service on flow-cluster.yml. Ctrl-C stops it.

    \b
    Examples:
      audio-search executor segmenter
      audio-search executor encoder --host 0.0.0.0 --port 52012
    """
    from audio_search.flow.alone import run
    from audio_search.flow.loading import load_flow

    loaded = load_flow(flow)
    logs.configure(Settings.from_env().log)
    port = PORTS.get(name, 52000) if port is None else port
    ready = f'The {name} listens on {host}:{port}. Stop: Ctrl-C'
    run(loaded, name, host, port, lambda: news.print(ready))
