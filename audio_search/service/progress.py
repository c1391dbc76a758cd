"""How far a request is that takes long, for whoever waits for it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# Called with a share from 0 to 1 whenever a batch of clips, or a part of a recording, is done.
Listener = Callable[[float], None]
_listener: ContextVar[Listener | None] = ContextVar('listener', default=None)


@contextmanager
def following(listener: Listener) -> Iterator[None]:
    """Tell `listener` of the requests that are made of the service within this context."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


@contextmanager
def part(start: float, end: float) -> Iterator[None]:
    """What is reported from 0 to 1 within this context is a part of the whole."""
    whole = _listener.get()
    if whole is None:
        yield
        return
    with following(lambda share: whole(start + share * (end - start))):
        yield


def report(share: float) -> None:
    if listener := _listener.get():
        listener(share)
