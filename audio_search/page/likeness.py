"""How alike two sounds are, in a word."""

from audio_search.documents import Match

# Cosine distances of windows, by the compact weights: up to the first nearly all pairs have the
# same label, beyond the second most have not.
VERY_ALIKE, ALIKE = 0.3, 0.5


def likeness(match: Match) -> str:
    """'very alike', 'alike' or 'weak'."""
    distance = match.scores['cosine']
    return _word(distance, VERY_ALIKE, ALIKE)


def exact(match: Match) -> str:
    """The same in numbers."""
    return f'distance {match.scores["cosine"]:.3f} (0 is identical)'


def _word(value: float, very: float, somewhat: float) -> str:
    if value <= very:
        return 'very alike'
    return 'alike' if value <= somewhat else 'weak'
