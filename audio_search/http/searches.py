"""The routes for searches with a name, and the forms of their bodies and answers."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import FastAPI
from fastapi.params import Depends
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from audio_search.bodies import Body, Data, JsonObject, Text, writable
from audio_search.http.answers import PROBLEMS
from audio_search.service.service import AudioService
from audio_search.store.judgements import SavedSearch

MAX_EXAMPLES = 1000

Example = Annotated[dict[str, Any], AfterValidator(writable)]


class SavedSearchBody(Body):
    """What is searched for each time that it is run."""

    label: Text | None = Field(
        default=None,
        max_length=200,
        description='its right and wrong judgements are further like and unlike, as they are then',
    )
    like: Annotated[list[Example], Data] = Field(
        default_factory=list, max_length=MAX_EXAMPLES, description='examples, as in /search'
    )
    unlike: Annotated[list[Example], Data] = Field(
        default_factory=list, max_length=MAX_EXAMPLES, description='counter-examples'
    )
    words: Text | None = Field(default=None, description='names of sounds, as in /search')
    filter: JsonObject = Field(default_factory=dict, description='as in parameters of /search')
    parameters: JsonObject = Field(
        default_factory=dict, description='others of /search, where the search gives none'
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
        return _answer(await kept.save(name, body.model_dump()))

    @app.delete('/searches/{name:path}', **options)
    async def delete(name: str) -> SavedSearchAnswer:
        """Forget a saved search; the answer is what it was. Judgements stay."""
        search = await kept.named(name)
        await kept.delete(name)
        return _answer(search)


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
