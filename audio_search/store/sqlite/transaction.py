"""Changes to the index that happen together or not at all."""

import sqlite3
from typing import Any

from audio_search.store.interface import StoreTransaction
from audio_search.store.judgements import Judgement, JudgementKey, SavedSearch
from audio_search.store.records import Clip, Entry, Words
from audio_search.store.sqlite import filter_sql, judgements, parts, searches, statements


class Transaction(StoreTransaction):
    """Changes to the database as they come; to the embeddings in memory when it is finished.

    `added` has the new clips by their numbers, `removed` the numbers of those that were there
    before; both only since `clear`, if `cleared`. `is_beside` as long as no clip was changed.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._next_number = statements.next_number(db)
        self.added: dict[int, Clip] = {}
        self.removed: list[int] = []
        self.cleared = False
        self.is_beside = True

    def keep_part(self, clip: Clip, number: int, count: int) -> Clip | None:
        parts.keep(self._db, clip, number, count)
        found = parts.kept(self._db, clip.id)
        if found is None or len(found.numbers) < count:
            return None
        whole = parts.whole(self._db, clip)
        parts.forget(self._db, clip.id)
        return whole

    def put(self, clip: Clip) -> None:
        parts.forget(self._db, clip.id)
        for number in statements.find(self._db, clip.id, clip.uri):
            former_id = self._remove(number).id
            if former_id != clip.id:
                judgements.hand_over(self._db, former_id, clip.id)
        statements.insert(self._db, self._next_number, clip)
        self.is_beside = False
        self.added[self._next_number] = clip
        self._next_number += 1

    def find(self, clip_id: str | None = None, uri: str | None = None) -> Entry | None:
        number = statements.find_one(self._db, clip_id, uri)
        return None if number is None else statements.entry(self._db, number)

    def replace_tags(self, clip_id: str, tags: dict[str, Any]) -> bool:
        numbers = statements.find(self._db, clip_id, None)
        for number in numbers:
            statements.replace_tags(self._db, number, tags)
            self.is_beside = False
        return bool(numbers)

    def replace_words(self, clip_id: str, words: Words) -> bool:
        numbers = statements.find(self._db, clip_id, None)
        for number in numbers:
            statements.replace_words(self._db, number, words)
            self.is_beside = False
        return bool(numbers)

    def delete(self, clip_id: str) -> bool:
        parts.forget(self._db, clip_id)
        numbers = statements.find(self._db, clip_id, None)
        for number in numbers:
            self._remove(number)
            judgements.forget(self._db, clip_id)
        return bool(numbers)

    def delete_selected(
        self, *, filter: Any | None = None, prefix: str | None = None
    ) -> list[Entry]:
        if filter is None and prefix is None:
            raise ValueError('Nothing says which clips to delete: give a filter or a prefix')
        chosen = filter_sql.selection(filter, prefix)
        removed = []
        for number in statements.numbers(self._db, chosen):
            removed.append(self._remove(number))
            judgements.forget(self._db, removed[-1].id)
        return removed

    def clear(self) -> None:
        statements.clear(self._db)
        self.added.clear()
        self.removed.clear()
        self.cleared = True
        self.is_beside = False

    def put_judgement(self, judgement: Judgement) -> bool:
        if not statements.find(self._db, judgement.clip_id, None):
            return False
        judgements.put(self._db, judgement)
        return True

    def take_back(self, key: JudgementKey) -> bool:
        return judgements.take_back(self._db, key)

    def put_search(self, search: SavedSearch) -> None:
        searches.put(self._db, search)

    def delete_search(self, name: str) -> bool:
        return searches.delete(self._db, name)

    def finish(self) -> int:
        """The version of the database with these changes: the same where no clip was changed, so
        that whoever follows the clips does not read them all again for a judgement."""
        if self.is_beside:
            return statements.version(self._db)
        return statements.finish(self._db, self._next_number)

    def _remove(self, number: int) -> Entry:
        entry = statements.entry(self._db, number)
        statements.delete(self._db, number)
        if self.added.pop(number, None) is None:
            self.removed.append(number)
        self.is_beside = False
        return entry
