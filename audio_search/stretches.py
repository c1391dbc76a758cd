"""How near a clip is to a sound from its beginning to its end, in as few numbers as a strip has."""

import math
from dataclasses import dataclass

import numpy as np

from audio_search.places import nearest_of
from audio_search.store.records import LOCATION_COLUMNS, UNKNOWN, Clip

BEG_IN_MS, END_IN_MS = (LOCATION_COLUMNS.index(name) for name in ('beg_in_ms', 'end_in_ms'))


@dataclass(frozen=True)
class Stretch:
    """The windows [start, end) of a clip, and the one of them that is nearest to a sound.

    Times are in ms of the whole file, None where they are not known; `distance` is None where
    nothing can be heard.
    """

    start: int
    end: int
    nearest: int
    beg_in_ms: int | None
    end_in_ms: int | None
    distance: float | None


def stretches(clip: Clip, queries: np.ndarray, count: int) -> list[Stretch]:
    """A clip in at most `count` stretches of about the same number of windows, in order. `queries`
    is the sound, int8 [windows, dimensions]."""
    nearest, _ = nearest_of(clip.embeddings, queries)
    found = []
    for rows in np.array_split(np.arange(len(nearest)), min(count, len(nearest))):
        best = int(rows[nearest[rows].argmin()])
        distance = float(nearest[best])
        found.append(
            Stretch(
                int(rows[0]),
                int(rows[-1]) + 1,
                best,
                _known(clip.locations[rows[0], BEG_IN_MS]),
                _known(clip.locations[rows[-1], END_IN_MS]),
                distance if math.isfinite(distance) else None,
            )
        )
    return found


def _known(time_in_ms: np.integer) -> int | None:
    return None if time_in_ms == UNKNOWN else int(time_in_ms)
