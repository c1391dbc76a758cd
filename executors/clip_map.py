"""What the map asks of an indexer, whichever store it keeps clips in.

Answers are text, since Jina's returned objects have float64 for every number.
"""

import base64
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from audio_search.clip_map.space import clip_vector
from audio_search.store import Entry
from audio_search.store.interface import ClipStore
from audio_search.store.records import to_json


def map_page(store: ClipStore, offset: int, limit: int) -> dict[str, Any]:
    """A page of all clips, in the order they were stored: {clips: JSON list of [id, uri, tags,
    print], total, version}. A clip that gets another sound gets another `print`; `version` is that
    of the store before it was read."""
    version = store.version()
    entries, total = store.page(offset, limit)
    clips = [[entry.id, entry.uri, entry.tags, _print(entry)] for entry in entries]
    return {'clips': to_json(clips), 'total': total, 'version': version}


def map_vectors(store: ClipStore, ids: Sequence[str]) -> dict[str, Any]:
    """The vectors of these clips: {vectors: float16 [ids, dimensions] in base64}, zeros for one
    that is not stored any more."""
    clips = [store.clip(id_) for id_ in ids]
    nothing = np.zeros((0, store.configuration.dimensions), np.int8)
    vectors = np.stack([clip_vector(clip.embeddings if clip else nothing) for clip in clips])
    return {'vectors': base64.b64encode(vectors.tobytes()).decode()}


def _print(entry: Entry) -> int:
    return zlib.crc32(to_json([entry.source, entry.chunk_count]).encode())
