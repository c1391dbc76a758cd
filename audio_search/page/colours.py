"""A colour for each label, the same wherever it appears."""

# Told apart by colour-blind eyes as far as twelve can be, and readable on white and on black.
COLOURS = (
    '#4477dd', '#e0662f', '#2a9d6f', '#c2478f', '#b58a00', '#7a5cd6',
    '#17a2b8', '#d64550', '#7f9b2e', '#a05a2c', '#3d6f9e', '#8f8f99',
)  # fmt: skip
NO_LABEL = '#8a8f98'


class Labels:
    """Remembers which label got which colour, in the order in which they were first seen."""

    def __init__(self, most: int = 1000) -> None:
        self._most = most
        self._places: dict[str, int] = {}

    def colour(self, label: str) -> str:
        if not label:
            return NO_LABEL
        place = self._places.get(label, len(self._places))
        if place < self._most:
            self._places[label] = place
        return COLOURS[place % len(COLOURS)]
