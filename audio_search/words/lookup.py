"""What a typed text means: names of sounds, as far as they can be told from words alone."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from rapidfuzz import fuzz, process

from audio_search.audio.sources import shorten
from audio_search.words.folding import WORD, Words, singular, stem, words_of
from audio_search.words.query import Term
from audio_search.words.synonyms import SYNONYMS
from audio_search.words.vocabulary import Vocabulary, WordsError

MAX_CHARACTERS = 500
NEAR = 5  # names that are offered for a word that is unknown
MIN_LIKENESS = 65  # of 100
PARTS = re.compile(r'[,()]')
COMMA = ','
TOKEN = re.compile(
    rf'(?P<minus>(?<![^\s,;])-(?=["\w]))|"(?P<quoted>[^"]*)"|(?P<comma>[,;])|(?P<word>{WORD.pattern})'
)
# What people write between the words for sounds; none of them leads to a name by itself.
FILLERS = {
    'a', 'an', 'and', 'any', 'at', 'by', 'for', 'from', 'in', 'is', 'like', 'my', 'of', 'on', 'or',
    'some', 'sound', 'the', 'to', 'with',
}  # fmt: skip

Numbers = tuple[int, ...]
Fold = Callable[[str], str]


def read(text: str, vocabulary: Vocabulary) -> list[Term]:
    """The sounds that a text names, in its order.

    At each word the longest run of words that has a meaning is taken: a whole name ('church bell'),
    a synonym, or a part of a name between commas or in brackets; a single word also where it is one
    of the words of names. Case, plurals and -ing forms make no difference. A comma parts two sounds
    where it is not one of a whole name; words in double quotes belong together. A minus makes the
    sound behind it a counter-example.

    Raises WordsError for a text that names no sound, for one that is too long, and for a word
    without a meaning, with the names that are near to it.
    """
    if len(text) > MAX_CHARACTERS:
        raise WordsError(
            f'the words are {len(text):,} characters long, and at most {MAX_CHARACTERS} are read; '
            'name a few sounds'
        )
    terms = [term for run in _runs(text) for term in _terms(run, vocabulary)]
    if not terms:
        raise WordsError(
            'no sound is named; write one or more, as in church bell, or see GET /words for all'
        )
    return terms


def near(text: str, vocabulary: Vocabulary, count: int = NEAR) -> list[int]:
    """The numbers of at most `count` names that are spelled like a text, or of which a part, a word
    or a synonym is; the nearest first."""
    spelled = _index(vocabulary.names).spelled
    found = process.extract(
        ' '.join(words_of(text)), list(spelled), scorer=fuzz.ratio, score_cutoff=MIN_LIKENESS,
        limit=None,
    )  # fmt: skip
    found.sort(key=lambda one: (-one[1], one[2]))
    return list(dict.fromkeys(number for name, _, _ in found for number in spelled[name]))[:count]


def matching(text: str, vocabulary: Vocabulary, count: int) -> list[int]:
    """The numbers of at most `count` names for somebody who is still typing: those that the text
    means, then those with a word, or a synonym, that begins so, then those that are near."""
    index, words = _index(vocabulary.names), words_of(text)
    typed = ' '.join(words)
    begun = [
        number
        for name, numbers in index.spelled.items()
        if typed and f' {typed}' in f' {name}'
        for number in numbers
    ]
    found = [
        *index.meaning(words),
        *index.with_words(words),
        *begun,
        *near(text, vocabulary, count),
    ]
    return list(dict.fromkeys(found))[:count]


def synonyms_of(name: str) -> list[str]:
    """The everyday words that lead to a name, besides its own."""
    return [synonym for synonym, names in SYNONYMS.items() if name in names]


@dataclass
class _Run:
    """Words, with COMMA between some of them. Of those behind a minus the first sound is a
    counter-example, and where they are quoted all of them are one sound."""

    has_minus: bool = False
    is_quoted: bool = False
    words: list[str] = field(default_factory=list)


def _runs(text: str) -> Iterator[_Run]:
    run = _Run()
    for token in TOKEN.finditer(text):
        if token['word']:
            run.words += words_of(token['word'])
        elif token['comma']:
            run.words.append(COMMA)
        elif token['quoted'] is not None:
            has_minus = run.has_minus and not run.words
            yield run
            yield _Run(has_minus, True, list(words_of(token['quoted'])))
            run = _Run()
        else:
            yield run
            run = _Run(has_minus=True)
    yield run


def _terms(run: _Run, vocabulary: Vocabulary) -> Iterator[Term]:
    index, words = _index(vocabulary.names), tuple(run.words)
    if run.is_quoted:
        if words:
            yield _known(words, index.meaning(words), not run.has_minus, vocabulary)
        return
    at, is_wanted = 0, not run.has_minus
    while at < len(words):
        for end in range(min(len(words), at + index.longest), at, -1):
            if numbers := index.meaning(words[at:end]):
                break
        else:
            end, numbers = at + 1, ()
        if numbers or words[at] not in FILLERS | {COMMA}:
            yield _known(words[at:end], numbers, is_wanted, vocabulary)
            is_wanted = True
        at = end


def _known(words: Words, numbers: Numbers, is_wanted: bool, vocabulary: Vocabulary) -> Term:
    text = ' '.join(words)
    numbers = numbers or _index(vocabulary.names).with_words(words)
    if numbers:
        return Term(text, numbers, is_wanted)
    offered = [vocabulary.names[number] for number in near(text, vocabulary)]
    raise WordsError(
        f'{shorten(text, 60)!r} names no sound that is known; '
        + (f'near are {", ".join(map(repr, offered))}; ' if offered else '')
        + f'only the {len(vocabulary.names)} names of GET /words, and words for them, can be used'
    )


class _Index:
    """What runs of words mean."""

    def __init__(self, names: Sequence[str]) -> None:
        number = {name: at for at, name in enumerate(names)}
        whole = [(words_of(name), (at,)) for at, name in enumerate(names)]
        parts = [(words_of(part), (at,)) for at, name in enumerate(names) for part in _parts(name)]
        single = [((word,), (at,)) for at, name in enumerate(names) for word in words_of(name)]
        synonyms = [
            (words_of(synonym), tuple(number[name] for name in meant))
            for synonym, meant in SYNONYMS.items()
        ]
        with_commas = [(_words_and_commas(name), (at,)) for at, name in enumerate(names)]
        # In the order they are asked: 'dogs' is Dog, and not the part 'dogs' of another name.
        self._tables = [
            (fold, _table(entries, fold))
            for entries, folds in (
                (synonyms, (str,)),
                (with_commas, (singular,)),
                (whole, (singular, stem)),
                (synonyms, (singular, stem)),
                (parts, (singular, stem)),
            )
            for fold in folds
        ]
        self._single = _table(single, stem)
        self.longest = max(len(words) for words, _ in (*with_commas, *synonyms))
        self.spelled: dict[str, Numbers] = {}
        for words, numbers in (*whole, *parts, *synonyms, *single):
            if words:
                self.spelled.setdefault(' '.join(words), numbers)

    def meaning(self, words: Words) -> Numbers:
        """The numbers of the names that a run of words is, is a part of, or is a synonym of."""
        for fold, table in self._tables:
            if found := table.get(tuple(map(fold, words))):
                return found
        return ()

    def with_words(self, words: Words) -> Numbers:
        """The numbers of the names that have each of the words in them."""
        found = [set(self._single.get((stem(word),), ())) for word in words]
        return tuple(sorted(set.intersection(*found))) if found else ()


@lru_cache(maxsize=2)
def _index(names: tuple[str, ...]) -> _Index:
    return _Index(names)


def _words_and_commas(name: str) -> Words:
    first, *others = (words_of(part) for part in name.split(COMMA))
    return (*first, *(word for part in others for word in (COMMA, *part)))


def _parts(name: str) -> Iterator[str]:
    """'Dishes, pots, and pans' -> 'Dishes', 'pots', 'pans'."""
    for part in PARTS.split(name):
        yield part.strip().removeprefix('and ').removeprefix('etc.')


def _table(entries: Iterable[tuple[Words, Numbers]], fold: Fold) -> dict[Words, Numbers]:
    table: dict[Words, Numbers] = {}
    for words, numbers in entries:
        if words:
            key = tuple(map(fold, words))
            table[key] = tuple(dict.fromkeys((*table.get(key, ()), *numbers)))
    return table
