"""Searches with a name, to be run again."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from audio_search.errors import Kind, RequestError
from audio_search.service.selection import checked
from audio_search.store.judgements import SavedSearch, utc
from audio_search.store.records import to_json

if TYPE_CHECKING:
    from audio_search.service.service import AudioService

MAX_SEARCHES = 1000
MAX_NAME = 200  # characters
MAX_BYTES = 60_000  # of a search as JSON: what a field of Milvus holds


class Searches:
    """Those of an index. Methods raise RequestError, and what Pipeline does."""

    def __init__(self, service: 'AudioService') -> None:
        self._service = service

    async def every(self) -> list[SavedSearch]:
        """All of them, by name."""
        found = await self._service.pipeline.ask_beside('searches')
        return [SavedSearch(**search) for search in found]

    async def named(self, name: str) -> SavedSearch:
        """RequestError (MISSING) where there is none."""
        found = await self._service.pipeline.ask_beside('search', name=name)
        if found is None:
            raise _missing(name)
        return SavedSearch(**found)

    async def save(self, name: str, query: Mapping[str, Any]) -> SavedSearch:
        """Keep a search in the place of any with its name; `query` as in SavedSearch, without what
        is empty. It has to ask for something: `label`, `like` or `words`."""
        kept = {key: value for key, value in query.items() if value}
        _check(name, kept)
        search = SavedSearch(name, utc(datetime.now(UTC)), kept)
        async with self._service.admission.work():
            await self._service.admission.lighten()
            before = {one.name for one in await self.every()}
            if name not in before and len(before) >= MAX_SEARCHES:
                raise RequestError(
                    Kind.TOO_LARGE,
                    f'{MAX_SEARCHES} searches are saved, and no more are kept; delete some',
                )
            await self._service.pipeline.ask_beside('save', search=vars(search))
        return search

    async def delete(self, name: str) -> None:
        """RequestError (MISSING) where there is none."""
        async with self._service.admission.work():
            await self._service.admission.lighten()
            if not await self._service.pipeline.ask_beside('delete', name=name):
                raise _missing(name)


def _missing(name: str) -> RequestError:
    return RequestError(
        Kind.MISSING,
        f'no search is saved as {name[:MAX_NAME]!r}; see /searches for all names',
    )


def _check(name: str, query: Mapping[str, Any]) -> None:
    if not 0 < len(name) <= MAX_NAME or name != ' '.join(name.split()) or not name.isprintable():
        raise RequestError(
            Kind.INVALID,
            f'a search cannot be called {name[:MAX_NAME]!r}; take 1 to {MAX_NAME} characters, '
            'without spaces around them',
        )
    if not {'label', 'like', 'words'} & query.keys():
        raise RequestError(
            Kind.INVALID, 'the search asks for nothing; give like, words, or a label that is judged'
        )
    if 'filter' in query:
        checked(query['filter'])
    size = len(to_json(query).encode())
    if size > MAX_BYTES:
        raise RequestError(
            Kind.TOO_LARGE,
            f'the search takes {size:,} bytes of JSON, and {MAX_BYTES:,} are kept; index the '
            'sounds, and give examples by their ids',
        )
