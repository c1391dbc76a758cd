"""Two processes on one collection, as two replicas of the indexer are.

On a standalone server session reads passed them too, with a clock of 20 and of 200 ms: they fail
where something is lost or doubled, not where it is late.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import numpy as np

from audio_search.store.milvus.store import MilvusStore
from tests.running import ROOT
from tests.store.clips import CONFIGURATION, DIMENSIONS, clip, found_ids, put, stored_ids

ROUNDS = 6
# Stores a clip for each line "id chunks seed".
OTHER = """
import sys
import numpy as np
from audio_search.store.milvus.connection import Server
from audio_search.store.milvus.store import MilvusStore
from tests.store.clips import CONFIGURATION, DIMENSIONS, clip, put

uri, name = sys.argv[1:]
store = MilvusStore(Server(uri), CONFIGURATION, name=name)
print('open', flush=True)
for line in sys.stdin:
    id_, chunks, seed = line.split()
    put(store, clip(id_, int(chunks), seed=int(seed)))
    print(id_, flush=True)
store.close()
"""


@contextmanager
def other_process(store: MilvusStore) -> Iterator[Callable[[str, int, int], None]]:
    """Another process that stores a clip when it is called with its id, chunks and seed, and is
    done when the call returns."""
    uri, _, name = store.address.rpartition('/')
    with subprocess.Popen(
        [sys.executable, '-c', OTHER, uri, name],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    ) as process:
        assert process.stdin
        assert process.stdout
        tell, hear = process.stdin, process.stdout

        def store_there(id_: str, chunks: int, seed: int) -> None:
            tell.write(f'{id_} {chunks} {seed}\n')
            assert hear.readline() == f'{id_}\n'

        try:
            assert hear.readline() == 'open\n'
            yield store_there
        finally:
            tell.close()
    assert process.returncode == 0


def test_what_another_stored_is_seen_at_once(open_milvus: Callable[..., MilvusStore]) -> None:
    with (
        closing(open_milvus(CONFIGURATION, consistency='strong')) as mine,
        other_process(mine) as store_there,
    ):
        for number in range(ROUNDS):
            stored = clip(f'clip-{number}', 2)
            store_there(stored.id, 2, 0)
            assert found_ids(mine, stored.embeddings[0], 1) == [stored.id]
            assert mine.counts() == (number + 1, 2 * (number + 1))


def test_two_that_replace_the_same_clip_leave_one_whole(
    open_milvus: Callable[..., MilvusStore],
) -> None:
    with (
        closing(open_milvus(CONFIGURATION, consistency='strong')) as mine,
        other_process(mine) as store_there,
    ):
        for number in range(ROUNDS):
            if number % 2:
                put(mine, clip('bell', 3, seed=number))
            else:
                store_there('bell', 2, number)
            put(mine, clip(f'mine-{number}', 1))
            store_there(f'other-{number}', 1, 0)
            now = mine.clip('bell')
            assert now
            wanted = clip('bell', 3 if number % 2 else 2, seed=number)
            np.testing.assert_array_equal(now.embeddings, wanted.embeddings)
        ids = stored_ids(mine)
        assert len(ids) == len(set(ids)) == 2 * ROUNDS + 1
        everything = np.ones((1, DIMENSIONS), np.int8)
        found = mine.search(everything, 10**4, distinct=False)[0]
        assert len(found) == mine.counts()[1] == 2 * ROUNDS + wanted.chunk_count
