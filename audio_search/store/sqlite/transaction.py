"""Changes to the index that happen together or not at all."""

import sqlite3
from typing import Any

from audio_search.store.records import Clip, Entry
from audio_search.store.sqlite import statements


class Transaction:
    """Changes to the index; see `SqliteStore.transaction`."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._next_number = statements.next_number(db)
        self.added: dict[int, Clip] = {}
        self.removed: list[int] = []
        self.cleared = False

    def put(self, clip: Clip) -> None:
        """Store a clip in the place of any with its id, and of any with its uri.

        Its tags have to be JSON (`records.check_json`).
        """
        for number in statements.find(self._db, clip.id, clip.uri):
            self._remove(number)
        statements.insert(self._db, self._next_number, clip)
        self.added[self._next_number] = clip
        self._next_number += 1

    def find(self, id: str | None = None, uri: str | None = None) -> Entry | None:
        """As SqliteStore.find."""
        number = statements.find_one(self._db, id, uri)
        return None if number is None else statements.entry(self._db, number)

    def replace_tags(self, id: str, tags: dict[str, Any]) -> bool:
        """Give the clip with that id these tags instead of its own; False if there is none."""
        numbers = statements.find(self._db, id, None)
        for number in numbers:
            statements.replace_tags(self._db, number, tags)
        return bool(numbers)

    def delete(self, id: str) -> bool:
        """Remove the clip with that id; False if there is none."""
        numbers = statements.find(self._db, id, None)
        for number in numbers:
            self._remove(number)
        return bool(numbers)

    def clear(self) -> None:
        """Remove every clip."""
        statements.clear(self._db)
        self.added.clear()
        self.removed.clear()
        self.cleared = True

    def finish(self) -> int:
        return statements.finish(self._db, self._next_number)

    def _remove(self, number: int) -> None:
        statements.delete(self._db, number)
        if self.added.pop(number, None) is None:
            self.removed.append(number)
