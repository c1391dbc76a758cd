"""The service that a command asks: one that runs, or else one for the time of the command."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from audio_search.address import address_of
from audio_search.audio.sources import MediaError, split_fragment
from audio_search.cli.console import WrongUse, complain
from audio_search.client import Client, NoService
from audio_search.settings import Settings


@contextmanager
def connect(url: str | None) -> Iterator[Client]:
    """A client of the service at `url`, by default the configured one on this machine.

    Where none answers at the configured address, one is started and ended with the block; at a
    given `url` that is an error. Raises NoService, WrongUse.
    """
    settings = Settings.from_env()
    configured = address_of(settings.host, settings.port)
    try:
        client = Client(url or configured, settings.token, say=complain)
    except ValueError as error:
        raise WrongUse(f'--url: {error}') from None
    with client:
        if client.answers():
            yield client
            return
        if url:
            raise NoService(f'no service answers at {url}; start it, or check the address')
        complain(f'no service answers at {configured}; starting one for this command')
        with _started(client, settings):
            client.wait_until_ready()
            with client:  # closed first: threads must not wait for a service that is being ended
                yield client


@contextmanager
def _started(client: Client, settings: Settings) -> Iterator[None]:
    from audio_search.cli.serve import service_for_a_command

    with ExitStack() as stack:
        try:
            stack.enter_context(service_for_a_command(settings))
        except Exception as error:
            if not client.answers():  # one that was restarting has the index and the port
                raise NoService(
                    f'no service answers at {client.url}, and none can start: {error}'
                ) from error
        yield


def uri_of(name: str) -> str:
    """What a user calls a sound, as the service finds it: the path of a file that is here becomes
    absolute; anything else, such as the uri of a stored clip, stays as it is. `#t=` may follow."""
    try:
        file, _, _ = split_fragment(name)
    except MediaError:
        file = name
    path = Path(file).expanduser()
    return f'{path.resolve()}{name[len(file) :]}' if path.exists() else name
