"""What the page says: times, names, and what went wrong."""

import html
import logging
from pathlib import PurePosixPath
from typing import Any

from audio_search.errors import RequestError
from audio_search.service.pipeline import ExecutorDown

log = logging.getLogger('audio_search')


class Problem(Exception):
    """Something the user can be told, in one sentence."""


def sentence(error: Exception) -> str:
    """What to tell the user; what nobody expected goes to the log instead."""
    if isinstance(error, Problem):
        return _with_full_stop(str(error))
    if isinstance(error, RequestError):
        return _with_full_stop(error.detail)
    if isinstance(error, ExecutorDown):
        return f'The {error} is down. It is being started again; try again in a few seconds.'
    if isinstance(error, TimeoutError):
        return 'That took too long. Send less at once, or try again when the service is less busy.'
    log.error('the page failed', exc_info=error)
    return 'The service failed at this. Its log has the reason.'


def _with_full_stop(words: str) -> str:
    """'the uri is empty; give one' -> 'the uri is empty; give one.', unless it ends already."""
    return words if words.endswith(('.', '!', '?')) else f'{words}.'


def alert(message: str) -> str:
    return f'<p class="as-alert" role="alert">{text(message)}</p>'


def note(message: str) -> str:
    return f'<p class="as-note">{text(message)}</p>'


def text(value: Any) -> str:
    """As HTML text or attribute: nothing in it is taken for markup."""
    return html.escape(str(value), quote=True)


def file_name(uri: str | None, tags: dict[str, Any]) -> str:
    """What a clip is called: as it was uploaded, else the last part of its uri."""
    name = tags.get('file') or PurePosixPath((uri or '').split('#')[0]).name
    return str(name) if name else 'unnamed clip'


def label_of(tags: dict[str, Any]) -> str:
    label = tags.get('label')
    return '' if label is None else str(label)


def part(beg_in_ms: float, end_in_ms: float) -> str:
    """'4 – 8 s', or '1:04 – 1:08' from a minute on."""
    if end_in_ms < 60_000:
        return f'{beg_in_ms / 1000:.3g} – {end_in_ms / 1000:.3g} s'
    return f'{clock(beg_in_ms)} – {clock(end_in_ms)}'


def clock(time_in_ms: float) -> str:
    minutes, seconds = divmod(round(time_in_ms / 1000), 60)
    hours, minutes = divmod(minutes, 60)
    return f'{hours}:{minutes:02}:{seconds:02}' if hours else f'{minutes}:{seconds:02}'


def count(number: float, noun: str) -> str:
    return f'{number:,.0f} {noun}{"" if number == 1 else "s"}'
