"""What was judged of clips, in the database, by their ids.

Whatever the database refuses is a sqlite3.Error.
"""

import sqlite3

from audio_search.store.judgements import Chosen, Judgement, JudgementKey, judgement_of

KEY = 'clip_id, label, beg_in_ms, end_in_ms, judged_by'


def put(db: sqlite3.Connection, judgement: Judgement) -> None:
    db.execute(
        f'INSERT OR REPLACE INTO judgements ({KEY}, verdict, time) VALUES (?, ?, ?, ?, ?, ?, ?)',
        (*judgement.key, judgement.verdict, judgement.time),
    )


def take_back(db: sqlite3.Connection, key: JudgementKey) -> bool:
    done = db.execute(f'DELETE FROM judgements WHERE ({KEY}) = (?, ?, ?, ?, ?)', key)
    return done.rowcount > 0


def forget(db: sqlite3.Connection, clip_id: str) -> None:
    db.execute('DELETE FROM judgements WHERE clip_id = ?', (clip_id,))


def hand_over(db: sqlite3.Connection, former_id: str, clip_id: str) -> None:
    """What was judged of a clip becomes that of the one that takes its place, which keeps its own
    where both have the same."""
    db.execute(
        'UPDATE OR IGNORE judgements SET clip_id = ? WHERE clip_id = ?', (clip_id, former_id)
    )
    forget(db, former_id)


def page(
    db: sqlite3.Connection, offset: int, limit: int, chosen: Chosen
) -> tuple[list[Judgement], int]:
    condition, values = _selection(chosen)
    (total,) = db.execute(f'SELECT count(*) FROM judgements WHERE {condition}', values).fetchone()
    rows = db.execute(
        f'SELECT {KEY}, verdict, time FROM judgements WHERE {condition} '
        f'ORDER BY time, {KEY} LIMIT ? OFFSET ?',
        (*values, limit, offset),
    )
    found = [judgement_of(JudgementKey(*row[:5]), *row[5:]) for row in rows.fetchall()]
    return found, total


def _selection(chosen: Chosen) -> tuple[str, list[str]]:
    columns = {
        'label': chosen.label,
        'clip_id': chosen.clip_id,
        'judged_by': chosen.by,
        'verdict': chosen.verdict,
    }
    given = {name: value for name, value in columns.items() if value is not None}
    return ' AND '.join(f'{name} = ?' for name in given) or 'TRUE', list(given.values())
