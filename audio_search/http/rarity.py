"""The route that tells what distances there are in the index, and the form of its answer."""

from collections.abc import Sequence

from fastapi import FastAPI
from fastapi.params import Depends
from pydantic import BaseModel, Field

from audio_search.http.answers import PROBLEMS
from audio_search.service.service import AudioService


class RarityAnswer(BaseModel):
    """A histogram."""

    pairs: int = Field(description='how many were drawn, at most 10,000; 0 for less than two clips')
    edges: list[float] = Field(description='distances, ascending, one more than counts')
    counts: list[int] = Field(description='how many pairs lie from each edge up to the next')


def add_rarity(app: FastAPI, service: AudioService, needs: Sequence[Depends]) -> None:
    """`needs` is what the route depends on."""

    @app.get('/rarity', responses=PROBLEMS, dependencies=needs)
    async def rarity() -> RarityAnswer:
        """How far random windows of different clips are from one another, which says what is near
        in this index. Drawn again within seconds of a change; a Milvus index, within minutes."""
        return RarityAnswer(**await service.rarity())
