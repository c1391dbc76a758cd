"""What is indexed: listed, added to and removed from."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from audio_search import toy_data
from audio_search.documents import AudioClip
from audio_search.page.colours import Labels
from audio_search.page.matches import chip
from audio_search.page.queries import Sound, audio_path, receive
from audio_search.page.text import count, file_name, label_of, note, text
from audio_search.service.requests import ClipRequest
from audio_search.service.service import AudioService
from audio_search.service.views import ListedClip

T = TypeVar('T')

PAGE_CLIPS = 20
MOST_KNOWN = 2000  # clips that are offered for choice and drawn on the map
BATCH_FILES = 4  # indexed at once, so that the bar moves

EMPTY = note('Nothing is indexed yet. Add your own files above, or the toy clips to try it out.')


@dataclass(frozen=True)
class IndexView:
    """What the page knows of the index: its first clips, how many there are, and the toy clips
    (uris) that are not among them."""

    clips: list[ListedClip] = field(default_factory=list)
    total: int = 0
    toys: list[str] = field(default_factory=list)

    def labels(self) -> list[str]:
        return sorted({label for clip in self.clips if (label := label_of(clip.tags))})

    def choices(self) -> list[tuple[str, str]]:
        """(what is shown, its key) of all that can be searched with."""
        indexed = [(_title(clip.uri, clip.tags), Sound(id=clip.id).key) for clip in self.clips]
        toys = [
            (f'{_title(uri, toy_data.tags(uri))} (not indexed)', Sound(uri=uri).key)
            for uri in self.toys
        ]
        return [*indexed, *toys]


async def read_index(service: AudioService) -> IndexView:
    """Look at the index, and for toy clips."""
    page = await service.clips(0, MOST_KNOWN, include=['point'])
    indexed = {clip.uri for clip in page.clips}
    toys = await asyncio.to_thread(toy_data.uris, service.settings.roots)
    return IndexView(page.clips, page.total, [uri for uri in toys if uri not in indexed])


async def add_files(service: AudioService, paths: Sequence[Path], label: str) -> AsyncIterator[str]:
    """Index files that were uploaded, and remove them from where they were put. Yields HTML."""
    tags = {'label': label} if label else {}

    async def index(batch: Sequence[Path]) -> list[AudioClip]:
        uploads = [await receive(service, path, keep=True) for path in batch]
        return await service.index(
            [
                ClipRequest(tags={'file': path.name, **tags}, upload=upload)
                for path, upload in zip(batch, uploads, strict=True)
            ]
        )

    try:
        async for html in _in_batches(paths, index):
            yield html
    finally:
        for path in paths:
            path.unlink(missing_ok=True)


async def add_toys(service: AudioService, uris: Sequence[str]) -> AsyncIterator[str]:
    """Index toy clips, labelled by their names. Yields HTML."""

    async def index(batch: Sequence[str]) -> list[AudioClip]:
        requests = [ClipRequest(uri=uri, tags=toy_data.tags(uri)) for uri in batch]
        return await service.index(requests)

    async for html in _in_batches(uris, index):
        yield html


async def remove(service: AudioService, id_: str) -> None:
    await service.delete(ids=[id_])


def library_html(clips: list[ListedClip], offset: int, total: int, labels: Labels) -> str:
    """A page of the clips, each with its player and what can be done with it."""
    if not total:
        return EMPTY
    rows = ''.join(_row(clip, labels) for clip in clips)
    last = offset + len(clips)
    turn = ''.join(
        f'<button type="button" data-event="turn" data-offset="{to}" {"" if there else "disabled"}>'
        f'{name}</button>'
        for name, to, there in (
            ('Previous', max(0, offset - PAGE_CLIPS), offset > 0),
            ('Next', last, last < total),
        )
    )
    return f"""<table class="as-library"><caption class="as-faint">{offset + 1:,} to {last:,} of
{count(total, 'clip')}</caption><thead><tr><th scope="col">Clip</th><th scope="col">Label</th>
<th scope="col">Windows</th><th scope="col">Listen</th><th scope="col">Actions</th></tr></thead>
<tbody>{rows}</tbody></table><nav class="as-turn" aria-label="Pages">{turn}</nav>"""


def _row(clip: ListedClip, labels: Labels) -> str:
    id_, name = str(clip.id), file_name(clip.uri, clip.tags)
    return f"""<tr data-clip="{text(id_)}"><th scope="row" title="{text(clip.uri or id_)}">
{text(name)}</th><td>{chip(label_of(clip.tags), labels)}</td>
<td class="as-number">{clip.chunk_count}<span class="as-unit"> windows</span></td>
<td><audio controls preload="none" src="{text(audio_path(id_))}"
aria-label="Play {text(name)}"></audio></td><td><div class="as-actions">
<button type="button" data-event="like_this" data-id="{text(id_)}"
aria-label="Search with {text(name)}">Search with this</button>
<button type="button" class="as-danger" data-confirm="Really delete?" data-event="remove"
data-id="{text(id_)}" aria-label="Delete {text(name)}">Delete</button></div></td></tr>"""


def _title(uri: str | None, tags: dict[str, Any]) -> str:
    label = label_of(tags)
    return f'{label} · {file_name(uri, tags)}' if label else file_name(uri, tags)


async def _in_batches(
    items: Sequence[T], index: Callable[[Sequence[T]], Awaitable[list[AudioClip]]]
) -> AsyncIterator[str]:
    errors: list[str] = []
    for first in range(0, len(items), BATCH_FILES):
        yield _progress(first, len(items), errors)
        clips = await index(items[first : first + BATCH_FILES])
        errors += [clip.error for clip in clips if clip.error]
    yield _progress(len(items), len(items), errors)


def _progress(done: int, total: int, errors: Sequence[str]) -> str:
    refused = ''.join(f'<li>{text(error)}</li>' for error in errors)
    problems = f'<ul class="as-alert" role="alert">{refused}</ul>' if refused else ''
    if done == total:
        indexed = total - len(errors)
        says = f'{count(indexed, "clip")} indexed.' if indexed else 'Nothing was indexed.'
        return f'<p class="as-done" role="status">{says}</p>{problems}'
    return (
        f'<p class="as-note" role="status"><progress max="{total}" value="{done}" '
        f'aria-label="Indexing"></progress> {done} of {total} done …</p>{problems}'
    )
