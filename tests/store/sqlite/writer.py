"""A process that stores clips until it is killed, and what it should leave behind.

`python -m tests.store.sqlite.writer FOLDER FIRST` carries out the steps from FIRST on, each as one
request to an indexer of its own, and says `begun N` and `done N` around each.
"""

import json
import sys
from pathlib import Path

import numpy as np
from docarray import DocList
from docarray.typing import ID

from audio_search.documents import AudioChunk, AudioClip, Embedding, Tags
from executors.indexer import SimpleIndexer

DIMENSIONS = 512
# Clip id -> the step that stored it, the step that last changed its tags, and the one that last
# judged it, None where none did.
State = dict[str, tuple[int, int, int | None]]


def open_indexer(folder: Path) -> SimpleIndexer:
    """An indexer in a folder, with a file for its model's weights."""
    weights = folder / 'weights.npz'
    if not weights.exists():
        weights.write_bytes(b'any')
    return SimpleIndexer(path=str(folder / 'index.sqlite'), weights=str(weights))


def embeddings(id_: str, step: int) -> np.ndarray:
    """int8 [chunks, 512] of a clip that a step stores: any number of chunks from 1 to 40."""
    rng = np.random.default_rng([step, *id_.encode()])
    return rng.integers(-128, 128, (rng.integers(1, 41), DIMENSIONS)).astype(np.int8)


def plan(step: int) -> tuple[str, list[str]]:
    """What a step does, to which clips."""
    rng = np.random.default_rng(step)
    ids = [f'clip {n}' for n in rng.choice(60, rng.integers(1, 13), replace=False)]
    return str(rng.choice(['index', 'index', 'index', 'update', 'judge', 'delete'])), ids


def after(state: State, step: int) -> State:
    """The state that a step leaves behind."""
    action, ids = plan(step)
    if action == 'index':
        new: State = {id_: (step, step, state[id_][2] if id_ in state else None) for id_ in ids}
        return state | new
    there = [id_ for id_ in ids if id_ in state]
    if action == 'update':
        return state | {id_: (state[id_][0], step, state[id_][2]) for id_ in there}
    if action == 'judge':
        return state | {id_: (*state[id_][:2], step) for id_ in there}
    return {id_: steps for id_, steps in state.items() if id_ not in ids}


def carry_out(indexer: SimpleIndexer, step: int) -> None:
    action, ids = plan(step)
    docs = DocList[AudioClip](
        AudioClip(id=ID(id_), uri=f'{id_}.wav', tags=Tags(step=step)) for id_ in ids
    )
    if action == 'index':
        for doc in docs:
            doc.source = Tags(step=step)
            doc.chunks = DocList[AudioChunk](
                AudioChunk(offset=row, embedding=Embedding.from_int8(values))
                for row, values in enumerate(embeddings(str(doc.id), step))
            )
        assert not any(doc.error for doc in indexer.index(docs))
    elif action == 'update':
        indexer.update(docs)
    elif action == 'judge':
        same = {'label': 'x', 'verdict': 'right', 'part': None, 'by': '', 'time': str(step)}
        said = [{'clip_id': id_, **same} for id_ in ids]
        asked = json.dumps({'do': 'judge', 'judgements': said})
        assert 'answer' in indexer.clips(docs, parameters={'beside': asked})
    else:
        indexer.delete(docs)


def main() -> None:
    folder, step = Path(sys.argv[1]), int(sys.argv[2])
    indexer = open_indexer(folder)
    while True:
        print(f'begun {step}', flush=True)
        carry_out(indexer, step)
        print(f'done {step}', flush=True)
        step += 1


if __name__ == '__main__':
    main()
