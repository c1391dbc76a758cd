"""The matches as a file that the browser saves."""

import base64
import json
from typing import Any

from audio_search.clip_answers import MatchAnswer
from audio_search.formats import FORMATS, Rendered, render
from audio_search.page.queries import SearchResult
from audio_search.page.text import text
from audio_search.roots import Roots

TITLES = {name: kind.title for name, kind in FORMATS.items()} | {'json': 'JSON'}
# Programs that open the sounds themselves: the file is saved somewhere else than the sounds are, so
# it has absolute paths.
OPENING_SOUNDS = ('raven', 'm3u')


def buttons_html() -> str:
    """A button per format."""
    buttons = ''.join(
        f'<button type="button" data-event="save_hits" data-format="{name}" '
        f'aria-label="Download the matches as {title}">{title}</button>'
        for name, title in TITLES.items()
    )
    return f'<div class="as-actions as-save"><span class="as-faint">Download</span>{buttons}</div>'


def link_html(result: SearchResult, name: str, roots: Roots) -> str:
    """A link to the matches in a format, with the file in itself; page.js follows it."""
    made = _json(result) if name == 'json' else _rendered(result, name, roots)
    encoded = base64.b64encode(made.content).decode()
    href = f'data:{made.media_type.replace(" ", "")};base64,{encoded}'
    return (
        f'<p class="as-note" role="status">Saved as <a download="{text(made.name)}" '
        f'href="{text(href)}">{text(made.name)}</a>.</p>'
    )


def _rendered(result: SearchResult, name: str, roots: Roots) -> Rendered:
    (format_,) = (known for known in FORMATS if known == name)
    return render(format_, [_query(result)], roots, '/' if name in OPENING_SOUNDS else '')


def _json(result: SearchResult) -> Rendered:
    content = json.dumps(_query(result), ensure_ascii=False, indent=1).encode()
    return Rendered(content, 'application/json', 'hits.json')


def _query(result: SearchResult) -> dict[str, Any]:
    """The query and the matches that are shown, as /search answers them."""
    matches = [
        MatchAnswer.of(match).model_dump(exclude_unset=True) | {'missing': bool(match.missing)}
        for match in result.matches
    ]
    return {'uri': result.uri or result.name, 'matches': matches}
