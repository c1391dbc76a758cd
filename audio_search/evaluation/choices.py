"""What a run may do otherwise than the service: one value each, checked."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from audio_search.evaluation.errors import EvaluationError
from audio_search.vggish import FrontEnd, FrontEndError
from audio_search.vggish.parameters import POOLINGS, PRECISIONS
from audio_search.vggish.sizes import examples_of

SEARCHES = ('exact', 'ann')
HUBNESS = ('none', 'csls')


@dataclass(frozen=True)
class Choices:
    """How clips become vectors, and how these are compared; the defaults are those of flow.yml.

    `window` and `stride` are in seconds, `lift` is in dBFS (None: no lift). `search` is exact, or
    ann for the approximate graph; `hubness` is none, or csls to damp hubs. Raises
    EvaluationError for a value that is none of these.
    """

    window: float = 4.0
    stride: float = 2.0
    padding: str = FrontEnd.padding
    lift: float | None = FrontEnd.lift_to_dbfs
    silence: str = FrontEnd.silence
    pooling: str = 'concat'
    precision: str = 'auto'
    search: str = 'exact'
    weights: str = 'auto'
    hubness: str = 'none'

    def __post_init__(self) -> None:
        for name, known in (
            ('pooling', POOLINGS),
            ('precision', PRECISIONS),
            ('search', SEARCHES),
            ('hubness', HUBNESS),
        ):
            if getattr(self, name) not in known:
                raise EvaluationError(
                    f'{name} is {getattr(self, name)!r}; choose {" or ".join(known)}'
                )
        if not 0 < self.stride <= self.window:
            raise EvaluationError(
                f'The stride is {self.stride:g} s and the window {self.window:g} s; the stride '
                'must be above 0 and at most the window'
            )
        try:
            examples_of(self.window)
            _ = self.front_end
        except FrontEndError as error:
            raise EvaluationError(str(error).replace('lift_to_dbfs', 'lift')) from None
        except ValueError as error:
            raise EvaluationError(str(error)) from None

    @property
    def front_end(self) -> FrontEnd:
        return FrontEnd(self.padding, self.lift, self.silence)

    def as_dict(self) -> dict[str, str | float | None]:
        return asdict(self)

    def changed(self, changes: Mapping[str, str]) -> 'Choices':
        """These but for `changes`, values as text. Raises EvaluationError for a name or a value
        that there is not."""
        values: dict[str, Any] = {}
        for name, text in changes.items():
            if name not in READERS:
                raise EvaluationError(
                    f'{name!r} is no choice; those that can be compared are {", ".join(READERS)}'
                )
            try:
                values[name] = READERS[name](text)
            except ValueError:
                raise EvaluationError(f'{name} is {text!r}; set it to a number') from None
        return replace(self, **values)


def parse(changes: str) -> dict[str, str]:
    """'padding=silence,window=2' -> names and values. Raises EvaluationError."""
    pairs = [change.partition('=') for change in changes.split(',')]
    if not all(name and equals for name, equals, _ in pairs):
        raise EvaluationError(
            f'{changes!r} does not say what to change; write NAME=VALUE, several separated by '
            'commas'
        )
    return {name.strip(): value.strip() for name, _, value in pairs}


def _decibels(text: str) -> float | None:
    return None if text.lower() in ('none', 'null', 'off') else float(text)


NUMBERS: Mapping[str, Callable[[str], Any]] = {
    'window': float,
    'stride': float,
    'lift': _decibels,
}
READERS: Mapping[str, Callable[[str], Any]] = {
    field.name: NUMBERS.get(field.name, str) for field in fields(Choices)
}
