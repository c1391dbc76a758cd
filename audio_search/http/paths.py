"""Marks on endpoints. Middleware reads from them which paths work, need no token, or are not
logged, so that a route says it itself and no list has to be kept beside the routes."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from starlette.routing import BaseRoute, Route

from audio_search.paths import PAGE

E = TypeVar('E', bound=Callable[..., Any])
MARK = '_audio_search_marks'
OTHER = 'other'


def _mark(endpoint: E, name: str) -> E:
    setattr(endpoint, MARK, getattr(endpoint, MARK, frozenset()) | {name})
    return endpoint


def works(endpoint: E) -> E:
    """Mark an endpoint that encodes, searches or writes: it takes a place before its body is read,
    see limits.ConcurrencyLimit."""
    return _mark(endpoint, 'works')


def needs_no_token(endpoint: E) -> E:
    """Mark an endpoint that answers everybody, see security.TokenAuth."""
    return _mark(endpoint, 'needs_no_token')


def unlogged(endpoint: E) -> E:
    """Mark an endpoint that programs ask every few seconds: its lines would bury the others."""
    return _mark(endpoint, 'unlogged')


class Paths:
    """The paths of an app's routes, by their marks."""

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        self._routes = [route for route in routes if isinstance(route, Route)]
        self.working = self._marked('works')
        self.open = self._marked('needs_no_token')
        self._unlogged = self._marked('unlogged')

    def _marked(self, name: str) -> Callable[[str], bool]:
        patterns = [
            route.path_regex
            for route in self._routes
            if name in getattr(route.endpoint, MARK, frozenset())
        ]
        return lambda path: any(pattern.match(path) for pattern in patterns)

    def label(self, path: str) -> str:
        """What metrics call a path. Those that nobody serves are counted as one, and an id in a
        path is left out: else every such path would make a time series of its own."""
        if is_page(path):
            return PAGE
        for route in self._routes:
            if route.path_regex.match(path):
                return route.path.partition('/{')[0] or '/'
        return OTHER

    def is_logged(self, path: str) -> bool:
        return not (is_page(path) or self._unlogged(path))


def is_page(path: str) -> bool:
    return f'{path}/'.startswith(f'{PAGE}/')
