"""From typed text to names."""

import pytest

from audio_search.words import Vocabulary, WordsError, matching, near, read, synonyms_of
from audio_search.words.folding import words_of
from audio_search.words.synonyms import SYNONYMS

TELEPHONE = ['Telephone bell ringing', 'Ringtone']


def meant(text: str, vocabulary: Vocabulary) -> list[list[str]]:
    """The names of each term, in order; a counter-example's begin with a minus."""
    return [
        [('' if term.is_wanted else '-') + vocabulary.names[number] for number in term.numbers]
        for term in read(text, vocabulary)
    ]


@pytest.mark.parametrize(
    ('text', 'names'),
    [
        # Whole names, before anything shorter
        ('church bell', [['Church bell']]),
        ('Church Bell', [['Church bell']]),
        ('  CHURCH   bells! ', [['Church bell']]),
        ('bell', [['Bell']]),
        ('hi-hat', [['Hi-hat']]),
        ('hi hat', [['Hi-hat']]),
        ('dentist’s drill', [["Dental drill, dentist's drill"]]),
        # Plurals and -ing forms
        ('dogs', [['Dog']]),
        ('wolf', [['Howl']]),
        ('wolves', [['Howl']]),
        ('leaves', [['Rustling leaves']]),
        ('buses', [['Bus']]),
        ('glass', [['Glass']]),
        ('sneezing', [['Sneeze']]),
        ('whistle', [['Whistle']]),
        ('whistling', [['Whistling']]),
        ('ring', [TELEPHONE]),
        # Parts of names, and single words of them
        ('baby crying', [['Baby cry, infant cry']]),
        ('footsteps', [['Walk, footsteps']]),
        ('pots', [['Dishes, pots, and pans']]),
        ('horn', [
            ['Vehicle horn, car horn, honking', 'Air horn, truck horn', 'Train horn',
             'French horn'],
        ]),
        # Everyday words
        ('seashore', [['Ocean', 'Waves, surf']]),
        ('churchbell', [['Church bell']]),
        ('phones ringing', [TELEPHONE]),
        ('drums', [['Drum', 'Drum kit']]),
        # Several, and what stands between them
        ('dog rain', [['Dog'], ['Rain']]),
        ('the sound of a dog in the rain', [['Dog'], ['Rain']]),
        ('dog bark', [['Dog', 'Bark']]),
        ('dog, bark', [['Dog'], ['Bark']]),
        ('wood block', [['Wood block']]),
        ('rock and roll', [['Rock and roll']]),
        # Counter-examples
        ('bird -crow', [['Bird'], ['-Crow']]),
        ('-crow bird', [['-Crow'], ['Bird']]),
        ('bell -church bell wind', [['Bell'], ['-Church bell'], ['Wind']]),
        ('-the dog cat', [['-Dog'], ['Cat']]),
        ('bell - church bell', [['Bell'], ['Church bell']]),
        # Quotes
        ('"church bell"', [['Church bell']]),
        ('rain "dog bark" -"baby cry" wind', [
            ['Rain'], ['Dog', 'Bark'], ['-Baby cry, infant cry'], ['Wind'],
        ]),
        ('"bell church"', [['Church bell']]),
    ],
)  # fmt: skip
def test_what_is_typed_leads_to_names(
    text: str, names: list[list[str]], vocabulary: Vocabulary
) -> None:
    found = meant(text, vocabulary)
    assert [sorted(one) for one in found] == [sorted(one) for one in names]


def test_every_name_may_be_typed_as_it_is_listed(vocabulary: Vocabulary) -> None:
    for name in vocabulary.names:
        for text in (name, name.upper(), f'"{name}"', f' {name};'):
            assert meant(text, vocabulary) == [[name]], text
        assert meant(f'silence, -{name}', vocabulary) == [['Silence'], [f'-{name}']]


def test_every_synonym_leads_to_names_that_it_would_not_reach_itself(
    vocabulary: Vocabulary,
) -> None:
    known = {words_of(name) for name in vocabulary.names}
    for synonym, names in SYNONYMS.items():
        assert meant(synonym, vocabulary) == meant(f'"{synonym}"', vocabulary)
        (found,) = meant(synonym, vocabulary)
        assert sorted(found) == sorted(names), synonym
        assert words_of(synonym) not in known, synonym
        assert all(synonym in synonyms_of(name) for name in names)


@pytest.mark.parametrize('text', ['', '  ', '-', '"', '""', ', ;', '!?', 'the sound of a'])
def test_a_text_without_a_sound(text: str, vocabulary: Vocabulary) -> None:
    with pytest.raises(WordsError, match='no sound is named'):
        read(text, vocabulary)


@pytest.mark.parametrize(
    ('text', 'unknown', 'offered'),
    [
        ('dgo', 'dgo', 'Dog'),
        ('rain didgeredoo', 'didgeredoo', 'Didgeridoo'),
        ('chruch bells', 'chruch', 'Church bell'),
        ('rain -helicoptr', 'helicoptr', 'Helicopter'),
        ('"telefone bell"', 'telefone bell', 'Telephone bell ringing'),
    ],
)
def test_a_word_that_is_not_known_is_answered_with_those_near_to_it(
    text: str, unknown: str, offered: str, vocabulary: Vocabulary
) -> None:
    with pytest.raises(WordsError) as refused:
        read(text, vocabulary)
    sentence = str(refused.value)
    assert sentence.startswith(f"'{unknown}' names no sound that is known; near are ")
    assert f"'{offered}'" in sentence
    assert 'only the 521 names of GET /words' in sentence


@pytest.mark.parametrize('text', ['ξένος', '犬', 'qqqqqqqq'])
def test_a_word_that_nothing_is_near_to(text: str, vocabulary: Vocabulary) -> None:
    with pytest.raises(WordsError) as refused:
        read(text, vocabulary)
    assert 'near are' not in str(refused.value)
    assert '521 names of GET /words' in str(refused.value)


def test_a_text_that_is_too_long(vocabulary: Vocabulary) -> None:
    assert len(read('dog ' * 125, vocabulary)) == 125
    with pytest.raises(WordsError, match='501 characters long, and at most 500'):
        read('d' * 501, vocabulary)


def test_names_are_offered_in_one_order(vocabulary: Vocabulary) -> None:
    assert near('chruch bell', vocabulary) == near('CHRUCH-BELL', vocabulary)
    assert vocabulary.names[near('chruch bell', vocabulary)[0]] == 'Church bell'
    assert len(near('bel', vocabulary, count=3)) == 3
    assert near('', vocabulary) == []


def test_names_match_what_was_typed_so_far(vocabulary: Vocabulary) -> None:
    def names(text: str, count: int = 20) -> list[str]:
        return [vocabulary.names[number] for number in matching(text, vocabulary, count)]

    assert names('bell')[0] == 'Bell'
    assert {'Church bell', 'Tubular bells', 'Telephone bell ringing'} <= set(names('bell'))
    assert {'Siren', 'Police car (siren)', 'Civil defense siren'} <= set(names('sir'))
    assert names('seash')[:2] == ['Ocean', 'Waves, surf']
    assert names('helicoptr')[0] == 'Helicopter'
    assert len(names('bell', 2)) == 2
    assert names('') == []
