"""How near each window of the query is to each window of a match, as an HTML table."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audio_search.documents import Match
from audio_search.page.queries import Windows
from audio_search.page.text import FILE_GONE, file_name, note, part, text
from audio_search.paths import audio_path
from audio_search.service.service import AudioService
from audio_search.stretches import Stretch

MAX_WINDOWS = 12  # shown along each axis, around the nearest pair
NEIGHBOURS = 30  # windows of a long clip on either side that are looked at: a minute
MAX_STRETCHES = 120  # of the strip that shows the whole clip
MIN_RANGE = 0.2  # of distances that the colours span; with less, tiny differences would look large
FAINTEST = 0.08  # share of the colour in the farthest cell
DARK_FROM = 0.5  # share from which a cell's number is written in the light colour


@dataclass(frozen=True)
class Neighbourhood:
    """The windows of a clip from number `first` on that are looked at, in a clip that has them all
    in `stretches`. `middle`, a number of the whole clip, is to be in the middle; None for the
    nearest pair."""

    windows: Windows
    stretches: Sequence[Stretch]
    first: int = 0
    middle: int | None = None

    @property
    def count(self) -> int:
        """Of all windows of the clip."""
        return self.stretches[-1].end if self.stretches else 0


async def neighbourhood(
    service: AudioService, query: Windows, id_: str, middle: int | None = None
) -> Neighbourhood:
    """What is to be seen of a stored clip around its window number `middle`, by default around the
    one that is nearest to the query."""
    found = await service.distances(id_, query.embeddings, MAX_STRETCHES)
    if not found:
        return Neighbourhood(Windows.of([]), [])
    near = min(found, key=lambda one: math.inf if one.distance is None else one.distance)
    at = near.nearest if middle is None else min(max(0, middle), found[-1].end - 1)
    first = max(0, at - NEIGHBOURS)
    chunks = await service.chunks(id_, first, at + NEIGHBOURS + 1)
    return Neighbourhood(Windows.of(list(chunks)), found, first, None if middle is None else at)


def heat_map_html(
    query: Windows, match: Match, clip: Neighbourhood, *, is_of_a_sound: bool = True
) -> str:
    """Rows are the query's windows, columns the clip's; a press plays that part of the clip, unless
    its file is gone. Of a longer clip, a strip of the whole leads to its other windows."""
    name = file_name(match.uri, match.tags)
    windows = clip.windows
    if not len(windows.embeddings) or not len(query.embeddings):
        return note(f'{name} is not in the index any more; search again.')
    distances = query.distances(windows)
    row = int(distances.min(1).argmin())
    column = int(distances[row].argmin())
    if clip.middle is not None:
        column = clip.middle - clip.first
    rows = _around(row, distances.shape[0])
    columns = _around(column, distances.shape[1])
    shown = distances[rows.start : rows.stop, columns.start : columns.stop]
    below, beside = np.unravel_index(int(shown.argmin()), shown.shape)
    best = (rows.start + int(below), columns.start + int(beside))
    # Colours go by what is shown: by the whole of a long clip, all that is shown looked the same.
    nearest = float(shown.min())
    spread = max(float(shown.max()) - nearest, MIN_RANGE)
    share = 1 - (1 - FAINTEST) * (distances - nearest) / spread
    head = ''.join(
        f'<th scope="col"{" data-middle" if one == column else ""}>{part(*windows.spans[one])}</th>'
        for one in columns
    )
    body = ''.join(
        f'<tr><th scope="row">{part(*query.spans[row]) if is_of_a_sound else "query"}</th>'
        + ''.join(
            _cell(
                float(distances[row, column]),
                float(share[row, column]),
                (row, column) == best,
                query.spans[row],
                windows.spans[column],
                not match.missing,
            )
            for column in columns
        )
        + '</tr>'
        for row in rows
    )
    listen, player = f'{FILE_GONE} It cannot be played.', ''
    if not match.missing:
        listen = 'Press one to hear that part of the clip.'
        player = f'<audio hidden preload="none" src="{text(audio_path(str(match.id)))}"></audio>'
    cut, strip = '', ''
    if len(rows) < distances.shape[0] or len(columns) < clip.count:
        where = 'the nearest pair' if clip.middle is None else 'that place'
        cut = f' Those around {where} are shown, of {distances.shape[0]} × {clip.count:,}.'
    if len(columns) < clip.count:
        strip = _strip(str(match.id), clip, clip.first + columns.start, clip.first + columns.stop)
    return f"""<section class="as-card as-heat" aria-label="Comparison">
<header><h2>Window by window</h2><span class="as-name">{text(name)}</span>
<button type="button" class="as-button as-back" data-back>Back to the match</button></header>{strip}
<div class="as-scroll"><table data-roving><caption class="as-faint">Rows:
your {'sound' if is_of_a_sound else 'query'}. Columns: {text(name)}.</caption>
<thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table></div>
<p class="as-faint">Cosine distances: the stronger the colour, the nearer. {listen} Arrow keys
move.{cut}</p>{player}</section>"""


def _strip(id_: str, clip: Neighbourhood, start: int, end: int) -> str:
    """The whole clip from left to right, with how near each stretch is; those of which windows
    [start, end) are shown are marked. A press shows the windows around."""
    known = [one.distance for one in clip.stretches if one.distance is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    spread = max(high - low, MIN_RANGE)
    bars = ''.join(
        _bar(id_, one, 1 if one.distance is None else (one.distance - low) / spread, start, end)
        for one in clip.stretches
    )
    turn = ''.join(
        f'<button type="button" data-event="look" data-id="{text(id_)}" data-row="{to}" '
        f'{"" if there else "disabled"}>{name}</button>'
        for name, to, there in (
            ('Earlier', start - MAX_WINDOWS // 2, start > 0),
            ('Later', end + MAX_WINDOWS // 2, end < clip.count),
        )
    )
    return f"""<div class="as-strip" data-roving role="group" aria-label="The whole clip">{bars}
</div><div class="as-actions as-along">{turn}<span class="as-faint">The whole clip: the higher, the
nearer. Press a place to see its windows.</span></div>"""


def _bar(id_: str, stretch: Stretch, farness: float, start: int, end: int) -> str:
    is_shown = stretch.start < end and start < stretch.end
    span = part(stretch.beg_in_ms or 0, stretch.end_in_ms or 0)
    far = 'silent' if stretch.distance is None else f'nearest {stretch.distance:.3f}'
    classes = ' class="as-shown"' if is_shown else ''
    return (
        f'<button type="button"{classes} tabindex="{0 if is_shown else -1}" data-event="look" '
        f'data-id="{text(id_)}" data-row="{stretch.nearest}" style="--far:{farness:.3f}" '
        f'title="{span}: {far}" aria-label="{span}: {far}"></button>'
    )


def _around(best: int, size: int) -> range:
    """At most MAX_WINDOWS of `size` windows, with `best` near their middle."""
    first = max(0, min(best - MAX_WINDOWS // 2, size - MAX_WINDOWS))
    return range(first, min(size, first + MAX_WINDOWS))


def _cell(
    distance: float,
    share: float,
    is_best: bool,
    query: tuple[float, float],
    clip: tuple[float, float],
    is_playable: bool,
) -> str:
    classes = ' '.join(
        name for name, holds in (('as-best', is_best), ('as-dark', share >= DARK_FROM)) if holds
    )
    title = f'{part(*query)} of your sound, {part(*clip)} of the clip: distance {distance:.3f}'
    play = f'data-play="{clip[0] / 1000:g},{clip[1] / 1000:g}" ' if is_playable else ''
    return (
        f'<td><button type="button" class="{classes}" style="--near:{share:.3f}" '
        f'tabindex="{0 if is_best else -1}" {play}'
        f'aria-label="{title}{", the nearest" if is_best else ""}" title="{title}">{distance:.2f}'
        '</button></td>'
    )
