"""Changes to many clips of the library at once."""

from collections.abc import AsyncIterator

from audio_search.errors import Kind, RequestError
from audio_search.page.listed import Chosen
from audio_search.page.text import Problem
from audio_search.service.requests import ClipRequest
from audio_search.service.service import AudioService
from audio_search.service.views import ListedClip

BATCH_CLIPS = 1000


async def delete(service: AudioService, chosen: Chosen) -> int:
    """Delete clips; how many there were. Raises Problem, and what the service raises."""
    if chosen.listed:
        fits = chosen.listed.filter()
        if fits is None:
            gone = (await service.status()).clips
            await service.clear()
            return gone
        return sum(not clip.error for clip in await service.delete(filter=fits))
    gone = 0
    for first in range(0, len(chosen.ids), BATCH_CLIPS):
        try:
            clips = await service.delete(ids=chosen.ids[first : first + BATCH_CLIPS])
        except RequestError as error:
            if error.kind is not Kind.MISSING:  # all of them were deleted meanwhile
                raise
            continue
        gone += sum(not clip.error for clip in clips)
    return gone


async def relabel(service: AudioService, chosen: Chosen) -> int:
    """Give clips the chosen label in the place of theirs, or none; how many were changed."""
    changed = 0
    async for clips in _clips(service, chosen):
        requests = []
        for clip in clips:
            tags = {key: value for key, value in clip.tags.items() if key != 'label'}
            if chosen.label:
                tags = {'label': chosen.label} | tags
            requests.append(ClipRequest(id=clip.id, tags=tags))
        changed += sum(not clip.error for clip in await service.update(requests))
    if not changed:
        raise Problem('None of these clips is in the index any more')
    return changed


async def _clips(service: AudioService, chosen: Chosen) -> AsyncIterator[list[ListedClip]]:
    """The clips, a batch at a time. All are found before the first is changed: those that a filter
    finds may be others afterwards."""
    if chosen.listed:
        fits = chosen.listed.filter()
        found: list[ListedClip] = []
        while True:
            page = await service.clips(len(found), BATCH_CLIPS, filter=fits)
            found += page.clips
            if not page.clips or len(found) >= page.total:
                break
        for first in range(0, len(found), BATCH_CLIPS):
            yield found[first : first + BATCH_CLIPS]
        return
    for first in range(0, len(chosen.ids), BATCH_CLIPS):
        ids = list(chosen.ids[first : first + BATCH_CLIPS])
        page = await service.clips(0, len(ids), filter={'$id': {'$in': ids}})
        if page.clips:
            yield page.clips
