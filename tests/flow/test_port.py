import socket

import pytest

from audio_search.flow import port
from tests.running import free_port


def test_a_free_port_passes_and_a_taken_one_is_named() -> None:
    free = free_port()
    port.check('127.0.0.1', free)
    with socket.socket() as other:
        other.bind(('127.0.0.1', free))
        other.listen()
        with pytest.raises(port.PortTaken, match=f'127.0.0.1:{free} .*AUDIO_SEARCH_PORT'):
            port.check('127.0.0.1', free)


def test_an_address_of_another_machine_is_refused_with_the_reason() -> None:
    with pytest.raises(port.PortTaken, match='192.0.2.1'):
        port.check('192.0.2.1', free_port())
