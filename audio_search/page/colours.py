"""A colour for each label, the same wherever it appears."""

# Told apart by colour-blind eyes as far as twelve can be, and readable on white and on black.
COLOURS = (
    '#4477dd', '#e0662f', '#2a9d6f', '#c2478f', '#b58a00', '#7a5cd6',
    '#17a2b8', '#d64550', '#7f9b2e', '#a05a2c', '#3d6f9e', '#8f8f99',
)  # fmt: skip
NO_LABEL = '#8a8f98'


class LabelColours:
    """Remembers which label got which colour, in the order in which they were first seen.

    Labels beyond the first `max_labels` share a colour and are not remembered, so that a service
    that runs for long does not fill its memory with them.
    """

    def __init__(self, max_labels: int = 1000) -> None:
        self._max_labels = max_labels
        self._numbers: dict[str, int] = {}

    def of(self, label: str) -> str:
        """The colour of a label as CSS; grey without one."""
        return COLOURS[self.number(label) % len(COLOURS)] if label else NO_LABEL

    def number(self, label: str) -> int:
        """Its place among all labels that were seen; all beyond `max_labels` share one."""
        number = self._numbers.get(label, len(self._numbers))
        if number < self._max_labels:
            self._numbers[label] = number
        return number
