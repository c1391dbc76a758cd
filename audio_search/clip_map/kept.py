"""The map as it is kept: in memory, and in one file in the workspace."""

import json
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from audio_search.clip_map.columns import Column
from audio_search.clip_map.space import Space

FORMAT = 1


@dataclass(frozen=True)
class Listed:
    """The clips of an index at one moment: `ids`, `names`, for each the `prints` of its sound
    (uint32 [clips]), and the `columns` that dots are coloured by."""

    ids: list[str]
    names: list[str]
    prints: np.ndarray
    columns: dict[str, Column]


@dataclass(frozen=True)
class Kept:
    """A map of `listed` clips. `index` says of which index, `version` as ClipStore.version.

    `vectors` is float16 [clips, axes], in `space`; `points` float32 [clips, 2]. `laid_out`, bool
    [clips], is True where UMAP gave the point, False where a clip was placed among those. Where
    none is, the points are the first two axes.
    """

    index: str
    version: int | None
    listed: Listed
    space: Space
    vectors: np.ndarray
    points: np.ndarray
    laid_out: np.ndarray

    @property
    def is_laid_out(self) -> bool:
        return bool(self.laid_out.any())


def save(kept: Kept, path: Path) -> None:
    """Write a file that is whole or not there. Raises OSError."""
    listed = kept.listed
    about = {
        'format': FORMAT,
        'index': kept.index,
        'version': kept.version,
        'ids': listed.ids,
        'names': listed.names,
        'values': {name: column.values for name, column in listed.columns.items()},
    }
    codes: dict[str, Any] = {f'codes_{name}': one.codes for name, one in listed.columns.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    written = path.with_suffix('.new.npz')
    np.savez(
        written,
        about=np.frombuffer(json.dumps(about).encode(), np.uint8),
        prints=listed.prints,
        mean=kept.space.mean,
        axes=kept.space.axes,
        vectors=kept.vectors,
        points=kept.points,
        laid_out=kept.laid_out,
        **codes,
    )
    os.replace(written, path)


def load(path: Path) -> Kept | None:
    """The map in a file; None where there is none that this version of the program can read."""
    try:
        with np.load(path) as file:
            about: dict[str, Any] = json.loads(file['about'].tobytes())
            if about['format'] != FORMAT:
                return None
            columns = {
                name: Column(values, file[f'codes_{name}'])
                for name, values in about['values'].items()
            }
            return Kept(
                index=about['index'],
                version=about['version'],
                listed=Listed(about['ids'], about['names'], file['prints'], columns),
                space=Space(file['mean'], file['axes']),
                vectors=file['vectors'],
                points=file['points'],
                laid_out=file['laid_out'],
            )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
