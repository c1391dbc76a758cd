"""Examples and what stands against them, as rows to fit."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audio_search.errors import Kind

# An example counts as at most so many windows, which are a clip of 10 s: so an hour of wind does
# not outvote a dog that barks once. And at most so many of its windows are looked at.
MAX_WEIGHT = 4
MAX_WINDOWS = 64
MAX_ROWS = 4000  # of all examples together; these are fitted in some 50 ms
BACKGROUND_WEIGHT = 0.05  # of a window that nobody judged: what is wanted may be in it


class ExamplesError(ValueError):
    """Examples that no search can be made of; the message says why, and what to do."""

    kind = Kind.UNUSABLE


@dataclass(frozen=True)
class Example:
    """A sound, int8 [windows, dimensions], that is wanted in answers or is not."""

    windows: np.ndarray
    is_wanted: bool = True


@dataclass(frozen=True)
class Rows:
    """What is fitted: unit vectors, float64 [n, dimensions], whether each is wanted, bool [n], and
    its weight [n]; `group` has the number of the example that it is of, or -1 for background."""

    vectors: np.ndarray
    is_wanted: np.ndarray
    weight: np.ndarray
    group: np.ndarray

    @property
    def wanted_groups(self) -> np.ndarray:
        """The numbers of the wanted examples that have rows, ascending."""
        return np.unique(self.group[self.is_wanted])

    def chosen(self, which: np.ndarray) -> 'Rows':
        return Rows(
            self.vectors[which], self.is_wanted[which], self.weight[which], self.group[which]
        )


def rows_of(examples: Sequence[Example], background: np.ndarray, parts: int) -> Rows:
    """The windows of the examples, and of the background those that are in no example, int8
    [windows, dimensions]; each as its `parts`, vectors side by side, which share its weight.

    What cannot be heard, zero vectors, is left out. A window that is in a wanted example and in an
    unwanted one counts for the shorter of both, so that a part of a clip may be taken out of it.
    Raises ExamplesError where nothing is wanted.
    """
    if not any(one.is_wanted for one in examples):
        raise ExamplesError(
            'only counter-examples are given, so there is nothing to search for; add an example '
            'of the sound that is wanted'
        )
    owners = _owners(examples)
    per_example = max(MAX_ROWS // len(examples) // parts, 1)
    found: list[tuple[np.ndarray, bool, float, int]] = []
    for number, one in enumerate(examples):
        own = [row for row in one.windows if owners[row.tobytes()] == number]
        windows = _thinned(np.array(own), min(per_example, MAX_WINDOWS))
        if len(windows):
            weight = min(1.0, MAX_WEIGHT / len(windows))
            found.append((windows, one.is_wanted, weight, number))
    others = np.array([row for row in background if row.tobytes() not in owners])
    if len(others):
        found.append((others, False, BACKGROUND_WEIGHT, -1))
    if not any(is_wanted for _, is_wanted, _, _ in found):
        heard = any(one.windows.any() for one in examples if one.is_wanted)
        raise ExamplesError(
            'the same sounds are given as examples and as counter-examples; leave out one of both'
            if heard
            else 'nothing can be heard in any of the examples; give one that sounds'
        )
    counts = [len(windows) * parts for windows, _, _, _ in found]
    vectors = np.concatenate([windows for windows, _, _, _ in found]).astype(np.float64)
    vectors = vectors.reshape(sum(counts), -1)
    norms = np.linalg.norm(vectors, axis=1)
    rows = Rows(
        vectors / np.where(norms > 0, norms, 1)[:, np.newaxis],
        np.repeat([is_wanted for _, is_wanted, _, _ in found], counts),
        np.repeat([weight / parts for _, _, weight, _ in found], counts),
        np.repeat([number for _, _, _, number in found], counts),
    )
    return rows.chosen(norms > 0)


def _owners(examples: Sequence[Example]) -> dict[bytes, int]:
    """By each window that sounds, the number of the example that it counts for: the shortest, and
    of equally long ones the last."""
    owners: dict[bytes, int] = {}
    for number in sorted(range(len(examples)), key=lambda one: -len(examples[one].windows)):
        for row in examples[number].windows:
            owners[row.tobytes()] = number if row.any() else -1
    return owners


def _thinned(windows: np.ndarray, count: int) -> np.ndarray:
    """At most `count` of the windows, evenly from the first to the last."""
    if len(windows) <= count:
        return windows
    return windows[np.linspace(0, len(windows) - 1, count).round().astype(int)]
