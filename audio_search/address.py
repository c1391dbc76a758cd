"""Where a service listens, as its clients write it."""

import ipaddress

ALL_INTERFACES = ('0.0.0.0', '::')


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
