"""Reads beside writes."""

import threading

import numpy as np

from tests.store.clips import DIMENSIONS, clip, put


def test_searches_beside_writes_see_whole_clips_of_one_moment(store):
    """Every version of the clips has its number in all chunks and tags; no search sees two."""
    size, rounds = 40, 60

    def version(n: int) -> list:
        direction = np.zeros((3, DIMENSIONS), np.int8)
        direction[:, 0], direction[:, 1] = 1 + n, 100 - n
        return [clip(str(i), embeddings=direction, tags={'version': n}) for i in range(size)]

    put(store, *version(0))
    done = threading.Event()
    wrong: list[object] = []

    def search() -> None:
        query = np.eye(1, DIMENSIONS, dtype=np.int8)
        while not done.is_set():
            (clips,) = store.search(query, 2 * size)
            (chunks,) = store.search(query, 4 * size, distinct=False)
            for neighbours, expected in ((clips, size), (chunks, 3 * size)):
                versions = {one.tags['version'] for one in neighbours}
                distances = {one.distance for one in neighbours}
                if len(neighbours) != expected or len(versions) != 1 or len(distances) != 1:
                    wrong.append((len(neighbours), versions, distances))

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for n in range(1, rounds):
        put(store, *version(n))
    done.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert store.counts() == (size, 3 * size)
