"""How alike a match is, in a word."""

from audio_search.documents import Match

# Cosine distances by the compact weights. Of the clips of toy-data that are nearer than the first,
# 100 % have the label of the query, up to the second 76 %, and beyond it 3 %.
VERY_ALIKE, ALIKE = 0.3, 0.5
# Words are farther from all sounds than sounds are from one another: 97 %, 81 % and 2 %.
VERY_ALIKE_TO_WORDS, ALIKE_TO_WORDS = 0.6, 0.8


def likeness(match: Match, *, is_of_words: bool) -> str:
    """'very alike', 'alike' or 'weak'."""
    distance = match.scores['cosine']
    if is_of_words:
        return _word(distance, VERY_ALIKE_TO_WORDS, ALIKE_TO_WORDS)
    return _word(distance, VERY_ALIKE, ALIKE)


def exact(match: Match) -> str:
    """The same in numbers."""
    return f'distance {match.scores["cosine"]:.3f} (0 is identical)'


def _word(distance: float, very: float, somewhat: float) -> str:
    if distance <= very:
        return 'very alike'
    return 'alike' if distance <= somewhat else 'weak'
