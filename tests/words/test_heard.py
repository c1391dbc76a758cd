"""Which names are heard in a clip."""

import numpy as np
import pytest

from audio_search.words import Vocabulary, heard


def row_of(name: str, vocabulary: Vocabulary) -> np.ndarray:
    """int8 [128]: an example along the direction of a name."""
    direction = vocabulary.directions[vocabulary.names.index(name)]
    return np.rint(direction / np.abs(direction).max() * 60).astype(np.int8)


def by_the_definition(rows: np.ndarray, vocabulary: Vocabulary) -> np.ndarray:
    """[names]: the mean probability over the examples that are not zero."""
    found = []
    for row in rows.reshape(-1, 128):
        if row.any():
            y = (row.astype(float) + 1) * 4 / 255
            found.append(1 / (1 + np.exp(-(vocabulary.weights @ y + vocabulary.bias))))
    return np.mean(found, axis=0)


def test_probabilities_are_the_mean_over_what_sounds(vocabulary: Vocabulary) -> None:
    rng = np.random.default_rng(0)
    rows = rng.integers(-128, 128, (3, 4, 128)).astype(np.int8)
    rows[1, 2] = rows[2] = 0
    expected = by_the_definition(rows, vocabulary)
    found = heard(vocabulary, rows.reshape(3, 512))
    assert found
    for name, probability in found:
        assert probability == pytest.approx(expected[vocabulary.names.index(name)], abs=0.001)
    means = heard(vocabulary, rows.reshape(12, 128))  # an index with one vector of each window
    assert means == found


def test_the_most_telling_comes_first(vocabulary: Vocabulary) -> None:
    rows = np.stack([row_of('Bark', vocabulary)] * 4)
    found = heard(vocabulary, rows.reshape(1, 512))
    assert 'Bark' in [name for name, _ in found]
    assert len(found) == 5
    expected = by_the_definition(rows, vocabulary)
    telling = [
        -p * np.log(vocabulary.prior[vocabulary.names.index(name)] + 1e-5) for name, p in found
    ]
    assert telling == sorted(telling, reverse=True)
    best = np.argmax(-expected * np.log(vocabulary.prior + 1e-5))
    assert found[0][0] == vocabulary.names[best]


def test_silence_has_none(vocabulary: Vocabulary) -> None:
    assert heard(vocabulary, np.zeros((3, 512), np.int8)) == []
    assert heard(vocabulary, np.zeros((0, 512), np.int8)) == []
