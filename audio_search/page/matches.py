"""The query and its matches, as HTML."""

import base64
from urllib.parse import urlencode

from audio_search.documents import Match
from audio_search.page.colours import Labels
from audio_search.page.queries import Found, Span, audio_path
from audio_search.page.spectrogram import Picture
from audio_search.page.text import clock, count, file_name, label_of, note, part, text

MOST_MARKS = 60  # windows marked below a picture; more would not be told apart
MOST_NAMED_MARKS = 12
EAGER_PLAYERS = 8  # that load their sound's length at once; the others when they are played
SHOWN_TAGS = 4
SHOWN_ELSEWHERE = ('label', 'file')

NOTHING_YET = note('Choose a sound and press Search. What sounds like it appears here.')


def query_html(found: Found) -> str:
    """The query: its name, its player where the page has it, its picture with its windows."""
    windows = count(len(found.windows.spans), 'window')
    player = (
        f'<audio controls preload="metadata" src="{text(found.audio_src)}" '
        f'aria-label="Play {text(found.name)}"></audio>'
        if found.audio_src
        else ''
    )
    picture = (
        _figure(found.picture, found.windows.spans, found.matches)
        if found.picture
        else note('Its file is not there any more, so there is no picture of it.')
    )
    return (
        f'<section class="as-card as-query" aria-label="Your sound"><header>'
        f'<h2>Your sound</h2><span class="as-name">{text(found.name)}</span>'
        f'<span class="as-faint">{windows}</span></header>{player}{picture}</section>'
    )


def matches_html(found: Found, labels: Labels) -> str:
    """The rows, or why there are none."""
    if not found.matches:
        if found.farther:
            nearest = found.farther[0].scores['cosine']
            return note(
                f'No match within that distance: the nearest is {nearest:.3f} away. '
                'Move “Greatest distance” to the right to see it.'
            )
        return note('Nothing in the index fits. Choose other labels, or add clips under “Library”.')
    rows = ''.join(_row(place, match, labels) for place, match in enumerate(found.matches))
    hidden = ''
    if found.farther:
        hidden = note(f'{_heading(len(found.farther))} left out by “Greatest distance”.')
    return (
        f'<h2 class="as-title">{_heading(len(found.matches))} <span class="as-faint">nearest first'
        f'</span></h2><ol class="as-matches">{rows}</ol>{hidden}'
    )


def _heading(matches: int) -> str:
    return '1 match' if matches == 1 else f'{matches} matches'


def _row(place: int, match: Match, labels: Labels) -> str:
    id_, distance = str(match.id), match.scores['cosine']
    name, label = file_name(match.uri, match.tags), label_of(match.tags)
    beg, end = match.beg_in_ms or 0, match.end_in_ms or 0
    query_beg, query_end = match.query_beg_in_ms or 0, match.query_end_in_ms or 0
    beg_s, end_s = beg / 1000, end / 1000
    audio = audio_path(id_)
    picture = f'/ui/spectrogram/{audio.removeprefix("/audio/")}?' + urlencode(
        {'beg_in_ms': beg, 'end_in_ms': end}
    )
    nearness = max(0.0, min(1.0, 1 - distance))
    chosen = '' if place else ' as-chosen'  # the one that is compared first
    preload = 'metadata' if place < EAGER_PLAYERS else 'none'
    return f"""<li class="as-card as-match{chosen}" data-clip="{text(id_)}">
<div class="as-what"><span class="as-place" aria-hidden="true">{place + 1}</span>
{chip(label, labels)}<span class="as-name">{text(name)}</span>{_tags(match)}</div>
<div class="as-sound"><img src="{text(picture)}" loading="lazy" width="320" height="64"
alt="Spectrogram of {text(name)}, {part(beg, end)} marked">
<audio controls preload="{preload}" src="{text(audio)}#t={beg_s:g},{end_s:g}"
aria-label="Play {text(name)} from {beg_s:g} s"></audio></div>
<div class="as-score"><div class="as-bar" aria-hidden="true"><i style="width:{nearness:.1%}"></i>
</div><span><b>{distance:.3f}</b> <span class="as-faint">distance</span></span></div>
<p class="as-parts"><b>{part(query_beg, query_end)}</b> of your sound matched
<b>{part(beg, end)}</b> of this clip.</p>
<div class="as-actions">
<button type="button" data-play="{beg_s:g},{end_s:g}">Play match</button>
<button type="button" data-event="compare" data-id="{text(id_)}"
aria-label="Compare your windows with those of {text(name)}">Compare</button>
<button type="button" data-event="like_this" data-id="{text(id_)}"
aria-label="Search with {text(name)}">Search with this</button></div></li>"""


def chip(label: str, labels: Labels) -> str:
    """The label with its colour."""
    shown = text(label) or 'no label'
    return f'<span class="as-label" style="--c:{labels.colour(label)}">{shown}</span>'


def _tags(match: Match) -> str:
    shown = [(key, value) for key, value in match.tags.items() if key not in SHOWN_ELSEWHERE]
    return ''.join(
        f'<span class="as-tag">{text(key)}: {text(_short(value))}</span>'
        for key, value in shown[:SHOWN_TAGS]
    )


def _short(value: object, most: int = 60) -> str:
    words = str(value)
    return words if len(words) <= most else f'{words[: most - 1]}…'


def _figure(picture: Picture, spans: list[Span], matches: list[Match]) -> str:
    lasts_s = picture.end_s - picture.beg_s
    inside = [
        (number, beg, end)
        for number, (beg, end) in enumerate(spans, 1)
        if beg / 1000 < picture.end_s - 0.005
    ]
    matched = {(match.query_beg_in_ms, match.query_end_in_ms) for match in matches}
    marks = ''.join(
        _mark(number, beg, end, picture, (beg, end) in matched, len(inside) <= MOST_NAMED_MARKS)
        for number, beg, end in inside[:MOST_MARKS]
    )
    ticks = ''.join(
        f'<span style="left:{share:.0%}">{_tick(picture.beg_s + share * lasts_s, lasts_s)}</span>'
        for share in (0, 0.25, 0.5, 0.75, 1)
    )
    encoded = base64.b64encode(picture.png()).decode()
    cut = ''
    if len(inside) < len(spans) or len(inside) > MOST_MARKS:
        shown = min(len(inside), MOST_MARKS)
        cut = f' The first {shown} of {len(spans)} windows are marked.'
    rows = 2 if len(spans) > 1 else 1
    return (
        f'<figure><img src="data:image/png;base64,{encoded}" '
        f'alt="Log-mel spectrogram of your sound, {lasts_s:.1f} s"><div class="as-ticks" '
        f'aria-hidden="true">{ticks}</div><div class="as-marks" style="--rows:{rows}">{marks}</div>'
        f'<figcaption>Time runs to the right, pitch upwards; bright is loud. Below it are the '
        f'windows that were searched with; filled ones found a match.{cut}</figcaption></figure>'
    )


def _mark(number: int, beg: float, end: float, picture: Picture, matched: bool, named: bool) -> str:
    lasts_s = picture.end_s - picture.beg_s
    left = (beg / 1000 - picture.beg_s) / lasts_s
    width = min((end - beg) / 1000 / lasts_s, 1 - left)
    name = f'Window {number}: {part(beg, end)}' + (', found a match' if matched else '')
    return (
        f'<span class="as-mark{" as-matched" if matched else ""}" role="img" title="{name}" '
        f'aria-label="{name}" style="left:{left:.2%};width:{width:.2%};--row:{(number - 1) % 2}">'
        f'{part(beg, end) if named else ""}</span>'
    )


def _tick(time_s: float, lasts_s: float) -> str:
    return clock(time_s * 1000) if lasts_s >= 60 else f'{time_s:.3g} s'
