"""The route that tells which sounds can be searched for by words, and the form of its answer."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import FastAPI, Query
from fastapi.params import Depends
from pydantic import BaseModel, Field

from audio_search.bodies import Body, Text
from audio_search.http.answers import PROBLEMS
from audio_search.service.service import AudioService


class WordsQuery(Body):
    like: Text | None = Field(
        default=None,
        max_length=500,
        description='what was typed so far: at most 20 names that it means, or is a part of, or is '
        'spelled like, best first; without it all names',
    )


class WordAnswer(BaseModel):
    """A sound that can be named."""

    name: str = Field(description='its name in AudioSet')
    support: int = Field(
        description='in how many of the recordings that its direction was fitted to it was heard; '
        'with 0 no figure says how well it finds'
    )
    synonyms: list[str] = Field(
        description='everyday words that lead to it too, besides the words and parts of its name'
    )


class WordsAnswer(BaseModel):
    words: list[WordAnswer]


def add_words(app: FastAPI, service: AudioService, needs: Sequence[Depends]) -> None:
    """`needs` is what the route depends on."""

    @app.get('/words', responses=PROBLEMS, dependencies=needs)
    async def words(query: Annotated[WordsQuery, Query()]) -> WordsAnswer:
        """What a search can be asked for by `words`. The vocabulary is closed, and belongs to the
        compact weights: 404 where the index was made with others."""
        found = await service.words(query.like)
        return WordsAnswer(words=[WordAnswer(**vars(word)) for word in found])
