"""A map of the indexed clips: those that sound alike lie close together."""

from collections import Counter

import numpy as np

from audio_search.page.colours import LabelColours
from audio_search.page.text import count, file_name, label_of, note, text
from audio_search.paths import audio_path
from audio_search.service.views import ListedClip

MAX_LEGEND_LABELS = 24
MARGIN = 0.04  # share of each side that stays empty, so that no dot is cut

EMPTY = note('Nothing is indexed yet. Add clips under “Library”, and each becomes a dot here.')


def map_html(clips: list[ListedClip], total: int, colours: LabelColours) -> str:
    """One dot per clip that has a `point`, a legend, and a player for the chosen dot."""
    placed = [clip for clip in clips if clip.point]
    if not placed:
        return EMPTY
    places = _spread(np.array([clip.point for clip in placed], float))
    dots = ''.join(
        _dot(clip, place, colours, first=number == 0)
        for number, (clip, place) in enumerate(zip(placed, places, strict=True))
    )
    counted = Counter(label_of(clip.tags) for clip in placed)
    legend = ''.join(
        f'<button type="button" aria-pressed="false" data-legend="{text(label)}" '
        f'style="--c:{colours.of(label)}">{text(label) or "no label"} <span>{number}</span>'
        '</button>'
        for label, number in sorted(counted.items())[:MAX_LEGEND_LABELS]
    )
    cut = '' if len(placed) >= total else f' {len(placed):,} of {count(total, "clip")} are shown.'
    return f"""<section class="as-map" aria-label="Map of the indexed clips">
<p class="as-faint">Each dot is a clip; clips that sound alike lie close together. Press one to
listen; with the keyboard, arrow keys move and Enter plays.{cut}</p>
<div class="as-legend" role="group" aria-label="Show one label">{legend}</div>
<div class="as-plane" role="group" aria-label="Clips" data-roving>{dots}</div>
<div class="as-card as-listen" aria-live="polite"><span class="as-heard">Press a dot to listen.
</span><audio controls preload="none" aria-label="Play the chosen clip" hidden></audio>
<button type="button" data-event="like_this" hidden>Search with this</button></div></section>"""


def _spread(points: np.ndarray) -> np.ndarray:
    """[clips, 2] in any unit -> [clips, 2] as shares of the map's sides, within its margins.

    Large distances from the middle are compressed like a logarithm (arcsinh): otherwise a few
    outliers would press all other clips into one spot.
    """
    from_middle = points - np.median(points, axis=0)
    usual = np.median(np.abs(from_middle), axis=0)
    points = np.arcsinh(from_middle / np.where(usual > 0, usual, 1))
    lowest, highest = points.min(axis=0), points.max(axis=0)
    sides = np.where(highest > lowest, highest - lowest, 1)
    shares = np.where(highest > lowest, (points - lowest) / sides, 0.5)
    return MARGIN + shares * (1 - 2 * MARGIN)


def _dot(clip: ListedClip, place: np.ndarray, colours: LabelColours, first: bool) -> str:
    name, label = file_name(clip.uri, clip.tags), label_of(clip.tags)
    title = f'{name}, {label or "no label"}' + (', its file is gone' if clip.missing else '')
    src = '' if clip.missing else audio_path(clip.id)
    return (
        f'<button type="button" class="as-dot" style="left:{place[0]:.2%};top:{1 - place[1]:.2%};'
        f'--c:{colours.of(label)}" tabindex="{0 if first else -1}" title="{text(title)}" '
        f'aria-label="{text(title)}" data-id="{text(clip.id)}" data-label="{text(label)}" '
        f'data-src="{text(src)}"></button>'
    )
