"""What chooses clips, checked before the indexer is asked."""

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
