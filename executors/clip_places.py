"""Documents <-> the places that a search finds in clips."""

from typing import Any

import numpy as np
from docarray import DocList

from audio_search import places
from audio_search.documents import AudioClip, Match
from audio_search.places import Spread
from audio_search.store import ClipRef
from audio_search.store.interface import ClipStore
from executors.clip_records import match_of


def match_places(
    store: ClipStore,
    doc: AudioClip,
    embeddings: np.ndarray,
    spread: Spread,
    parameters: dict[str, Any],
    by_example: bool,
) -> None:
    """Give each chunk of a query the places that it is nearest to, of those that `spread` asks for;
    `by_example` as ClipStore.search has it. `embeddings` is int8 [chunks, dimensions]."""
    found = places.find(
        store,
        embeddings,
        spread,
        filter=parameters.get('filter'),
        excluded=own_clip(doc) if parameters.get('exclude_self') else None,
        by_example=by_example,
    )
    for chunk in doc.chunks:
        chunk.matches = DocList[Match]()
    for place, left_out in found:
        match = match_of(place.neighbour)
        match.more_from_same = left_out
        doc.chunks[place.query].matches.append(match)


def own_clip(doc: AudioClip) -> ClipRef:
    """The stored clip of a query's sound, if there is one."""
    return ClipRef(doc.id or (doc.source or {}).get('sound'), doc.uri)
