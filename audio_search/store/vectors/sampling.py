"""Random rows of the embeddings in memory."""

from collections.abc import Sequence

import numpy as np

from audio_search.store.records import Sample
from audio_search.store.vectors.blocks import Block

SEED = 0  # so that the same question has the same answer


def places_of(total: int, count: int) -> np.ndarray:
    """Up to `count` of the numbers below `total`, ascending, none twice; the same each time."""
    if count >= total:
        return np.arange(total)
    return np.sort(np.random.default_rng(SEED).choice(total, count, replace=False, shuffle=False))


def sample(blocks: Sequence[Block], dimensions: int, count: int) -> Sample:
    """As ClipStore.sample. Reads nothing but the rows that are drawn."""
    ends = np.cumsum([block.live_count for block in blocks], dtype=np.int64)
    places = places_of(int(ends[-1]) if blocks else 0, count)
    vectors, clips = [np.empty((0, dimensions), np.int8)], [np.empty(0, np.int64)]
    edges = np.searchsorted(places, [0, *ends])
    for block, first, last, end in zip(blocks, edges[:-1], edges[1:], ends, strict=True):
        if first == last:
            continue
        rows = block.live_rows()[places[first:last] - (end - block.live_count)]
        rows = rows[block.square_norms[rows] > 0]
        vectors.append(block.vectors[rows])
        clips.append(block.clips[rows].astype(np.int64))
    return Sample(np.concatenate(vectors), np.concatenate(clips))
