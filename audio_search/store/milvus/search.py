"""The nearest chunks of distinct clips, exactly, from a server that knows only rows.

A search that groups by clip may stop short of `limit` groups, or is not done at all (2.3). So more
rows are asked for than are wanted, and where they are of too few clips, again without the clips
that are found already. The server's distances are float32, so rows near to the cut are compared
again with their integers.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from audio_search.store.errors import StorageError
from audio_search.store.milvus import rows

MIN_ROWS = 64
ROWS_PER_CLIP = 8
MAX_ROWS = 16_384  # of one answer
ROUNDING = 2e-6  # of the server's cosines, which are float32
ATTEMPTS = 100
ROW_FIELDS = ['id', 'vector', 'chunk']

Search = Callable[[np.ndarray, int, str], list[list[tuple[int, float]]]]
Fetch = Callable[[Sequence[int], list[str]], dict[int, dict[str, Any]]]


@dataclass(frozen=True)
class Found:
    """A row near to a query: its key, its distance, what is kept of its chunk, and the head of its
    clip."""

    key: int
    distance: float
    chunk: dict[str, Any]
    head: dict[str, Any]


@dataclass
class _Wanted:
    """What is known so far of the neighbours of one query: of each key its distance by the server,
    and whether there are no others."""

    query: np.ndarray
    excluded: set[int]  # clips
    near: dict[int, float] = field(default_factory=dict)
    is_complete: bool = False

    def take(self, answer: list[tuple[int, float]], count: int) -> None:
        """Add an answer to a question for `count`; a list that is not full has all there is."""
        self.is_complete = len(answer) < count
        for key, distance in answer:
            if rows.number_of(key) not in self.excluded:
                self.near[key] = distance


class _Gone(Exception):
    """Clips, by their numbers, were replaced or removed while they were being looked up."""

    def __init__(self, numbers: set[int]) -> None:
        super().__init__(numbers)
        self.numbers = numbers


def nearest(
    queries: np.ndarray,
    limit: int,
    *,
    distinct: bool,
    expression: str,
    excluded: Sequence[int | None],
    search: Search,
    fetch: Fetch,
) -> list[list[Found]]:
    """For each of `queries`, int8 [n, dimensions], its `limit` nearest; ties by key. `excluded` has
    the number of a clip to leave out for each.

    `search(queries, limit, expression)` answers (key, distance) lists, ascending; `fetch(keys,
    fields)` rows by their keys. Raises StorageError.
    """
    count = max(MIN_ROWS, ROWS_PER_CLIP * limit) if distinct else limit + MIN_ROWS
    if count > MAX_ROWS and not distinct:
        raise StorageError(
            f'Milvus answers {MAX_ROWS:,} windows at most; ask for up to '
            f'{MAX_ROWS - MIN_ROWS:,} with distinct=false'
        )
    gone: set[int] = set()
    for _ in range(ATTEMPTS):
        try:
            asker = _Asker(limit, distinct, min(count, MAX_ROWS), expression, search, fetch)
            return asker.ask(queries, excluded)
        except _Gone as error:  # ask for everything again, so that the answer is of one moment
            if left := gone & error.numbers:  # by a process that ended before it deleted them
                expression = without(expression, left)
            gone |= error.numbers
    raise StorageError('The clips that were found were replaced each time; ask again')


@dataclass(frozen=True)
class _Asker:
    limit: int
    distinct: bool
    count: int
    expression: str
    search: Search
    fetch: Fetch

    def ask(self, queries: np.ndarray, excluded: Sequence[int | None]) -> list[list[Found]]:
        """Raises _Gone."""
        wanted = [
            _Wanted(query, set() if out is None else {out})
            for query, out in zip(queries, excluded, strict=True)
        ]
        sounding = [one for one in wanted if one.query.any()]  # silence is near to nothing
        if sounding:
            stacked = np.stack([one.query for one in sounding])
            answers = self.search(stacked, self.count, self.expression)
            for one, answer in zip(sounding, answers, strict=True):
                one.take(answer, self.count)
                self._complete(one)
        near = [self._cut(one) for one in wanted]
        keys = sorted({key for each in near for key in each})
        numbers = sorted({rows.number_of(key) for key in keys})
        vectors = self.fetch(keys, ROW_FIELDS)
        fields = [*rows.HEAD_FIELDS, 'row']
        heads = self.fetch([number << rows.KEY_BITS for number in numbers], fields)
        gone = {rows.number_of(key) for key in keys if key not in vectors}
        gone |= {
            number
            for number in numbers
            if heads.get(number << rows.KEY_BITS, {}).get('row') != rows.HEAD
        }
        if gone:
            raise _Gone(gone)
        return [
            self._ranked(one, each, vectors, heads) for one, each in zip(wanted, near, strict=True)
        ]

    def _complete(self, one: _Wanted) -> None:
        """Ask again, without the clips that are known, until there are enough of them. (Where each
        row counts, only the excluded clip can have left too few.)"""
        while not one.is_complete:
            known = {rows.number_of(key) for key in one.near}
            if len(known if self.distinct else one.near) >= self.limit:
                return
            again = without(self.expression, one.excluded | (known if self.distinct else set()))
            one.take(self.search(one.query[np.newaxis], self.count, again)[0], self.count)

    def _cut(self, one: _Wanted) -> list[int]:
        """The keys that may be among the nearest `limit`."""
        best: dict[int, float] = {}
        for key, distance in one.near.items():
            name = rows.number_of(key) if self.distinct else key
            best[name] = min(distance, best.get(name, np.inf))
        if not best:
            return []
        furthest = sorted(best.values())[: self.limit][-1] + ROUNDING
        return sorted(
            key
            for key, distance in one.near.items()
            if distance <= furthest
            and distance <= best[rows.number_of(key) if self.distinct else key] + ROUNDING
        )

    def _ranked(
        self,
        one: _Wanted,
        keys: list[int],
        vectors: dict[int, dict[str, Any]],
        heads: dict[int, dict[str, Any]],
    ) -> list[Found]:
        """By their integers; of equal ones the row that was stored first."""
        if not keys:
            return []
        exact = rows.distances(one.query, rows.vectors_of([vectors[key] for key in keys]))
        ranked: list[Found] = []
        seen = set()
        for place in np.lexsort((np.array(keys), exact)):
            number = rows.number_of(keys[place])
            if self.distinct and number in seen:
                continue
            seen.add(number)
            head = heads[number << rows.KEY_BITS]
            row = vectors[keys[place]]
            ranked.append(Found(keys[place], float(exact[place]), row['chunk'], head))
        return ranked[: self.limit]


def without(expression: str, numbers: set[int]) -> str:
    """Rows that it selects of all clips but these."""
    return f'({expression}) and (clip not in [{", ".join(map(str, sorted(numbers)))}])'
