"""Where a sound occurs inside a recording, as the page shows it."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from audio_search.formats.timeline import recording_html, recordings_of
from audio_search.page.queries import SearchResult, find_inside
from audio_search.page.text import Problem, note, part, status, text
from audio_search.paths import audio_path
from audio_search.roots import Roots
from audio_search.service.listing import is_missing
from audio_search.service.service import AudioService
from audio_search.service.within import MAX_REFINED

MAX_ROWS = 200  # of the table; the picture has all places

WHOLE_WINDOWS = (
    'The index keeps one vector of each window, so whole windows were compared: short sounds are '
    'found less well, and their times are coarse.'
)

REFINED = (
    'Begin and end are told from the sound itself, where a place stands out of what is around it.'
)


async def inside_html(
    service: AudioService, result: SearchResult, id_: str, *, refine: bool = False
) -> str:
    """The timeline of a recording, with the places where the sound of a search occurs; `refine`
    reads the sound around each again, see service.refinement.

    A sound of several windows counts as a whole. Where that occurs nowhere, the window of it that
    matched this recording is looked for alone. Raises Problem, and what the service raises.
    """
    sound = result.asked.single
    if sound is None or not result.is_of_a_sound:
        raise Problem('Search with one sound; then it can be found inside a recording')
    answer = await find_inside(service, sound, id_, refine=refine)
    notes = ''
    matched = next((match for match in result.matches if match.id == id_), None)
    if matched and not answer['events'] and len(result.windows.spans) > 1:
        span = float(matched.query_beg_in_ms or 0), float(matched.query_end_in_ms or 0)
        answer = await find_inside(service, sound, id_, span, refine=refine)
        notes = note(
            f'Your sound as a whole occurs nowhere in it. Looked for was its part {part(*span)}, '
            'which matched.'
        )
    if refine and not answer['note']:
        notes += status(REFINED)
    can_refine = not refine and 0 < len(answer['events']) <= MAX_REFINED
    action = _refine(id_) if can_refine and answer['compared'] == 'example' else ''
    return await asyncio.to_thread(_html, answer, result.name, notes, action, service.roots)


def _refine(id_: str) -> str:
    return (
        '<div class="as-actions"><button type="button" data-event="refine_inside" '
        f'data-id="{text(id_)}">Tell begin and end more exactly</button></div>'
    )


def _html(answer: Mapping[str, Any], name: str, notes: str, action: str, roots: Roots) -> str:
    def sources(recording_id: str, uri: str | None) -> Sequence[str]:
        return () if is_missing(uri, roots) else (audio_path(recording_id),)

    if answer['note']:
        notes += status(answer['note'])
    if answer['compared'] == 'window':
        notes += note(WHOLE_WINDOWS)
    bodies = ''.join(recording_html(one, MAX_ROWS) for one in recordings_of(answer, sources))
    return f'<h2 class="as-title">Where {text(name)} occurs</h2>{notes}{action}{bodies}'
