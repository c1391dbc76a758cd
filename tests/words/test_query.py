"""From names to the vector that is searched with."""

import numpy as np
import pytest

from audio_search.words import Vocabulary, WordsError, query_vector, read


def direction(text: str, vocabulary: Vocabulary) -> np.ndarray:
    """Of length 1, [128]."""
    vector = query_vector(vocabulary, read(text, vocabulary), 1).astype(np.float64)
    return np.asarray(vector / np.linalg.norm(vector))


def of(name: str, vocabulary: Vocabulary) -> np.ndarray:
    return vocabulary.directions[vocabulary.names.index(name)].astype(np.float64)


def test_the_vector_is_the_direction_of_the_name_in_8_bits(vocabulary: Vocabulary) -> None:
    vector = query_vector(vocabulary, read('church bell', vocabulary), 1)
    assert (vector.shape, vector.dtype) == ((128,), np.int8)
    assert np.abs(vector.astype(int)).max() == 127
    assert direction('church bell', vocabulary) @ of('Church bell', vocabulary) > 0.9999


def test_it_is_repeated_for_each_vector_of_a_window(vocabulary: Vocabulary) -> None:
    terms = read('dog bark -music', vocabulary)
    one, four = (query_vector(vocabulary, terms, count) for count in (1, 4))
    np.testing.assert_array_equal(four.reshape(4, 128), np.stack([one] * 4))


def test_equal_texts_have_equal_vectors(vocabulary: Vocabulary) -> None:
    first, second = (
        query_vector(vocabulary, read(text, vocabulary), 4)
        for text in ('church bell, rain', 'the CHURCH-BELLS and rain')
    )
    np.testing.assert_array_equal(first, second)


def test_each_term_counts_the_same_however_many_names_it_has(vocabulary: Vocabulary) -> None:
    horn = direction('horn', vocabulary)  # four names
    both = horn + of('Rain', vocabulary)
    assert direction('horn rain', vocabulary) @ both / np.linalg.norm(both) > 0.9999


def test_a_counter_example_is_subtracted(vocabulary: Vocabulary) -> None:
    wanted = of('Bird', vocabulary) - of('Crow', vocabulary)
    assert direction('bird -crow', vocabulary) @ wanted / np.linalg.norm(wanted) > 0.9999
    crow = of('Crow', vocabulary)
    assert direction('bird -crow', vocabulary) @ crow < direction('bird', vocabulary) @ crow


@pytest.mark.parametrize(
    ('text', 'sentence'),
    [
        ('-dog', 'every word has a minus'),
        ('-dog -"church bell"', 'every word has a minus'),
        ('dog rain -dogs', 'Dog is both wanted and has a minus'),
        ('horn -train horn', 'Train horn is both wanted and has a minus'),
    ],
)
def test_what_leaves_nothing_to_search_for(
    text: str, sentence: str, vocabulary: Vocabulary
) -> None:
    with pytest.raises(WordsError, match=sentence):
        query_vector(vocabulary, read(text, vocabulary), 4)
