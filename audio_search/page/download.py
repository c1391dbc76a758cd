"""Hits as a file that the browser saves."""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

from audio_search.clip_answers import MatchAnswer
from audio_search.documents import Match
from audio_search.formats import FORMATS, Rendered, render
from audio_search.page.queries import SearchResult
from audio_search.page.text import text
from audio_search.roots import Roots

TITLES = {name: kind.title for name, kind in FORMATS.items()} | {'json': 'JSON'}
# Programs that open the sounds themselves: the file is saved somewhere else than the sounds are, so
# it has absolute paths.
OPENING_SOUNDS = ('raven', 'm3u')


def buttons_html(event: str, what: str) -> str:
    """A button per format, which has `event`."""
    buttons = ''.join(
        f'<button type="button" data-event="{event}" data-format="{name}" '
        f'aria-label="Download {what} as {title}">{title}</button>'
        for name, title in TITLES.items()
    )
    return f'<div class="as-actions as-save"><span class="as-faint">Download</span>{buttons}</div>'


def hits_of(result: SearchResult) -> dict[str, Any]:
    """The query and the matches that are shown, as /search answers them."""
    matches = [hit_of(match) for match in (*result.matches, *result.judged)]
    return {'uri': result.uri or result.name, 'matches': matches}


def hit_of(match: Match) -> dict[str, Any]:
    answer = MatchAnswer.of(match).model_dump(exclude_unset=True)
    return answer | {'missing': bool(match.missing)}


def link_html(hits: Sequence[Mapping[str, Any]], name: str, roots: Roots) -> str:
    """A link to hits, as /search answers them, in a format, with the file in itself; page.js
    follows it."""
    made = _json(hits) if name == 'json' else _rendered(hits, name, roots)
    encoded = base64.b64encode(made.content).decode()
    href = f'data:{made.media_type.replace(" ", "")};base64,{encoded}'
    return (
        f'<p class="as-note" role="status">Saved as <a download="{text(made.name)}" '
        f'href="{text(href)}">{text(made.name)}</a>.</p>'
    )


def _rendered(hits: Sequence[Mapping[str, Any]], name: str, roots: Roots) -> Rendered:
    (format_,) = (known for known in FORMATS if known == name)
    return render(format_, hits, roots, '/' if name in OPENING_SOUNDS else '')


def _json(hits: Sequence[Mapping[str, Any]]) -> Rendered:
    told = hits[0] if len(hits) == 1 else list(hits)
    content = json.dumps(told, ensure_ascii=False, indent=1).encode()
    return Rendered(content, 'application/json', 'hits.json')
