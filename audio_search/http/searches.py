"""The routes for searches with a name, and the forms of their bodies and answers."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import FastAPI
from fastapi.params import Depends
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from audio_search.bodies import Body, Data, JsonObject, Text
from audio_search.http.answers import PROBLEMS
from audio_search.schemas import MAX_EXAMPLES, ExampleBody, SearchParameters
from audio_search.service.choices import Choices
from audio_search.service.service import AudioService
from audio_search.store.judgements import SavedSearch

CHOSEN = tuple(name for name in Choices.__annotations__ if name != 'filter')


def _parameters(value: dict[str, Any]) -> dict[str, Any]:
    """Those of /search that a saved search may have, as they were given."""
    SearchParameters.model_validate(value)
    for name in value:
        if name not in CHOSEN:
            raise ValueError(f'{name!r} cannot be saved; {", ".join(CHOSEN)} can')
    return value


class SavedSearchBody(Body):
    """What is searched for each time that it is run."""

    label: Text | None = Field(
        default=None,
        max_length=200,
        description='its right and wrong judgements are further like and unlike, as they are then',
    )
    like: Annotated[list[ExampleBody], Data] = Field(
        default_factory=list, max_length=MAX_EXAMPLES, description='examples, as in /search'
    )
    unlike: Annotated[list[ExampleBody], Data] = Field(
        default_factory=list, max_length=MAX_EXAMPLES, description='counter-examples'
    )
    words: Text | None = Field(default=None, description='names of sounds, as in /search')
    filter: JsonObject = Field(default_factory=dict, description='as in parameters of /search')
    parameters: Annotated[JsonObject, AfterValidator(_parameters)] = Field(
        default_factory=dict,
        description='others of /search, for when it is run without them: limit, exclude_self, '
        'match, per_clip, min_gap_s, group_by, order',
    )

    model_config = ConfigDict(
        json_schema_extra={
            'examples': [{'label': 'churchbell', 'words': 'church bell', 'filter': {}}]
        }
    )
    passed = ('name', 'made')  # those of an answer may be sent again


class SavedSearchAnswer(BaseModel):
    name: str
    label: str | None
    like: list[dict[str, Any]]
    unlike: list[dict[str, Any]]
    words: str | None
    filter: dict[str, Any]
    parameters: dict[str, Any]
    made: str = Field(description='when it was saved, ISO 8601 in UTC')


class SavedSearchesAnswer(BaseModel):
    searches: list[SavedSearchAnswer]


def add_searches(app: FastAPI, service: AudioService, needs: Sequence[Depends]) -> None:
    """`needs` is what each route depends on."""
    kept = service.beside.searches
    options: dict[str, Any] = {'responses': PROBLEMS, 'dependencies': needs}

    @app.get('/searches', **options)
    async def searches() -> SavedSearchesAnswer:
        """The saved searches, by name. They are run by {"saved": NAME} in data of /search."""
        return SavedSearchesAnswer(searches=[_answer(search) for search in await kept.every()])

    @app.put('/searches/{name:path}', **options)
    async def save(name: str, body: SavedSearchBody) -> SavedSearchAnswer:
        """Save a search, in the place of any with this name. Its examples are looked up when it is
        run, so a clip may be deleted and come back."""
        return _answer(await kept.save(name, _query(body)))

    @app.delete('/searches/{name:path}', **options)
    async def delete(name: str) -> SavedSearchAnswer:
        """Forget a saved search; the answer is what it was. Judgements stay."""
        search = await kept.named(name)
        await kept.delete(name)
        return _answer(search)


def _query(body: SavedSearchBody) -> dict[str, Any]:
    query = body.model_dump()
    for side in ('like', 'unlike'):
        query[side] = [one.model_dump(exclude_none=True) for one in getattr(body, side)]
    return query


def _answer(search: SavedSearch) -> SavedSearchAnswer:
    query = search.query
    return SavedSearchAnswer(
        name=search.name,
        label=query.get('label'),
        like=query.get('like', []),
        unlike=query.get('unlike', []),
        words=query.get('words'),
        filter=query.get('filter', {}),
        parameters=query.get('parameters', {}),
        made=search.made,
    )
