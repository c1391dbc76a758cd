"""Label tables joined to files: which rows of a table speak of a file."""

import os
from collections.abc import Iterable
from dataclasses import replace

from audio_search.folders.files import SoundFile
from audio_search.tables import Row


def part(row: Row) -> str:
    """Which part of its file a row speaks of, as the fragment of a uri; '' is all of it."""
    if row.end_s is None:
        return f'#t={row.begin_s:.12g}' if row.begin_s else ''
    return f'#t={row.begin_s:.12g},{row.end_s:.12g}'


class Table:
    """Rows by the file that they speak of: by its path, or as much of its end as the table has."""

    def __init__(self, rows: Iterable[Row]) -> None:
        by_part: dict[str, dict[str, Row]] = {}
        for row in rows:
            parts = by_part.setdefault(_key(row.file), {})
            former = parts.get(part(row))
            # Two rows of one part are one clip, with the tags of both.
            tags = {**former.tags, **row.tags} if former else row.tags
            parts[part(row)] = replace(row, tags=tags)
        self._rows = {key: list(parts.values()) for key, parts in by_part.items()}
        self._unused = set(self._rows)

    def rows_of(self, file: SoundFile) -> list[Row]:
        """The rows of a file. The longest path that fits is taken: `a/1.wav` before `1.wav`."""
        key = _key(file.name)
        parts = key.split('/')
        for start in range(len(parts)):
            tail = key if start == 0 else '/'.join(parts[start:])
            if tail in self._rows:
                self._unused.discard(tail)
                return self._rows[tail]
        stem = os.path.splitext(parts[-1])[0]
        self._unused.discard(stem)
        return self._rows.get(stem, [])

    @property
    def unused(self) -> int:
        """How many of the files in the table have not come yet."""
        return len(self._unused)


def _key(path: str) -> str:
    return path.strip().replace('\\', '/').removeprefix('./')
