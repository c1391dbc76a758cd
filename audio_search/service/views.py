"""What the service says of what it holds."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


@dataclass(frozen=True)
class ListedClip:
    """A stored clip without its chunks. `point` is its place on the map, where that was asked for;
    `missing` says that its file is gone; `words` are the sounds that are heard in it, each with a
    probability."""

    id: str
    uri: str | None
    tags: dict[str, Any]
    chunk_count: int
    point: tuple[float, float] | None = None
    missing: bool = False
    words: list[tuple[str, float]] = field(default_factory=list)


@dataclass(frozen=True)
class ClipsPage:
    """A part of the stored clips, and how many there are in all."""

    clips: list[ListedClip]
    total: int


@dataclass(frozen=True)
class Status:
    """What is stored, where, and how it was made."""

    clips: int
    chunks: int
    model_name: str
    model_sha256: str
    index_path: str
    index_bytes: int
    pooling: str
    dimensions: int
    window_s: float
    stride_s: float
    padding: str
    lift_to_dbfs: float | None
    silence: str


HOW_MADE = ('pooling', 'window_s', 'stride_s', 'padding', 'lift_to_dbfs', 'silence')


def status_of(found: dict[str, Any]) -> Status:
    """What the indexer says of itself; numbers arrive as floats."""
    return Status(
        clips=int(found['clips']),
        chunks=int(found['chunks']),
        model_name=found['model']['name'],
        model_sha256=found['model']['sha256'],
        index_path=found['index']['path'],
        index_bytes=int(found['index']['bytes']),
        dimensions=int(found['dimensions']),
        **{name: found[name] for name in HOW_MADE},
    )


class State(StrEnum):
    """What became of the file of a clip since it was stored."""

    NEW = 'new'  # not stored
    UNCHANGED = 'unchanged'
    CHANGED = 'changed'
    MISSING = 'missing'  # stored, and not there any more or not to be read
    STORED = 'stored'  # without a file, or asked for by its id alone


@dataclass(frozen=True)
class KnownClip:
    """What is stored of a clip that was asked for; `error` says why its file cannot be used, and
    `kept` how much there is of a long recording that is not stored yet, from 0 to 1."""

    id: str | None
    uri: str | None
    tags: dict[str, Any] | None
    chunk_count: int | None
    state: State
    error: str | None = None
    kept: float | None = None
