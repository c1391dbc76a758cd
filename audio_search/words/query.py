"""Names of sounds -> a vector that is compared as that of a window would be."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audio_search.words.vocabulary import Vocabulary, WordsError

INT8_MAX = 127


@dataclass(frozen=True)
class Term:
    """What was typed for one sound: the numbers of the names it leads to, in the vocabulary, and
    whether it is wanted, or a counter-example."""

    text: str
    numbers: tuple[int, ...]
    is_wanted: bool = True


def query_vector(vocabulary: Vocabulary, terms: Sequence[Term], examples: int) -> np.ndarray:
    """int8 [examples * 128]: one direction as often as an index has vectors in a window, which is
    once where it keeps their mean.

    The directions of a term's names are added up, and then the terms: each counts the same, however
    many names it leads to; a counter-example is subtracted. Raises WordsError where no sound is
    wanted, and where nothing is left.
    """
    if not any(term.is_wanted for term in terms):
        raise WordsError(
            'every word has a minus, so there is nothing to search for; add a word for the sound '
            'that is wanted'
        )
    wanted = {number for term in terms if term.is_wanted for number in term.numbers}
    unwanted = {number for term in terms if not term.is_wanted for number in term.numbers}
    if both := sorted(wanted & unwanted):
        raise WordsError(
            f'{vocabulary.names[both[0]]} is both wanted and has a minus; leave out one of them'
        )
    total = np.zeros(vocabulary.directions.shape[1], np.float32)
    for term in terms:
        direction = vocabulary.directions[list(term.numbers)].sum(axis=0)
        total += direction / np.linalg.norm(direction) * (1 if term.is_wanted else -1)
    return np.tile(np.rint(total / np.abs(total).max() * INT8_MAX), examples).astype(np.int8)
