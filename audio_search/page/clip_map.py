"""The map of all indexed clips: its frame on the page, and its dots as the browser reads them.

What draws them is clip_map.js. 250,000 dots travel as arrays of 16 bits; names and ids are asked
for only where they are shown.
"""

import asyncio
import gzip
from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from fastapi import FastAPI
from fastapi.responses import Response
from pydantic import BaseModel, Field

from audio_search.clip_map.columns import Column
from audio_search.clip_map.kept import Kept
from audio_search.clip_map.running import LayoutFailed
from audio_search.page.colours import COLOURS, NO_LABEL, LabelColours
from audio_search.page.text import note, sentence
from audio_search.paths import PAGE, audio_path
from audio_search.service.clip_map import ClipMap, Progress, View
from audio_search.store.filters import MAX_VALUES

TITLES = {'label': 'label', 'folder': 'folder', 'date': 'date', 'word': 'first word of its name'}
MAX_NAMED = 500  # clips per question for names
MAX_AMONG = MAX_VALUES  # clips that a search can be limited to
STEPS = 65535  # of 16 bits
EMPTY = note('Nothing is indexed yet. Add clips under “Library”, and each becomes a dot here.')
LAYOUT_FAILED = (
    'The map could not be laid out. The log of the service has the reason; until then its dots lie '
    'by their two main differences.'
)

MAP_HTML = f"""<section class="as-map" aria-label="Map of the indexed clips">
<div class="as-map-empty" hidden>{EMPTY}</div>
<div class="as-map-parts">
<div class="as-map-left">
<p class="as-faint">Each dot is a clip. Nearness is only a hint of how alike two clips sound: to be
sure, search with one.</p>
<div class="as-map-tools" role="toolbar" aria-label="Map">
<label>Colour by <select class="as-by">{
    ''.join(f'<option value="{name}">{title}</option>' for name, title in TITLES.items())
}</select></label>
<button type="button" data-map="in" aria-label="Zoom in">+</button>
<button type="button" data-map="out" aria-label="Zoom out">−</button>
<button type="button" data-map="fit">Show all</button>
<button type="button" data-map="lasso" aria-pressed="false">Select an area</button>
<button type="button" data-map="rebuild">Lay out anew</button></div>
<div class="as-plane"><canvas tabindex="0" role="application"
aria-label="Map. Arrow keys go from dot to dot, Enter plays, plus and minus zoom, Shift and arrow
keys move the map, Escape ends a selection." aria-describedby="as-map-now"></canvas>
<div class="as-tip" hidden></div></div>
<p class="as-faint as-map-state" role="status"></p></div>
<div class="as-map-right">
<div class="as-card as-listen" aria-live="polite"><span class="as-heard" id="as-map-now">Press a dot
to listen.</span><audio controls preload="none" aria-label="Play the chosen clip" hidden></audio>
<p class="as-gone" hidden>The file of this clip is gone.</p>
<button type="button" data-like hidden>Search with this</button></div>
<div class="as-card as-picked" data-max="{MAX_AMONG}" hidden><header><h2></h2>
<button type="button" data-among>Search only among these</button>
<button type="button" data-map="unpick">End the selection</button></header>
<p class="as-faint as-too-many" hidden>More than {MAX_AMONG:,} cannot be searched by themselves.</p>
<ul></ul>
<button type="button" data-map="more" hidden>Show more</button></div>
<div class="as-card as-legend-box"><input type="search" class="as-legend-search"
placeholder="Find in the legend" aria-label="Find in the legend">
<div class="as-legend" role="group" aria-label="Show only some"></div>
<p class="as-faint as-legend-more"></p></div></div></div></section>"""


class Chosen(BaseModel):
    """Dots by their numbers, on the map of a `version`."""

    version: str = Field(max_length=100)
    numbers: Annotated[list[int], Field(max_length=MAX_NAMED)]


def add_map(app: FastAPI, clip_map: ClipMap, colours: LabelColours) -> None:
    """The routes that clip_map.js asks."""
    packed: dict[str, bytes] = {}  # the dots of the latest map

    @app.get(f'{PAGE}/map/state', include_in_schema=False)
    async def state() -> dict[str, Any]:
        """What the map is of, and what is being done for it."""
        return state_of(await clip_map.view(), colours)

    @app.get(f'{PAGE}/map/dots', include_in_schema=False)
    async def dots() -> Response:
        """All dots, see `dots_of`; the header says of which map."""
        view = await clip_map.view()
        if view.version not in packed:
            content = dots_of(view.kept) if view.kept else b''
            compressed = await asyncio.to_thread(gzip.compress, content, 1)
            packed.clear()
            packed[view.version] = compressed
        return Response(
            packed[view.version],
            media_type='application/octet-stream',
            headers={
                'Content-Encoding': 'gzip',
                'X-Map-Version': view.version,
                'Cache-Control': 'no-store',
            },
        )

    @app.post(f'{PAGE}/map/clips', include_in_schema=False)
    async def clips(chosen: Chosen) -> dict[str, Any]:
        """Names and ids of some dots; `clips` is null where the map is another one now."""
        found = clip_map.named(chosen.version, chosen.numbers)
        if found is None:
            return {'clips': None}
        return {
            'clips': [
                {'id': id_, 'name': name, 'number': number, 'src': audio_path(id_)}
                for id_, name, number in found
            ]
        }

    @app.post(f'{PAGE}/map/rebuild', include_in_schema=False)
    async def rebuild() -> dict[str, Any]:
        """Lay the map out anew."""
        clip_map.rebuild()
        return {}


def state_of(view: View, colours: LabelColours) -> dict[str, Any]:
    """The map without its dots, as JSON. Each value of a column has its text, how many clips have
    it, and the number that gives its colour and shape: -1 is grey."""
    kept = view.kept
    told: dict[str, Any] = {
        'version': view.version,
        'total': None,
        'doing': _doing(view.progress),
        'problem': _problem(view.problem),
        'colours': COLOURS,
        'grey': NO_LABEL,
    }
    if kept is None:
        return told
    laid_out = int(kept.laid_out.sum())
    columns = [
        {
            'name': name,
            'is_ordered': name == 'date',
            'values': _values(name, kept.listed.columns[name], colours),
        }
        for name in TITLES
    ]
    return told | {
        'total': len(kept.points),
        'laid_out': laid_out,
        'placed': len(kept.points) - laid_out if laid_out else 0,
        'columns': columns,
    }


def dots_of(kept: Kept) -> bytes:
    """Little-endian uint16: x of all dots, y of all, and of each column in the order of TITLES the
    numbers of their values. x grows to the right and y downwards, from 0 to 65535, in one scale."""
    places = spread(kept.points, is_plane=not kept.is_laid_out) * STEPS
    columns = [kept.listed.columns[name].codes for name in TITLES]
    arrays = [places[:, 0], places[:, 1], *columns]
    return b''.join(np.asarray(array).astype('<u2').tobytes() for array in arrays)


def spread(points: np.ndarray, is_plane: bool) -> np.ndarray:
    """[clips, 2] in any unit -> [clips, 2] in [0, 1], y downwards.

    On a plane of principal components large distances from the middle are compressed like a
    logarithm (arcsinh): otherwise a few outliers would press all other clips into one spot.
    """
    if not len(points):
        return points
    points = points - np.median(points, axis=0)
    if is_plane:
        usual = np.median(np.abs(points), axis=0)
        points = np.arcsinh(points / np.where(usual > 0, usual, 1))
    lowest, highest = points.min(axis=0), points.max(axis=0)
    side = float((highest - lowest).max()) or 1.0
    shares = (points - (lowest + highest) / 2) / side + 0.5
    shares[:, 1] = 1 - shares[:, 1]
    return np.clip(shares, 0, 1)


def _values(name: str, column: Column, colours: LabelColours) -> list[list[Any]]:
    counts = np.bincount(column.codes, minlength=len(column.values)).tolist()
    places: Sequence[int] = range(len(column.values))
    if name == 'label':
        places = [colours.number(value) if value else -1 for value in column.values]
    return [
        [value, count, place if value else -1]
        for value, count, place in zip(column.values, counts, places, strict=True)
    ]


def _doing(progress: Progress | None) -> str | None:
    if progress is None:
        return None
    what = 'Reading the clips' if progress.stage == 'reading' else 'Laying out the map'
    return f'{what}: {progress.share:.0%} done.'


def _problem(problem: Exception | None) -> str | None:
    if isinstance(problem, LayoutFailed | OSError):
        return LAYOUT_FAILED
    return sentence(problem) if problem else None
