"""Hits of several searches that are kept on the page, to be downloaded together."""

from dataclasses import dataclass
from typing import Any

from audio_search.documents import Match
from audio_search.page.download import buttons_html, hit_of
from audio_search.page.queries import SearchResult
from audio_search.page.text import count, file_name, part, text

MAX_KEPT = 1000


@dataclass(frozen=True)
class Kept:
    """A match, and the uri or the name of what was searched with."""

    query: str
    match: Match

    @property
    def place(self) -> tuple[str, int | None]:
        return str(self.match.id), self.match.beg_in_ms


def kept_with(kept: list[Kept], result: SearchResult, id_: str) -> list[Kept]:
    """The tray with a match of a search too, the last in it; a part of a clip is in it once."""
    found = [match for match in (*result.matches, *result.judged) if match.id == id_]
    new = [Kept(result.uri or result.name, match) for match in found[:1]]
    places = {one.place for one in new}
    return [*(one for one in kept if one.place not in places), *new][-MAX_KEPT:]


def hits_of_tray(kept: list[Kept]) -> list[dict[str, Any]]:
    """As /search answers them, those of one query together."""
    queries: dict[str, list[dict[str, Any]]] = {}
    for one in kept:
        queries.setdefault(one.query, []).append(hit_of(one.match))
    return [{'uri': query, 'matches': matches} for query, matches in queries.items()]


def tray_html(kept: list[Kept]) -> str:
    """Nothing as long as nothing is kept."""
    if not kept:
        return ''
    rows = ''.join(_row(number, one) for number, one in enumerate(kept))
    return (
        f'<section class="as-card as-tray" aria-label="Tray"><header><h2>Tray</h2>'
        f'<span class="as-faint" role="status">{count(len(kept), "hit")} kept</span></header>'
        f'<ul>{rows}</ul>{buttons_html("save_tray", "the tray")}'
        '<button type="button" class="as-button" data-event="empty_tray">Empty it</button>'
        '</section>'
    )


def _row(number: int, kept: Kept) -> str:
    match = kept.match
    name = text(file_name(match.uri, match.tags))
    heard = part(match.beg_in_ms or 0, match.end_in_ms or 0)
    return (
        f'<li><span>{name} <span class="as-faint">{heard}</span></span><button type="button" '
        f'class="as-icon" data-event="drop_kept" data-number="{number}" '
        f'aria-label="Take {name} out of the tray">×</button></li>'
    )
