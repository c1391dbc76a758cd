"""The query, as HTML: a sound with its windows, words, or several examples."""

import base64
import json
from collections.abc import Sequence

from audio_search.documents import Match
from audio_search.page.asked import Example
from audio_search.page.queries import SearchResult, Span
from audio_search.page.spectrogram import Picture
from audio_search.page.text import clock, count, note, part, text
from audio_search.paths import audio_path

MAX_MARKS = 60  # windows marked below a picture; more could not be told apart
MAX_NAMED_MARKS = 12  # with more, the times do not fit into the marks
MAX_EXAMPLES = 12  # shown with a player


def query_html(result: SearchResult) -> str:
    """The query: its name, its player where the page has it, its picture with its windows; of
    words, which sounds they name; of several examples, which they are."""
    if result.asked.single is None:
        return _examples_html(result)
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
    own = result.asked.single
    add = ''
    if own and own.kind == 'own':
        sent = json.dumps({'like': [{'kind': 'own', 'value': own.value, 'name': own.name}]})
        add = (
            f'<button type="button" class="as-button" data-own="{text(sent)}">Add this sound to '
            'the library</button>'
        )
    return (
        f'<section class="as-card as-query" aria-label="Your sound"><header>'
        f'<h2>Your sound</h2><span class="as-name">{text(result.name)}</span>'
        f'<span class="as-faint">{windows}</span>{add}</header>{player}{picture}</section>'
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


def _examples_html(result: SearchResult) -> str:
    asked = result.asked
    like, unlike = _examples(asked.like), _examples(asked.unlike)
    judged = ''
    if asked.judged:
        judged = f' {len(asked.right)} judged right and {len(asked.wrong)} judged wrong count too.'
    but = f'<p class="as-faint">and unlike</p><ul class="as-examples">{unlike}</ul>'
    return (
        '<section class="as-card as-query" aria-label="Your examples"><header>'
        f'<h2>Your examples</h2><span class="as-name as-hidden">{text(result.name)}</span></header>'
        f'<ul class="as-examples">{like}</ul>{but if unlike else ""}<p class="as-faint">One query '
        f'was fitted to them.{judged}</p></section>'
    )


def _examples(examples: Sequence[Example]) -> str:
    rows = ''.join(
        f'<li><span>{text(one.name or one.value)}</span>{_player(one)}</li>'
        for one in examples[:MAX_EXAMPLES]
    )
    more = len(examples) - MAX_EXAMPLES
    return rows + (f'<li class="as-faint">and {more} more</li>' if more > 0 else '')


def _player(example: Example) -> str:
    if example.kind != 'id':
        return ''
    part = example.value[len(example.clip_id) :]  # as a media fragment
    return (
        f'<audio controls preload="none" src="{text(audio_path(example.clip_id) + part)}" '
        f'aria-label="Play {text(example.name)}"></audio>'
    )


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
