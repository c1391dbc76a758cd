"""The page's sentences: times, names, and what went wrong."""

import html
import logging
from typing import Any

from audio_search.errors import RequestError
from audio_search.page.colours import LabelColours
from audio_search.service.pipeline import ExecutorDown
from audio_search.titles import file_name as file_name
from audio_search.titles import label_of as label_of

log = logging.getLogger('audio_search')


FILE_GONE = 'The file of this clip is gone.'


class Problem(Exception):
    """What the user did not do, or cannot do; the message is one sentence for them."""


def sentence(error: Exception) -> str:
    """What to tell the user. An error that nobody expected is logged, and not shown."""
    if isinstance(error, Problem):
        return _with_full_stop(str(error))
    if isinstance(error, RequestError):
        return _with_full_stop(error.detail)
    if isinstance(error, ExecutorDown):
        return f'The {error} is down. It is being started again; try again in a few seconds.'
    log.error('the page failed', exc_info=error)
    return 'The service failed at this. Its log has the reason.'


def _with_full_stop(message: str) -> str:
    """'the uri is empty; give one' -> 'the uri is empty; give one.'; a full stop is not doubled."""
    return message if message.endswith(('.', '!', '?')) else f'{message}.'


def alert(message: str) -> str:
    return f'<p class="as-alert" role="alert">{text(message)}</p>'


def note(message: str) -> str:
    return f'<p class="as-note">{text(message)}</p>'


def status(message: str) -> str:
    """A note that screen readers read out when it appears."""
    return f'<p class="as-note" role="status">{text(message)}</p>'


def text(value: Any) -> str:
    """Escape for HTML text and attributes, so that no name or tag is taken for markup."""
    return html.escape(str(value), quote=True)


def part(start_in_ms: float, end_in_ms: float) -> str:
    """'4 – 8 s', or '1:04 – 1:08' from a minute on."""
    if end_in_ms < 60_000:
        return f'{start_in_ms / 1000:.3g} – {end_in_ms / 1000:.3g} s'
    return f'{clock(start_in_ms)} – {clock(end_in_ms)}'


def clock(time_in_ms: float) -> str:
    minutes, seconds = divmod(round(time_in_ms / 1000), 60)
    hours, minutes = divmod(minutes, 60)
    return f'{hours}:{minutes:02}:{seconds:02}' if hours else f'{minutes}:{seconds:02}'


def count(number: float, noun: str) -> str:
    return f'{number:,.0f} {noun}{"" if number == 1 else "s"}'


def chip(label: str, colours: LabelColours) -> str:
    """A label beside a dot of its colour."""
    shown = text(label) or 'no label'
    return f'<span class="as-label" style="--c:{colours.of(label)}">{shown}</span>'
