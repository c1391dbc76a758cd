"""A saved search, as the query that it is today: with what was judged of its label since."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from audio_search.errors import Kind, RequestError
from audio_search.service.choices import Choices
from audio_search.service.judgements import Said
from audio_search.service.requests import ClipRequest
from audio_search.service.within import Within
from audio_search.store.judgements import Chosen, SavedSearch

if TYPE_CHECKING:
    from audio_search.service.service import AudioService

MAX_JUDGED = 1000  # right ones, and wrong ones; the last that were judged
RIGHT, WRONG = 'right', 'wrong'


async def expanded(
    service: 'AudioService',
    requests: Sequence[ClipRequest],
    choices: Choices,
    within: Within | None = None,
) -> tuple[Sequence[ClipRequest], Choices]:
    """Requests that name no saved search, and their choices: a saved one becomes its examples,
    words, and what was judged right or wrong of its label, each of which may be gone meanwhile.

    Its filter goes with the given one, its parameters where none are given; inside recordings,
    which say by themselves what is searched, neither counts. Raises RequestError for one that there
    is not, that has nothing to search for, or that comes with other queries.
    """
    named = [request.saved for request in requests if request.saved is not None]
    if not named:
        return requests, choices
    if len(requests) > 1:
        raise RequestError(
            Kind.INVALID,
            'a saved search has a filter of its own; send it in a request without other queries',
        )
    search = await service.beside.searches.named(named[0])
    label = search.query.get('label')
    judged = await service.beside.judgements.every(Chosen(label=label)) if label else []
    request = _as_query(requests[0], search, judged)
    return [request], choices if within else _chosen(search, choices)


def _as_query(request: ClipRequest, search: SavedSearch, judged: Sequence[Said]) -> ClipRequest:
    query = search.query
    last = _last(judged)
    like = [*map(_example, query.get('like', ())), *_judged(last, RIGHT)]
    unlike = [*map(_example, query.get('unlike', ())), *_judged(last, WRONG)]
    if words := query.get('words'):
        like.append(ClipRequest(words=words))
    if not (like or request.like or request.words):
        raise RequestError(
            Kind.UNUSABLE,
            f'the search {search.name!r} has nothing to search for: no clip is judged right for '
            f'{query.get("label")!r}; judge some, or give it like or words',
        )
    return replace(
        request,
        id=request.id or search.name,  # as which it is answered
        saved=None,
        like=[*request.like, *like],
        unlike=[*request.unlike, *unlike],
    )


def _example(fields: dict[str, Any]) -> ClipRequest:
    return ClipRequest(**fields, may_be_gone=True)


def _judged(judged: Iterable[Said], verdict: str) -> list[ClipRequest]:
    """The last MAX_JUDGED of this verdict, as examples."""
    found = [one for one in judged if one.verdict == verdict][-MAX_JUDGED:]
    return [ClipRequest(id=_name(one), may_be_gone=True) for one in found]


def _last(judged: Iterable[Said]) -> list[Said]:
    """Of each clip and part what was said last, whoever said it, in the order of time."""
    last: dict[tuple[object, ...], Said] = {}
    for one in judged:
        last.pop((one.clip_id, one.part), None)
        last[one.clip_id, one.part] = one
    return list(last.values())


def _name(one: Said) -> str:
    if one.part is None:
        return one.clip_id
    return f'{one.clip_id}#t={one.part[0]:.15g},{one.part[1]:.15g}'


def _chosen(search: SavedSearch, choices: Choices) -> Choices:
    """What is chosen, with what the search says where nothing is."""
    found: dict[str, Any] = dict(search.query.get('parameters', {}))
    found |= {name: value for name, value in choices.items() if value is not None}
    filters = [one for one in (search.query.get('filter'), choices.get('filter')) if one]
    if filters:
        found['filter'] = filters[0] if len(filters) == 1 else {'$and': filters}
    return cast(Choices, found)
