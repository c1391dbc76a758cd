"""The query and its matches, as HTML."""

import base64
from urllib.parse import urlencode

from audio_search.documents import Match
from audio_search.page.colours import LabelColours
from audio_search.page.download import buttons_html
from audio_search.page.likeness import exact, likeness
from audio_search.page.queries import SearchResult, Span
from audio_search.page.spectrogram import Picture
from audio_search.page.text import (
    FILE_GONE,
    chip,
    clock,
    count,
    file_name,
    label_of,
    note,
    part,
    status,
    text,
)
from audio_search.paths import audio_path
from audio_search.wall_clock import shown

MAX_MARKS = 60  # windows marked below a picture; more could not be told apart
MAX_NAMED_MARKS = 12  # with more, the times do not fit into the marks
EAGER_PLAYERS = 8  # load their sound's length at once; those further down when they are played
MAX_TAGS = 4
SHOWN_ELSEWHERE = ('label', 'file')

NOTHING_YET = note('Choose a sound and press Search. What sounds like it appears here.')
NOTHING_INDEXED = (
    '<p class="as-note">Nothing is indexed yet, so nothing can be found. '
    '<button type="button" class="as-button" data-tab="library">Add sounds in the library</button>'
    '</p>'
)


def query_html(result: SearchResult) -> str:
    """The query: its name, its player where the page has it, its picture with its windows; of
    words, which sounds they name."""
    if result.is_of_words:
        return _words_html(result)
    windows = count(len(result.windows.spans), 'window')
    player = (
        f'<audio controls preload="metadata" src="{text(result.audio_src)}" '
        f'aria-label="Play {text(result.name)}"></audio>'
        if result.audio_src
        else ''
    )
    picture = (
        _figure(result.picture, result.windows.spans, result.matches)
        if result.picture
        else note('Its file is gone or cannot be read any more, so there is no picture of it.')
    )
    return (
        f'<section class="as-card as-query" aria-label="Your sound"><header>'
        f'<h2>Your sound</h2><span class="as-name">{text(result.name)}</span>'
        f'<span class="as-faint">{windows}</span></header>{player}{picture}</section>'
    )


def _words_html(result: SearchResult) -> str:
    said = ', '.join(
        ('not ' if term['sign'] < 0 else '') + ' or '.join(map(text, term['names']))
        for term in result.named
    )
    return (
        '<section class="as-card as-query" aria-label="Your words"><header><h2>Your words</h2>'
        f'<span class="as-name">{text(result.name)}</span></header><p class="as-faint">Searched '
        f'for the sound of: {said}.</p></section>'
    )


def matches_html(result: SearchResult, colours: LabelColours) -> str:
    """The note about the query, if there is one, and the matches, or why there are none."""
    notice = status(result.note) if result.note else ''
    if notice and not result.matches and not result.farther:
        return notice  # a silent sound has no matches, whatever is in the index
    return notice + _list(result, colours)


def _list(result: SearchResult, colours: LabelColours) -> str:
    if not result.matches:
        if result.is_alone:
            return note(
                'The chosen clip is the only one that fits. Untick “Leave out the chosen clip '
                'itself” to see it, or add more clips under “Library”.'
            )
        if result.farther:
            nearest = result.farther[0].scores['cosine']
            return note(
                f'No match within that distance: the nearest is {nearest:.3f} away. '
                'Move “Greatest distance” to the right to see it.'
            )
        if result.asked.filter():
            return note(
                'No clip has what was chosen under “Only these labels” or on the map. Choose other '
                'labels, or search all clips.'
            )
        return NOTHING_INDEXED
    rows = ''.join(
        _row(place, match, colours, result.is_of_words)
        for place, match in enumerate(result.matches)
    )
    hidden = ''
    if result.farther:
        hidden = note(f'{_heading(len(result.farther))} left out by “Greatest distance”.')
    return (
        f'<h2 class="as-title">{_heading(len(result.matches))} <span class="as-faint">nearest first'
        f'</span></h2>{buttons_html()}<ol class="as-matches">{rows}</ol>{hidden}'
    )


def _heading(matches: int) -> str:
    return '1 match' if matches == 1 else f'{matches} matches'


def _row(place: int, match: Match, colours: LabelColours, is_of_words: bool) -> str:
    id_, distance = str(match.id), match.scores['cosine']
    alike = likeness(match, is_of_words=is_of_words)
    name, label = file_name(match.uri, match.tags), label_of(match.tags)
    start, end = match.beg_in_ms or 0, match.end_in_ms or 0
    query_start, query_end = match.query_beg_in_ms or 0, match.query_end_in_ms or 0
    play = f'data-play="{start / 1000:g},{end / 1000:g}"'
    nearness = max(0.0, min(1.0, 1 - distance))
    recorded = f' Recorded at {shown(match.recorded_at)}.' if match.recorded_at else ''
    asked = f'<b>{part(query_start, query_end)}</b> of your sound'
    if is_of_words:
        asked = 'Your words'
    chosen = '' if place else ' as-chosen'  # the one that is compared first
    return f"""<li class="as-card as-match{chosen}" data-clip="{text(id_)}">
<div class="as-what"><span class="as-place" aria-hidden="true">{place + 1}</span>
{chip(label, colours)}<span class="as-name">{text(name)}</span>{_tags(match)}</div>
<div class="as-sound">{_sound(place, id_, name, start, end, bool(match.missing))}</div>
<div class="as-score"><div class="as-bar" aria-hidden="true"><i style="width:{nearness:.1%}"></i>
</div><b class="as-alike" data-alike="{alike}" data-distance="{distance:.3f}"
title="{exact(match)}">{alike}<span class="as-hidden">, {exact(match)}</span></b></div>
<p class="as-parts">{asked} matched
<b>{part(start, end)}</b> of this clip.{recorded}</p>
<div class="as-actions">
<button type="button" {'disabled' if match.missing else play}>Play match</button>
<button type="button" data-event="compare" data-id="{text(id_)}"
aria-label="Compare your windows with those of {text(name)}">Compare</button>
<button type="button" data-like="{text(id_)}" data-name="{text(name)}"
aria-label="Search with {text(name)}">Search with this</button>
<button type="button" data-event="find_inside" data-id="{text(id_)}"
aria-label="Find your sound inside {text(name)}">Find inside</button></div></li>"""


def _sound(place: int, id_: str, name: str, start: float, end: float, is_missing: bool) -> str:
    """The picture and the player of a match, from `start` to `end` (ms)."""
    if is_missing:
        return f'<p class="as-gone">{FILE_GONE} It is still found, but cannot be played.</p>'
    audio = audio_path(id_)
    start_s, end_s = start / 1000, end / 1000
    times = urlencode({'beg_in_ms': start, 'end_in_ms': end})
    picture = f'/ui/spectrogram/{audio.removeprefix("/audio/")}?{times}'
    preload = 'metadata' if place < EAGER_PLAYERS else 'none'
    return f"""<img src="{text(picture)}" loading="lazy" width="320" height="64"
alt="Spectrogram of {text(name)}, {part(start, end)} marked">
<audio controls preload="{preload}" src="{text(audio)}#t={start_s:g},{end_s:g}"
aria-label="Play {text(name)} from {start_s:g} s"></audio>"""


def _tags(match: Match) -> str:
    shown = [(key, value) for key, value in match.tags.items() if key not in SHOWN_ELSEWHERE]
    return ''.join(
        f'<span class="as-tag">{text(key)}: {text(_short(value))}</span>'
        for key, value in shown[:MAX_TAGS]
    )


def _short(value: object, max_length: int = 60) -> str:
    shown = str(value)
    return shown if len(shown) <= max_length else f'{shown[: max_length - 1]}…'


def _figure(picture: Picture, spans: list[Span], matches: list[Match]) -> str:
    lasts_s = picture.end_s - picture.beg_s
    inside = [
        (number, start, end)
        for number, (start, end) in enumerate(spans, 1)
        if start / 1000 < picture.end_s - 0.005
    ]
    matched = {(match.query_beg_in_ms, match.query_end_in_ms) for match in matches}
    marks = ''.join(
        _mark(number, start, end, picture, (start, end) in matched, len(inside) <= MAX_NAMED_MARKS)
        for number, start, end in inside[:MAX_MARKS]
    )
    ticks = ''.join(
        f'<span style="left:{share:.0%}">{_tick(picture.beg_s + share * lasts_s, lasts_s)}</span>'
        for share in (0, 0.25, 0.5, 0.75, 1)
    )
    encoded = base64.b64encode(picture.png()).decode()
    cut = ''
    if len(inside) < len(spans) or len(inside) > MAX_MARKS:
        shown = min(len(inside), MAX_MARKS)
        cut = f' The first {shown} of {len(spans)} windows are marked.'
    rows = 2 if len(spans) > 1 else 1
    return (
        f'<figure><img src="data:image/png;base64,{encoded}" '
        f'alt="Log-mel spectrogram of your sound, {lasts_s:.1f} s"><div class="as-ticks" '
        f'aria-hidden="true">{ticks}</div><div class="as-marks" style="--rows:{rows}">{marks}</div>'
        f'<figcaption>Time runs to the right, pitch upwards; bright is loud. Below it are the '
        f'windows that were searched with; filled ones found a match.{cut}</figcaption></figure>'
    )


def _mark(
    number: int, start: float, end: float, picture: Picture, is_matched: bool, is_named: bool
) -> str:
    """Where a window (`start` to `end`, ms) lies below the picture."""
    lasts_s = picture.end_s - picture.beg_s
    left = (start / 1000 - picture.beg_s) / lasts_s
    width = min((end - start) / 1000 / lasts_s, 1 - left)
    name = f'Window {number}: {part(start, end)}' + (', found a match' if is_matched else '')
    return (
        f'<span class="as-mark{" as-matched" if is_matched else ""}" role="img" title="{name}" '
        f'aria-label="{name}" style="left:{left:.2%};width:{width:.2%};--row:{(number - 1) % 2}">'
        f'{part(start, end) if is_named else ""}</span>'
    )


def _tick(time_s: float, lasts_s: float) -> str:
    return clock(time_s * 1000) if lasts_s >= 60 else f'{time_s:.3g} s'
