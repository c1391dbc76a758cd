"""How alike a match is, in a word."""

import pytest

from audio_search.documents import Match
from audio_search.page.likeness import exact, likeness, share


def sound(distance: float, rarity: float | None) -> Match:
    return Match(scores={'cosine': distance}, rarity=rarity, query_beg_in_ms=0)


@pytest.mark.parametrize(
    ('match', 'word'),
    [
        (sound(0.4, 0.001), 'very alike'),
        (sound(0.4, 0.03), 'alike'),
        (sound(0.4, 0.4), 'weak'),
        (sound(0.2, None), 'very alike'),
        (sound(0.9, None), 'weak'),
    ],
)
def test_of_a_sound_rarity_goes_before_distance(match: Match, word: str) -> None:
    assert likeness(match) == word


def test_what_is_nearest_to_words_may_be_far() -> None:
    dog_in_an_index_without_dogs = Match(scores={'cosine': 0.84}, rarity=0.0)
    assert likeness(dog_in_an_index_without_dogs) == 'weak'
    assert share(dog_in_an_index_without_dogs) < 0.2
    assert 'of all windows' in exact(dog_in_an_index_without_dogs)
    assert likeness(Match(scores={'cosine': 0.4}, rarity=0.04)) == 'very alike'


def test_of_several_examples_the_probability_counts() -> None:
    words = [
        likeness(Match(scores={'cosine': 0.5}, rarity=0.0, score=score))
        for score in (0.9, 0.6, 0.2)
    ]
    assert words == ['very alike', 'alike', 'weak']
