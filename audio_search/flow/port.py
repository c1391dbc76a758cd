"""The port that the gateway listens on."""

import errno
import os
import socket


class PortTaken(RuntimeError):
    """The service cannot listen there; the message says why and what to do."""

    def __init__(self, host: str, port: int, reason: str = os.strerror(errno.EADDRINUSE)) -> None:
        super().__init__(
            f'cannot listen on {host}:{port} ({reason}); '
            'stop what does, or set AUDIO_SEARCH_PORT to another port'
        )


def check(host: str, port: int) -> None:
    """Raise PortTaken where a service could not listen now."""
    family = socket.AF_INET6 if ':' in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTaken(host, port, error.strerror or str(error)) from None
