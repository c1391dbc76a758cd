"""A search inside recordings: what may be asked together, and what the indexer is asked."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from audio_search.audio import sources
from audio_search.errors import Kind, RequestError
from audio_search.roots import Roots
from audio_search.service.selection import checked

MAX_REFINED = 100  # events: the sound around each is encoded again, some 8 windows


@dataclass(frozen=True)
class Within:
    """Which recordings, by the id or uri of one or a filter for several, and what is an event.

    `max_distance` or `false_alarms_per_hour` is the cut, one false alarm per hour where neither is
    given; `refine` tells begin and end more exactly. Raises RequestError (INVALID) for two cuts.
    """

    recordings: str | Mapping[str, Any]
    max_distance: float | None = None
    false_alarms_per_hour: float | None = None
    refine: bool = False

    def __post_init__(self) -> None:
        if self.max_distance is not None and self.false_alarms_per_hour is not None:
            raise _invalid(
                'max_distance and false_alarms_per_hour both say what is an event; give one of them'
            )

    @classmethod
    def of(cls, recordings: str | Mapping[str, Any] | None, **options: Any) -> 'Within | None':
        """None where no recordings are named; RequestError for options that are of no use then."""
        if recordings is not None:
            return cls(recordings, **options)
        for name, value in options.items():
            if value is not None and value is not False:
                raise _invalid(
                    f'{name} is for a search inside recordings; say which in within, or leave it '
                    'out'
                )
        return None

    def parameters(self, others: Mapping[str, Any], roots: Roots) -> dict[str, Any]:
        """Those of the indexer, with the `others` of the same search.

        Raises RequestError (INVALID) for what does not go together.
        """
        for name in ('filter', 'exclude_self', 'match', 'per_clip', 'group_by'):
            if others.get(name):
                raise _invalid(
                    f'{name} cannot be used with within, which says what is searched; leave out '
                    'one of them'
                )
        options = asdict(self)
        recordings, refine = options.pop('recordings'), options.pop('refine')
        options |= {name: others.get(name) for name in ('limit', 'include', 'min_gap_s')}
        if refine:
            options['limit'] = self._limited(options['limit'])
            options['include'] = ['embedding']  # of the query, which is compared again
        found = {name: value for name, value in options.items() if value is not None}
        if not isinstance(recordings, str):
            return found | {'within': checked(recordings)}
        uri = sources.stored_uri(recordings, roots)
        return found | {'within': recordings, 'within_uri': uri}

    @staticmethod
    def _limited(limit: int | None) -> int:
        if limit is not None and limit > MAX_REFINED:
            raise _invalid(
                f'limit is {limit}, and refine is for at most {MAX_REFINED} events; '
                'lower the one, or leave out the other'
            )
        return limit or MAX_REFINED


def check_gap(per_clip: int | None, min_gap_s: float | None) -> None:
    """Raise RequestError (INVALID) for a gap of a search that gives one place of each clip."""
    if min_gap_s is not None and (per_clip or 1) == 1:
        raise _invalid(
            'min_gap_s is for a search inside recordings, or for several places of a clip; say '
            'which in within, give a per_clip of 2 or more, or leave it out'
        )


def _invalid(detail: str) -> RequestError:
    return RequestError(Kind.INVALID, detail)
