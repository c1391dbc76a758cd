"""Which clips the library shows, or changes: as the browser says it."""

import json
from dataclasses import dataclass
from typing import Any

from audio_search.page.asked import MAX_TEXT, fitting
from audio_search.page.text import Problem

PAGE_CLIPS = 25


@dataclass(frozen=True)
class Listed:
    """The clips of a page: those with words that begin as those of `text`, and with `tags`."""

    text: str = ''
    tags: tuple[tuple[str, str], ...] = ()
    is_newest_first: bool = True
    page: int = 1  # counted from 1

    @property
    def offset(self) -> int:
        return (self.page - 1) * PAGE_CLIPS

    def filter(self) -> dict[str, Any] | None:
        fits: dict[str, Any] = fitting(self.tags)
        if self.text.strip():
            fits['$text'] = self.text
        return fits or None


@dataclass(frozen=True)
class Chosen:
    """Clips to change: by their ids, or all that `listed` fits."""

    ids: tuple[str, ...] = ()
    listed: Listed | None = None
    label: str = ''


def read_listed(sent: str) -> Listed:
    """Read what library.js sends, a JSON object. Raises Problem for what it would not send."""
    return _listed(_read(sent))


def read_chosen(sent: str) -> Chosen:
    """The same of clips that were selected."""
    told = _read(sent)
    ids = told.get('ids')
    if not isinstance(ids, list):
        return Chosen(listed=_listed(told), label=_text(told, 'label'))
    return Chosen(tuple(map(str, ids)), label=_text(told, 'label'))


def _read(sent: str) -> dict[str, Any]:
    try:
        told = json.loads(sent)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise Problem('This list of clips cannot be read; load the page again')
    return told


def _listed(told: dict[str, Any]) -> Listed:
    try:
        tags = tuple((str(key), str(value)) for key, value in told.get('tags', ()))
        page = max(1, int(told.get('page', 1)))
    except (ValueError, TypeError, OverflowError):
        raise Problem('This list of clips cannot be read; load the page again') from None
    is_newest_first = told.get('order') != 'oldest'
    return Listed(_text(told, 'text'), tags, is_newest_first, page)


def _text(told: dict[str, Any], name: str) -> str:
    return str(told.get(name, ''))[:MAX_TEXT].strip()
