"""What chooses clips and their places, checked before the indexer is asked."""

from typing import Any

from audio_search.errors import Kind, RequestError
from audio_search.store.filters import FilterError, validate


def selection(filter: dict[str, Any] | None, prefix: str | None) -> dict[str, Any]:
    """As parameters of the indexer. Raises RequestError."""
    chosen: dict[str, Any] = {}
    if filter is not None:
        chosen['filter'] = checked(filter)
    if prefix is not None:
        chosen['prefix'] = prefix
    return chosen


def checked(filter: dict[str, Any]) -> dict[str, Any]:
    """The filter itself. Raises RequestError (INVALID) for one that cannot be used."""
    try:
        validate(filter)
    except FilterError as error:
        raise RequestError(Kind.INVALID, str(error)) from None
    return filter


def spread(per_clip: int | None, min_gap_s: float | None, group_by: str | None) -> dict[str, Any]:
    """Those of places.Spread that are given. Raises RequestError (INVALID) for a gap of nothing."""
    if min_gap_s is not None and (per_clip or 1) == 1:
        raise RequestError(
            Kind.INVALID,
            'min_gap_s is between several places; add within, or a per_clip of 2 or more',
        )
    given = {'per_clip': per_clip, 'min_gap_s': min_gap_s, 'group_by': group_by}
    return {name: value for name, value in given.items() if value is not None}
