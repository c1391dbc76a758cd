"""Small clips to store, and the configuration of their index."""

from typing import Any

import numpy as np

from audio_search.store import Clip, ClipStore, Configuration

DIMENSIONS = 16
CONFIGURATION = Configuration(
    model_name='tiny',
    model_sha256='0123456789abcdef' * 4,
    pooling='concat',
    dimensions=DIMENSIONS,
    window_s=4.0,
    stride_s=2.0,
    padding='repeat',
    lift_to_dbfs=-12.0,
    silence='zero',
)


def clip(
    id_: str,
    chunks: int = 4,
    *,
    uri: str | None = None,
    tags: dict[str, Any] | None = None,
    seed: int = 0,
    embeddings: np.ndarray | None = None,
) -> Clip:
    """A clip whose embeddings follow from its id and `seed`, unless they are given."""
    if embeddings is None:
        rng = np.random.default_rng([seed, *id_.encode()])
        embeddings = rng.integers(-128, 128, (chunks, DIMENSIONS)).astype(np.int8)
    beg_s = 2 * np.arange(len(embeddings))
    locations = np.stack(
        [beg_s / 2, beg_s * 16000, (beg_s + 4) * 16000, beg_s * 1000, (beg_s + 4) * 1000], axis=1
    )
    return Clip(
        id=id_,
        uri=f'{id_}.wav' if uri is None else uri,
        tags={'name': id_} if tags is None else tags,
        locations=locations.astype(np.int64),
        embeddings=embeddings,
        sample_rate=16000,
        source={'size': 3, 'mtime_ns': 2**62},
    )


def put(store: ClipStore, *clips: Clip) -> None:
    """Store clips in one transaction."""
    with store.transaction() as transaction:
        for one in clips:
            transaction.put(one)


def stored_ids(store: ClipStore) -> list[str]:
    """The ids of all clips, in the order they were stored."""
    return [entry.id for entry in store.page(0, 10**6)[0]]


def found_ids(store: ClipStore, query: np.ndarray, limit: int = 5, **kwargs: Any) -> list[str]:
    """The clips that are found for one query, int8 [dimensions], nearest first."""
    (neighbours,) = store.search(query[np.newaxis], limit, **kwargs)
    return [neighbour.clip_id for neighbour in neighbours]
