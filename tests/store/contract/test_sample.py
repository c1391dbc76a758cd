"""Random chunks."""

import numpy as np

from audio_search.store import ClipStore
from tests.store.clips import DIMENSIONS, clip, put


def keys(vectors: np.ndarray) -> list[bytes]:
    return sorted(row.tobytes() for row in vectors)


def test_chunks_are_drawn_from_all_and_none_twice(store: ClipStore) -> None:
    clips = [clip(f'{n}', 1 + n % 3) for n in range(60)]
    put(store, *clips)
    stored = {row.tobytes(): one.id for one in clips for row in one.embeddings}
    sample = store.sample(40)
    drawn = keys(sample.vectors)
    assert (sample.vectors.dtype, sample.vectors.shape) == (np.int8, (40, DIMENSIONS))
    assert set(drawn) <= stored.keys()
    assert len(set(drawn)) == 40
    # Those of one clip have one number, and those of two have two.
    owners = [stored[row.tobytes()] for row in sample.vectors]
    pairs = set(zip(owners, sample.clips.tolist(), strict=True))
    assert len(pairs) == len(set(owners)) == len(set(sample.clips.tolist()))
    # From the first clips as from the last.
    places = [int(owner) for owner in owners]
    assert min(places) < 15
    assert max(places) > 45


def test_the_same_store_has_the_same_sample(store: ClipStore) -> None:
    put(store, *(clip(f'{n}') for n in range(30)))
    first = store.sample(20)
    assert keys(store.sample(20).vectors) == keys(first.vectors)
    put(store, clip('late', 400))
    assert keys(store.sample(20).vectors) != keys(first.vectors)


def test_of_few_chunks_all_that_sound_are_drawn(store: ClipStore) -> None:
    half = clip('half', 4)
    half.embeddings[1:3] = 0
    put(store, half, clip('gone'), clip('other', 2))
    with store.transaction() as transaction:
        transaction.delete('gone')
    wanted = [half.embeddings[0], half.embeddings[3], *clip('other', 2).embeddings]
    assert keys(store.sample(100).vectors) == keys(np.array(wanted))


def test_an_empty_store_has_an_empty_sample(store: ClipStore) -> None:
    sample = store.sample(10)
    assert (sample.vectors.shape, sample.clips.shape) == ((0, DIMENSIONS), (0,))
