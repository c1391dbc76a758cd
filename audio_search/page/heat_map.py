"""How near each window of the query is to each window of a match, as an HTML table."""

import numpy as np

from audio_search.documents import Match
from audio_search.page.queries import Windows
from audio_search.page.text import FILE_GONE, file_name, note, part, text
from audio_search.paths import audio_path

MAX_WINDOWS = 12  # shown along each axis, around the nearest pair
MIN_RANGE = 0.2  # of distances that the colours span; with less, tiny differences would look large
FAINTEST = 0.08  # share of the colour in the farthest cell
DARK_FROM = 0.5  # share from which a cell's number is written in the light colour


def heat_map_html(query: Windows, match: Match, clip: Windows) -> str:
    """Rows are the query's windows, columns the clip's; a press plays that part of the clip, unless
    its file is gone."""
    name = file_name(match.uri, match.tags)
    if not len(clip.embeddings) or not len(query.embeddings):
        return note(f'{name} is not in the index any more; search again.')
    distances = query.distances(clip)
    best = np.unravel_index(int(np.argmin(distances)), distances.shape)
    rows, columns = (_around(int(at), size) for at, size in zip(best, distances.shape, strict=True))
    shown = distances[rows.start : rows.stop, columns.start : columns.stop]
    nearest, spread = shown.min(), max(np.ptp(shown), MIN_RANGE)
    share = 1 - (1 - FAINTEST) * (distances - nearest) / spread
    head = ''.join(f'<th scope="col">{part(*clip.spans[column])}</th>' for column in columns)
    body = ''.join(
        f'<tr><th scope="row">{part(*query.spans[row])}</th>'
        + ''.join(
            _cell(
                float(distances[row, column]),
                float(share[row, column]),
                (row, column) == best,
                query.spans[row],
                clip.spans[column],
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
    cut = ''
    if len(rows) < distances.shape[0] or len(columns) < distances.shape[1]:
        cut = ' Those around the nearest pair are shown, of {} × {}.'.format(*distances.shape)
    return f"""<section class="as-card as-heat" aria-label="Comparison">
<header><h2>Window by window</h2><span class="as-name">{text(name)}</span></header>
<div class="as-scroll"><table data-roving><caption class="as-faint">Rows: your sound. Columns:
{text(name)}.</caption><thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table></div>
<p class="as-faint">Cosine distances: the stronger the colour, the nearer. {listen} Arrow keys
move.{cut}</p>{player}</section>"""


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
