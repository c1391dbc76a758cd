"""Which clips a request chooses by their tags and uris, as parameters of the indexer."""

from typing import Any

from audio_search.errors import Kind, RequestError
from audio_search.store.filters import FilterError, validate


def selection(filter: dict[str, Any] | None, prefix: str | None) -> dict[str, Any]:
    """`filter` and `prefix` as far as they are given. Raises RequestError for a filter that cannot
    be used."""
    chosen: dict[str, Any] = {}
    if filter is not None:
        chosen['filter'] = checked(filter)
    if prefix is not None:
        chosen['prefix'] = prefix
    return chosen


def checked(filter: dict[str, Any]) -> dict[str, Any]:
    """The filter. Raises RequestError for one that cannot be used."""
    try:
        validate(filter)
    except FilterError as error:
        raise RequestError(Kind.INVALID, str(error)) from None
    return filter


def check_choice(chosen: dict[str, Any], *, is_named: bool) -> None:
    """Raise RequestError for clips to delete that are chosen and named too, or all chosen."""
    if chosen and is_named:
        raise RequestError(
            Kind.INVALID,
            'clips are both named and chosen by filter or prefix; send two requests',
        )
    if chosen and not any(chosen.values()):
        raise RequestError(
            Kind.INVALID,
            'an empty filter or prefix fits every clip; use /clear to forget all of them',
        )
