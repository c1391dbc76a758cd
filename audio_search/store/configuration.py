"""How the vectors of an index were made. Only vectors made the same way can be compared."""

from dataclasses import asdict, dataclass
from typing import Any

from audio_search.vggish.sizes import examples_of

UNWEIGHTED_MEAN = 'unweighted mean'  # the pooling `mean` before it weighed by loudness


@dataclass(frozen=True)
class Configuration:
    """The model, by name and SHA-256 of its weights; how clips are cut and pooled; and what the
    front end does to a window (`vggish.front_end`)."""

    model_name: str
    model_sha256: str
    pooling: str
    dimensions: int
    window_s: float
    stride_s: float
    padding: str
    lift_to_dbfs: float | None
    silence: str

    @property
    def examples_per_chunk(self) -> int:
        """How many vectors stand behind one another in a chunk's: 1 where it is their mean."""
        return examples_of(self.window_s) if self.pooling == 'concat' else 1

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def difference(self, recorded: 'Configuration') -> str | None:
        """What an index with the configuration `recorded` has against this one, and what to do."""
        if recorded.model_sha256 != self.model_sha256:
            return (
                f'was made with the weights {recorded.model_name} '
                f'({recorded.model_sha256[:8]}), not {self.model_name} ({self.model_sha256[:8]}): '
                'use those weights again, or another workspace, or delete the file and index anew'
            )
        for name, here, there in (
            ('window', self.window_s, recorded.window_s),
            ('stride', self.stride_s, recorded.stride_s),
        ):
            if here != there:
                return (
                    f'was made with a {name} of {there:g} s, not {here:g} s: use {there:g} s '
                    'again, or another workspace, or delete the file and index anew'
                )
        if recorded.pooling == UNWEIGHTED_MEAN:
            return (
                'was made by an older version, in whose means all vectors of a window weigh the '
                'same: use another workspace, or delete the file and index anew'
            )
        if (recorded.pooling, recorded.dimensions) != (self.pooling, self.dimensions):
            return (
                f'was made with the pooling {recorded.pooling} ({recorded.dimensions} dimensions), '
                f'not {self.pooling} ({self.dimensions}): use {recorded.pooling} again, or another '
                'workspace, or delete the file and index anew'
            )
        changed = [
            name
            for name in ('padding', 'lift_to_dbfs', 'silence')
            if getattr(self, name) != getattr(recorded, name)
        ]
        if changed:
            return (
                f'was made with {recorded._steps(changed)}, not {self._steps(changed)}: set that '
                'again in flow.yml, or use another workspace, or delete the file and index anew'
            )
        return None

    def _steps(self, names: list[str]) -> str:
        """As flow.yml has them."""
        return ', '.join(f'{name}: {_yaml(getattr(self, name))}' for name in names)


def _yaml(value: str | float | None) -> str:
    if isinstance(value, str):
        return value
    return 'null' if value is None else f'{value:g}'
