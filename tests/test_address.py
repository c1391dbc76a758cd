"""What serving says of the addresses it listens at."""

import pytest

from audio_search.address import address_of, is_loopback


@pytest.mark.parametrize('host', ['127.0.0.1', '127.0.0.2', '::1', 'localhost'])
def test_this_machine_is_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize('host', ['0.0.0.0', '::', '192.168.1.7', 'sounds.example.org'])
def test_a_network_is_not(host: str) -> None:
    assert not is_loopback(host)


def test_an_address_is_one_that_a_browser_takes() -> None:
    assert address_of('0.0.0.0', 80) == 'http://localhost:80'
    assert address_of('::', 80) == 'http://localhost:80'
    assert address_of('::1', 80) == 'http://[::1]:80'
    assert address_of('127.0.0.1', 80) == 'http://127.0.0.1:80'
