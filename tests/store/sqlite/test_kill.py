"""A process killed while it writes loses nothing that it answered, and keeps nothing in halves.

`KILL_ROUNDS=30 pytest tests/store/sqlite/test_kill.py` kills more often.
"""

import os
import random
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np

from audio_search.store.sqlite import backup, restore
from tests.store.sqlite.writer import State, after, embeddings, open_indexer

ROUNDS = int(os.environ.get('KILL_ROUNDS', '5'))


def test_what_was_answered_survives_a_kill(tmp_path):
    chance = random.Random(0)
    state: State = {}
    step = 0
    for round_ in range(ROUNDS):
        if round_ % 3 == 2:
            put_back(tmp_path)
        answers = chance.randrange(10, 40)
        begun, done = run_and_kill(tmp_path, step, answers, chance.uniform(0, 0.05))
        assert step <= done <= begun <= done + 1
        for answered in range(step, done + 1):
            state = after(state, answered)
        step = done + 1
        found = stored(tmp_path)
        if begun == step and found != state:
            # The step that was killed had reached the disk: it has to be there whole.
            state = after(state, begun)
            step += 1
        assert found == state
    assert step >= 10 * ROUNDS


def put_back(folder: Path) -> None:
    """As after a disaster: the index comes from a backup."""
    backup(folder / 'index.sqlite', folder / 'media', folder / 'index.tar')
    restore(folder / 'index.tar', folder / 'index.sqlite', folder / 'media', replace=True)
    (folder / 'index.tar').unlink()


def run_and_kill(folder: Path, step: int, answers: int, delay_s: float) -> tuple[int, int]:
    """The last step that was begun, and the last that was answered, by a process from `step` on
    that was killed `delay_s` after so many answers: at no particular moment of what it does."""
    command = [sys.executable, '-m', 'tests.store.sqlite.writer', str(folder), str(step)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        lines = [process.stdout.readline() for _ in range(2 * answers)]
        time.sleep(delay_s)
        process.kill()
        lines += process.stdout.readlines()
    last = {'begun': -1, 'done': -1}
    for word, number in (line.split() for line in lines if line.endswith('\n')):
        last[word] = int(number)
    return last['begun'], last['done']


def stored(folder: Path) -> State:
    """The steps that the stored clips come from. Fails where a clip is not whole, in the file or in
    memory, or the file is not sound."""
    with closing(sqlite3.connect(f'file:{folder}/index.sqlite?mode=ro', uri=True)) as db:
        assert db.execute('PRAGMA integrity_check').fetchall() == [('ok',)]
        for table in ('chunks', 'tags'):
            orphans = f'SELECT count(*) FROM {table} WHERE clip NOT IN (SELECT number FROM clips)'
            assert db.execute(orphans).fetchone() == (0,)
        orphans = 'SELECT count(*) FROM judgements WHERE clip_id NOT IN (SELECT id FROM clips)'
        assert db.execute(orphans).fetchone() == (0,)
    state: State = {}
    indexer = open_indexer(folder)
    judged = {one.clip_id: int(one.time) for one in indexer.store.judgements(0, 1000)[0]}
    for entry in indexer.store.page(0, 1000)[0]:
        clip = indexer.store.clip(entry.id)
        assert clip is not None
        assert clip.source
        step, changed = clip.source['step'], entry.tags['step']
        np.testing.assert_array_equal(clip.embeddings, embeddings(entry.id, step))
        state[entry.id] = step, changed, judged.get(entry.id)
        (nearest,) = indexer.store.search(clip.embeddings[-1:], 1, filter={'step': changed})
        assert (nearest[0].clip_id, nearest[0].distance) == (entry.id, 0)
    indexer.close()
    return state
