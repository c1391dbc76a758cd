"""Stored clips as they are listed, and which of their files are gone."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from audio_search.audio import sources
from audio_search.documents import AudioClip
from audio_search.roots import Roots
from audio_search.service.views import ClipsPage, ListedClip
from audio_search.wall_clock import TAG, recorded_at, with_times

SCAN_CLIPS = 1000  # whose files are looked at at once


def is_missing(uri: str | None, roots: Roots) -> bool:
    """Whether there is no file that the service may read."""
    try:
        sources.resolve(uri or '', roots)
    except sources.MediaError:
        return True
    return False


def mark_missing(clips: Iterable[AudioClip], roots: Roots) -> None:
    """Say of each match whose sound came from a file whether that is gone."""
    for clip in clips:
        for match in clip.matches:
            if match.has_file and is_missing(match.uri, roots):
                match.missing = True


def mark_times(clips: Iterable[AudioClip]) -> None:
    """Say of each match and each event when it was recorded, where that is known."""
    for clip in clips:
        for match in clip.matches:
            match.recorded_at = recorded_at(match.uri, match.tags, match.beg_in_ms)
        if clip.events:
            starts = {one['id']: one.get(TAG) for one in clip.recordings or ()}
            clip.events = [
                timed
                for event in clip.events
                for timed in with_times([event], event['uri'], {TAG: starts.get(event['id'])})
            ]


def listed(found: Sequence[dict[str, Any]], roots: Roots) -> list[ListedClip]:
    """Clips as the indexer lists them, with what the disk says of their files."""
    return [
        ListedClip(
            id=clip['id'],
            uri=clip['uri'],
            tags=clip['tags'],
            chunk_count=clip['chunk_count'],
            missing=clip['has_file'] and is_missing(clip['uri'], roots),
            words=[(word['name'], word['probability']) for word in clip.get('words', ())],
        )
        for clip in found
    ]


async def scan(
    read: Callable[[int, int], Awaitable[ClipsPage]], offset: int, limit: int, missing: bool
) -> ClipsPage:
    """A page of the clips whose file is gone, or is there.

    Only the disk knows which those are, so `read(offset, limit)` is asked for all clips.
    """
    clips: list[ListedClip] = []
    total = start = 0
    while True:
        page = await read(start, SCAN_CLIPS)
        for clip in page.clips:
            if clip.missing == missing:
                if offset <= total < offset + limit:
                    clips.append(clip)
                total += 1
        start += SCAN_CLIPS
        if start >= page.total:
            return ClipsPage(clips, total)
