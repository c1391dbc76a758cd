"""How alike a match is, in a word."""

from audio_search.documents import Match

# Shares of random pairs of the index that are nearer. Of the clips of toy-data up to the first all
# have the label of the query, up to the second 63 %, and beyond it 5 %.
VERY_ALIKE, ALIKE = 0.02, 0.05
# Cosine distances by the compact weights, for an index that is too small to draw pairs from.
VERY_NEAR, NEAR = 0.3, 0.5
# The same of words, whose rarity says nothing: something is always the nearest. In toy-data what is
# named and there is at 0.25 to 0.78, and what is not there at 0.76 and more, most of it above 0.84.
NEAR_TO_WORDS, SOMEWHAT_NEAR = 0.6, 0.75
# Of several examples, the probabilities that a match is right (docs/quality.md).
PROBABLE, EVEN = 0.8, 0.5


def likeness(match: Match) -> str:
    """'very alike', 'alike' or 'weak'."""
    if _is_of_direction(match):
        if match.score is not None:
            return _word(1 - match.score, 1 - PROBABLE, 1 - EVEN)
        return _word(match.scores['cosine'], NEAR_TO_WORDS, SOMEWHAT_NEAR)
    if match.rarity is not None:
        return _word(match.rarity, VERY_ALIKE, ALIKE)
    return _word(match.scores['cosine'], VERY_NEAR, NEAR)


def share(match: Match) -> float:
    """The same from 0 to 1, for a bar: a power of the rarity, since most of what is shown is among
    the nearest few percent."""
    if _is_of_direction(match):
        return match.score if match.score is not None else max(0.0, 1 - match.scores['cosine'])
    if match.rarity is not None:
        return 1 - float(match.rarity**0.3)
    return max(0.0, 1 - match.scores['cosine'])


def exact(match: Match) -> str:
    """The same in numbers."""
    found = []
    if match.score is not None:
        found.append(f'right with a probability of {match.score:.0%}')
    if match.rarity is not None:
        others = 'all windows' if _is_of_direction(match) else 'random pairs'
        found.append(f'nearer than {1 - match.rarity:.1%} of {others}')
    return ', '.join([*found, f'distance {match.scores["cosine"]:.3f}'])


def _is_of_direction(match: Match) -> bool:
    """Whether words or several examples were searched for, which have no place in a sound."""
    return match.query_beg_in_ms is None


def _word(value: float, very: float, somewhat: float) -> str:
    if value <= very:
        return 'very alike'
    return 'alike' if value <= somewhat else 'weak'
