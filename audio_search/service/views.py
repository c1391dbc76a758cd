"""What the service says of what it holds."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


@dataclass(frozen=True)
class ListedClip:
    """A stored clip without its chunks. `point` is its place on the map, where that was asked for;
    `missing` says that its file is gone."""

    id: str
    uri: str | None
    tags: dict[str, Any]
    chunk_count: int
    point: tuple[float, float] | None = None
    missing: bool = False


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


class State(StrEnum):
    """What became of the file of a clip since it was stored."""

    NEW = 'new'  # not stored
    UNCHANGED = 'unchanged'
    CHANGED = 'changed'
    MISSING = 'missing'  # stored, and not there any more or not to be read
    STORED = 'stored'  # without a file, or asked for by its id alone


@dataclass(frozen=True)
class KnownClip:
    """What is stored of a clip that was asked for; `error` says why its file cannot be used."""

    id: str | None
    uri: str | None
    tags: dict[str, Any] | None
    chunk_count: int | None
    state: State
    error: str | None = None
