"""What people said of clips and how they search, as rows of the collection beside the clips.

A judgement is one row, whose key is a hash of its own key, so that the same again replaces it; a
saved search is one row, too. Judgements are sorted here: Milvus sorts by nothing but its keys.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence

from audio_search.errors import Kind
from audio_search.store.errors import StorageError
from audio_search.store.judgements import (
    Chosen,
    Judgement,
    JudgementKey,
    SavedSearch,
    judgement_of,
)
from audio_search.store.milvus.filter_expression import SET, literal, one_of
from audio_search.store.milvus.reading import Reading
from audio_search.store.milvus.rows import LOOK_UP, MAX_TEXT_BYTES
from audio_search.store.milvus.state import State, row_of
from audio_search.store.records import to_json

IS_JUDGEMENT = 'id like "judgement/%"'
IS_SEARCH = 'id like "search/%"'
FIELDS = ['id', 'owner', 'meta']
WRITE_ROWS = 5_000


class Beside:
    """The judgements and the saved searches of the collection `state`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def page(self, offset: int, limit: int, chosen: Chosen) -> tuple[list[Judgement], int]:
        terms = [IS_JUDGEMENT]
        if chosen.clip_id is not None:
            terms.append(f'owner == {literal(chosen.clip_id)}')
        for name, value in (
            ('label', chosen.label),
            ('by', chosen.by),
            ('verdict', chosen.verdict),
        ):
            if value is not None:
                terms.append(f'meta["{name}"] == {literal(value)}')
        found = sorted(self._judgements(' and '.join(terms)), key=lambda one: one.order)
        return found[offset : offset + limit], len(found)

    def of_clip(self, clip_id: str) -> list[Judgement]:
        return self._judgements(f'{IS_JUDGEMENT} and owner == {literal(clip_id)}')

    def judgement(self, key: JudgementKey) -> Judgement | None:
        found = self._judgements(f'id == {literal(_row_key(key))}')
        return found[0] if found else None

    def put(self, judgements: Iterable[Judgement]) -> None:
        new = [
            row_of(
                _row_key(one.key),
                one.clip_id,
                {
                    'label': one.label,
                    'beg_in_ms': one.key.beg_in_ms,
                    'end_in_ms': one.key.end_in_ms,
                    'by': one.by,
                    'verdict': one.verdict,
                    'time': one.time,
                },
                '',
            )
            for one in judgements
        ]
        for start in range(0, len(new), WRITE_ROWS):
            self._state.put(new[start : start + WRITE_ROWS])

    def take_back(self, keys: Iterable[JudgementKey]) -> None:
        self._state.delete([_row_key(key) for key in keys])

    def forget(self, clip_ids: Sequence[str]) -> None:
        """The judgements of these clips."""
        for start in range(0, len(clip_ids), LOOK_UP):
            some = one_of('owner', list(clip_ids[start : start + LOOK_UP]))
            found = self._state.rows(f'{IS_JUDGEMENT} and {some}', ['id'])
            self._state.delete([row['id'] for row in found])

    def forget_all(self) -> None:
        """All judgements."""
        self._state.delete([row['id'] for row in self._state.rows(IS_JUDGEMENT, ['id'])])

    def forget_gone(self, reading: Reading) -> None:
        """The judgements of clips that are gone: a process was killed after it had deleted them.
        `reading` has to see what any process stored."""
        rows = self._state.rows(IS_JUDGEMENT, ['id', 'owner'])
        judged = list(dict.fromkeys(row['owner'] for row in rows))
        for start in range(0, len(judged), LOOK_UP):
            some = judged[start : start + LOOK_UP]
            heads = reading.heads(one_of('clip_id', [SET + id_ for id_ in some]))
            there = {head['clip_id'] for head in heads}
            self.forget([id_ for id_ in some if SET + id_ not in there])

    def searches(self) -> list[SavedSearch]:
        return sorted(self._searches(IS_SEARCH), key=lambda search: search.name)

    def search(self, name: str) -> SavedSearch | None:
        found = self._searches(f'id == {literal(_search_key(name))}')
        return found[0] if found else None

    def put_searches(self, searches: Iterable[SavedSearch]) -> None:
        """Raise StorageError for one that Milvus could not keep."""
        self._state.put([_search_row(search) for search in searches])

    def delete_searches(self, names: Iterable[str]) -> None:
        self._state.delete([_search_key(name) for name in names])

    def _judgements(self, expression: str) -> list[Judgement]:
        found = []
        for row in self._state.rows(expression, FIELDS):
            meta = row['meta']
            key = JudgementKey(
                row['owner'], meta['label'], meta['beg_in_ms'], meta['end_in_ms'], meta['by']
            )
            found.append(judgement_of(key, meta['verdict'], meta['time']))
        return found

    def _searches(self, expression: str) -> list[SavedSearch]:
        return [
            SavedSearch(row['owner'], row['meta']['made'], json.loads(row['piece']))
            for row in self._state.rows(expression, [*FIELDS, 'piece'])
        ]


def check_search(search: SavedSearch) -> None:
    """Raise StorageError for one that Milvus could not keep."""
    if len(to_json(search.query).encode()) > MAX_TEXT_BYTES:
        error = StorageError(
            f'Milvus cannot keep the search {search.name[:80]!r}: it takes more than '
            f'{MAX_TEXT_BYTES:,} bytes; give examples by their ids'
        )
        error.kind = Kind.UNUSABLE
        raise error


def _row_key(key: JudgementKey) -> str:
    return f'judgement/{hashlib.sha256(to_json(key).encode()).hexdigest()}'


def _search_key(name: str) -> str:
    return f'search/{name}'


def _search_row(search: SavedSearch) -> dict[str, object]:
    return row_of(
        _search_key(search.name), search.name, {'made': search.made}, to_json(search.query)
    )
