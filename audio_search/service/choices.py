"""What may be chosen of a search, and what the indexer is asked for then."""

from collections.abc import Sequence
from typing import Any, TypedDict

from audio_search.errors import Kind, RequestError
from audio_search.roots import Roots
from audio_search.service.selection import checked
from audio_search.service.within import Within, check_gap

USUAL = {'order': 'nearest', 'hubness': 'none'}
NOT_WITH = ('match', 'per_clip', 'min_gap_s', 'group_by', *USUAL)


class Choices(TypedDict, total=False):
    """Each as `schemas.SearchParameters` describes it; None, or absent, for what is usual."""

    limit: int | None
    filter: dict[str, Any] | None
    exclude_self: bool
    match: str | None
    per_clip: int | None
    min_gap_s: float | None
    group_by: str | None
    order: str | None
    hubness: str | None


def parameters_of(
    choices: Choices, include: Sequence[str], within: Within | None, roots: Roots
) -> dict[str, Any]:
    """Of the indexer. Raises RequestError (INVALID) for what cannot be used, or not together."""
    parameters: dict[str, Any] = {
        'exclude_self': choices.get('exclude_self', False),
        'include': list(include),
    }
    for name in ('limit', 'match', 'per_clip', 'min_gap_s', 'group_by'):
        if (value := choices.get(name)) is not None:
            parameters[name] = value
    if filter := choices.get('filter'):
        parameters['filter'] = checked(filter)
    for name, usual in USUAL.items():
        if (value := choices.get(name)) not in (None, usual):
            _check_alone(f'{name} {value}', parameters, within)
            parameters[name] = value
    if within:
        return within.parameters(parameters, roots)
    check_gap(choices.get('per_clip'), choices.get('min_gap_s'))
    return parameters


def _check_alone(what: str, others: dict[str, Any], within: Within | None) -> None:
    """Such a search has an order of its own, of one window of each clip."""
    given = ['within'] if within else [name for name in NOT_WITH if name in others]
    if given:
        raise RequestError(
            Kind.INVALID,
            f'{what} does not go with {given[0]}, which ranks in another way; leave out one of '
            'them',
        )
