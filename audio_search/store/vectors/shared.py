"""Searches that come while a scan runs go through the next one together.

A scan reads every row, so for many queries it takes little longer than for some: what it takes per
query is less than half at 32. Nobody waits for company: where no scan runs, a search begins one.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from audio_search.store.vectors.blocks import Block
from audio_search.store.vectors.nearest import Nearest
from audio_search.store.vectors.scan import QUERY_BATCH, Scanner, Selected


@dataclass(eq=False)
class _Search:
    blocks: Sequence[Block]
    queries: np.ndarray
    limit: int
    distinct: bool
    selected: Selected
    excluded: Sequence[int | None]
    done: threading.Event = field(default_factory=threading.Event)
    found: list[Nearest] | None = None
    error: BaseException | None = None

    def goes_with(self, other: '_Search') -> bool:
        """Whether both look at the same rows, and in the same way."""
        return (
            self.blocks is other.blocks
            and self.distinct == other.distinct
            and _are_equal(self.selected, other.selected)
        )


class SharedScanner:
    """A Scanner for many threads at once: one of them scans, for all that wait and go with it.

    Then the next of those that wait does, so nobody scans for others longer than once. Where a
    scan for several fails, each is tried by itself: an error reaches the search it belongs to.
    """

    def __init__(self, scanner: Scanner) -> None:
        self._scanner = scanner
        self._lock = threading.Lock()
        self.waiting: list[_Search] = []
        self._is_scanning = False

    def search(
        self,
        blocks: Sequence[Block],
        queries: np.ndarray,
        limit: int,
        *,
        distinct: bool = True,
        selected: Selected = None,
        excluded: Sequence[int | None] | None = None,
    ) -> list[Nearest]:
        """As Scanner.search."""
        search = _Search(
            blocks, queries, limit, distinct, selected, excluded or [None] * len(queries)
        )
        with self._lock:
            self.waiting.append(search)
            leads = not self._is_scanning
            self._is_scanning = True
        if not leads:
            search.done.wait()
        if search.found is None and search.error is None:  # it is its turn to scan
            try:
                self._scan(self._take(search))
            finally:
                self._pass_on()
        if search.error is not None:
            raise search.error
        assert search.found is not None
        return search.found

    def _take(self, first: _Search) -> list[_Search]:
        """A search, and those that go with it, in the order they came."""
        with self._lock:
            self.waiting.remove(first)
            taken, count = [first], len(first.queries)
            for other in [one for one in self.waiting if one.goes_with(first)]:
                if count + len(other.queries) > QUERY_BATCH:
                    break
                self.waiting.remove(other)
                taken.append(other)
                count += len(other.queries)
        return taken

    def _scan(self, searches: list[_Search]) -> None:
        try:
            found = iter(self._found(searches))
            for search in searches:
                search.found = list(islice(found, len(search.queries)))
        except BaseException as error:
            if len(searches) == 1:
                searches[0].error = error
            else:
                for search in searches:
                    self._scan([search])
        finally:
            for search in searches[1:]:
                search.done.set()

    def _found(self, searches: list[_Search]) -> list[Nearest]:
        first = searches[0]
        return self._scanner.search(
            first.blocks,
            np.concatenate([search.queries for search in searches]),
            [search.limit for search in searches for _ in search.queries],
            distinct=first.distinct,
            selected=first.selected,
            excluded=[number for search in searches for number in search.excluded],
        )

    def _pass_on(self) -> None:
        """Let the next one scan, if any waits."""
        with self._lock:
            if self.waiting:
                self.waiting[0].done.set()
            else:
                self._is_scanning = False


def _are_equal(first: Selected, second: Selected) -> bool:
    if first is None or second is None:
        return first is second
    return np.array_equal(first, second)
