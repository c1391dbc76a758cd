"""Words without what makes no difference: case, plurals, -ing forms."""

import re

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
MIN_STEM = 3  # letters, one of them a vowel: 'sing' and 'bring' are no -ing forms
VOWEL = re.compile(r'[aeiouy]')
DOUBLE = re.compile(r'(.)\1$')
KEPT = ('ss', 'us', 'is')  # 'glass', 'bus' and 'tennis' are no plurals

Words = tuple[str, ...]


def words_of(text: str) -> Words:
    """The words of a text in lower case, without punctuation; a hyphen parts two of them."""
    return tuple(word.replace('’', "'") for word in WORD.findall(text.casefold()))


def singular(word: str) -> str:
    """'dogs' -> 'dog', 'cries' -> 'cry'. What no dictionary would have ('wolve') is no harm: it is
    compared only with what came from here too."""
    word = word.removesuffix("'s")
    if len(word) <= MIN_STEM or word.endswith(KEPT) or not word.endswith('s'):
        return word
    return f'{word[:-3]}y' if word.endswith('ies') and len(word) > 4 else word[:-1]


def stem(word: str) -> str:
    """What 'bark', 'barks' and 'barking', 'sneeze' and 'sneezing', 'leaf' and 'leaves' share."""
    word = singular(word)
    bare = word.removesuffix('ing')
    if len(bare) >= MIN_STEM and VOWEL.search(bare):
        word = bare
    word = word.removesuffix('e') if len(word) > MIN_STEM else word
    word = DOUBLE.sub(r'\1', word)
    return f'{word[:-1]}f' if word.endswith('v') else word
