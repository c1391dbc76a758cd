"""Searches that share a pass, from threads that begin together."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from audio_search.store.vectors.blocks import Block, changed
from audio_search.store.vectors.nearest import Nearest
from audio_search.store.vectors.scan import Scanner
from audio_search.store.vectors.shared import SharedScanner

DIMENSIONS = 512


class HeldScanner(Scanner):
    """A scanner whose first pass waits for `go`; `passes` has the numbers of their queries."""

    def __init__(self) -> None:
        super().__init__(2)
        self.go = threading.Event()
        self.began = threading.Event()
        self.passes: list[int] = []

    def search(
        self, blocks: Sequence[Block], queries: np.ndarray, *args: Any, **kwargs: Any
    ) -> list[Nearest]:
        self.passes.append(len(queries))
        self.began.set()
        self.go.wait()
        return super().search(blocks, queries, *args, **kwargs)


@pytest.fixture
def scanner() -> Iterator[HeldScanner]:
    scanner = HeldScanner()
    yield scanner
    scanner.close()


def stored(count: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.integers(-128, 128, (count, 2, DIMENSIONS)).astype(np.int8)


def blocks_of(clips: np.ndarray) -> tuple[Block, ...]:
    return changed((), [], enumerate(clips, start=1))


def together(scanner: HeldScanner, searches: list[tuple[tuple[Any, ...], dict[str, Any]]]) -> list:
    """The futures of searches of which the first begins, and all others come while it runs."""
    shared = SharedScanner(scanner)
    pool = ThreadPoolExecutor(len(searches))
    futures = []
    for number, (args, kwargs) in enumerate(searches):
        futures.append(pool.submit(shared.search, *args, **kwargs))
        scanner.began.wait()
        while number and len(shared.waiting) < number:
            pass
    scanner.go.set()
    pool.shutdown()
    return futures


def test_those_that_wait_go_together_and_each_gets_its_own(scanner: HeldScanner) -> None:
    clips = stored(300)
    blocks = blocks_of(clips)
    searches: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
        ((blocks, clips[n], 1 + n % 3), {'excluded': [n + 1, None] if n % 2 else None})
        for n in range(9)
    ]
    answers = [future.result() for future in together(scanner, searches)]
    assert scanner.passes == [2, 16]
    alone = Scanner(1)
    for (args, kwargs), answer in zip(searches, answers, strict=True):
        expected = alone.search(*args, **kwargs)
        assert [one.clips.tolist() for one in answer] == [one.clips.tolist() for one in expected]
        assert [one.cosines.tolist() for one in answer] == [
            one.cosines.tolist() for one in expected
        ]
    alone.close()


def test_a_pass_has_rows_and_a_filter_of_its_own(scanner: HeldScanner) -> None:
    clips, others = stored(50), stored(60, seed=1)
    blocks, later = blocks_of(clips), blocks_of(others)
    few = np.array([3, 4], np.int32)
    futures = together(
        scanner,
        [
            ((blocks, clips[0], 1), {}),
            ((blocks, clips[1], 1), {}),
            ((later, others[1], 1), {}),
            ((blocks, clips[2], 1), {'selected': few}),
            ((blocks, clips[3], 1), {'selected': few.copy()}),
            ((blocks, clips[4], 2), {'distinct': False}),
            ((blocks, clips[5], 1), {}),
        ],
    )
    found = [[one.clips.tolist() for one in future.result()] for future in futures]
    assert sorted(scanner.passes) == [2, 2, 2, 4, 4]
    assert found[0] == [[1], [1]]
    assert found[2] == [[2], [2]]
    assert {number for numbers in found[3] for number in numbers} <= {3, 4}
    assert found[4] == [[4], [4]]
    assert found[6] == [[6], [6]]


def test_more_than_one_pass_takes_come_in_turns(scanner: HeldScanner) -> None:
    clips = stored(40)
    blocks = blocks_of(clips)
    futures = together(scanner, [((blocks, clips[n], 1), {}) for n in range(20)])
    assert [future.result()[0].clips.tolist() for future in futures] == [[n + 1] for n in range(20)]
    assert scanner.passes == [2, 32, 6]


def test_an_error_reaches_the_search_it_belongs_to_and_the_next_ones_run(
    scanner: HeldScanner,
) -> None:
    clips = stored(40)
    blocks = blocks_of(clips)
    odd = np.zeros((1, DIMENSIONS - 1), np.int8)  # no vector of these clips
    futures = together(
        scanner, [((blocks, queries, 1), {}) for queries in (clips[0], clips[1], odd, clips[2])]
    )
    assert futures[0].result()[0].clips.tolist() == [1]
    assert futures[1].result()[0].clips.tolist() == [2]
    assert futures[2].exception() is not None
    assert futures[3].result()[0].clips.tolist() == [3]
