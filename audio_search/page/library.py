"""What is indexed: shown, added to and removed from."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from audio_search import toy_data
from audio_search.documents import AudioClip
from audio_search.page.colours import LabelColours
from audio_search.page.matches import chip
from audio_search.page.queries import Sound, receive
from audio_search.page.text import FILE_GONE, count, file_name, label_of, note, text
from audio_search.paths import audio_path
from audio_search.service.requests import ClipRequest
from audio_search.service.service import AudioService
from audio_search.service.uploads import Upload
from audio_search.service.views import ListedClip, Status

T = TypeVar('T')

PAGE_CLIPS = 20
MAX_CLIPS = 2000  # offered for choice; browsers get slow with more
BATCH_FILES = 4  # indexed per request; the progress bar moves after each

EMPTY = note('Nothing is indexed yet. Add your own files above, or the toy clips to try it out.')


@dataclass(frozen=True)
class IndexView:
    """What the page shows of the index: its first MAX_CLIPS clips, how many there are in all, and
    the uris of the toy clips that are not among them."""

    clips: list[ListedClip] = field(default_factory=list)
    total: int = 0
    toys: list[str] = field(default_factory=list)

    def labels(self) -> list[str]:
        return sorted({label for clip in self.clips if (label := label_of(clip.tags))})

    def choices(self) -> list[tuple[str, str]]:
        """(text shown, key of the Sound) of all that can be searched with."""
        indexed = [(_title(clip.uri, clip.tags), Sound(id=clip.id).key) for clip in self.clips]
        toys = [
            (f'{_title(uri, toy_data.tags(uri))} (not indexed)', Sound(uri=uri).key)
            for uri in self.toys
        ]
        return [*indexed, *toys]


async def read_index(service: AudioService) -> IndexView:
    """Ask the service what is indexed, and look for toy clips that are not."""
    page = await service.clips(0, MAX_CLIPS)
    indexed = {clip.uri for clip in page.clips}
    toys = await asyncio.to_thread(toy_data.uris, service.settings.roots)
    return IndexView(page.clips, page.total, [uri for uri in toys if uri not in indexed])


async def add_files(service: AudioService, paths: Sequence[Path], label: str) -> AsyncIterator[str]:
    """Index uploaded files, and remove them from Gradio's folder. Yields the progress as HTML."""

    async def index(batch: Sequence[Path]) -> list[AudioClip]:
        # The place is taken before the files are copied, so that batches that wait fill no disk.
        async with service.admission.place():
            uploads = [await receive(service, path, keep=True) for path in batch]
            return await service.index(
                [_request(path, label, upload) for path, upload in zip(batch, uploads, strict=True)]
            )

    try:
        async for html in _in_batches(paths, index):
            yield html
    finally:
        for path in paths:
            path.unlink(missing_ok=True)


def _request(path: Path, label: str, upload: Upload) -> ClipRequest:
    """Without a label, a sound that is indexed already keeps its tags."""
    named = {'file': path.name}
    tags = {**named, 'label': label} if label else None
    return ClipRequest(tags=tags, new_tags=named, upload=upload)


async def add_toys(service: AudioService, uris: Sequence[str]) -> AsyncIterator[str]:
    """Index toy clips, labelled by their file names. Yields the progress as HTML."""

    async def index(batch: Sequence[str]) -> list[AudioClip]:
        requests = [ClipRequest(uri=uri, tags=toy_data.tags(uri)) for uri in batch]
        return await service.index(requests)

    async for html in _in_batches(uris, index):
        yield html


async def remove(service: AudioService, id_: str) -> None:
    await service.delete(ids=[id_])


def header_html(status: Status | None = None) -> str:
    """The page's title, and what is indexed with which weights once that is known."""
    facts = ''
    if status:
        facts = (
            f'<dl><div><dt>Indexed</dt><dd>{count(status.clips, "clip")}, '
            f'{count(status.chunks, "window")}</dd></div><div><dt>Weights</dt>'
            f'<dd title="SHA-256 {text(status.model_sha256)}">{text(status.model_name)} '
            f'<code>{text(status.model_sha256[:8])}</code></dd></div></dl>'
        )
    return (
        '<header class="as-header"><div><h1>Audio search</h1><p>Give it a sound; it finds the '
        f'clips that sound alike.</p></div>{facts}</header>'
    )


def library_html(clips: list[ListedClip], offset: int, total: int, colours: LabelColours) -> str:
    """A table of one page of the clips, each with its player and its actions."""
    if not total:
        return EMPTY
    rows = ''.join(_row(clip, colours) for clip in clips)
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


def _row(clip: ListedClip, colours: LabelColours) -> str:
    id_, name = str(clip.id), file_name(clip.uri, clip.tags)
    sound = f'<span class="as-gone">{FILE_GONE}</span>'
    if not clip.missing:
        sound = (
            f'<audio controls preload="none" src="{text(audio_path(id_))}" '
            f'aria-label="Play {text(name)}"></audio>'
        )
    return f"""<tr data-clip="{text(id_)}"><th scope="row" title="{text(clip.uri or id_)}">
{text(name)}</th><td>{chip(label_of(clip.tags), colours)}</td>
<td class="as-number">{clip.chunk_count}<span class="as-unit"> windows</span></td>
<td>{sound}</td><td><div class="as-actions">
<button type="button" data-event="like_this" data-id="{text(id_)}"
aria-label="Search with {text(name)}">Search with this</button>
<button type="button" data-event="find_inside" data-id="{text(id_)}"
aria-label="Find your sound inside {text(name)}">Find inside</button>
<button type="button" class="as-danger" data-confirm="Really delete?" data-event="remove"
data-id="{text(id_)}" aria-label="Delete {text(name)}">Delete</button></div></td></tr>"""


def _title(uri: str | None, tags: dict[str, Any]) -> str:
    label = label_of(tags)
    return f'{label} · {file_name(uri, tags)}' if label else file_name(uri, tags)


async def _in_batches(
    items: Sequence[T], index: Callable[[Sequence[T]], Awaitable[list[AudioClip]]]
) -> AsyncIterator[str]:
    errors: list[str] = []
    notes: list[str] = []
    for first in range(0, len(items), BATCH_FILES):
        yield _progress(first, len(items), errors, notes)
        clips = await index(items[first : first + BATCH_FILES])
        errors += [clip.error for clip in clips if clip.error]
        notes += [
            f'{file_name(clip.uri, clip.tags or {})}: {clip.note}' for clip in clips if clip.note
        ]
    yield _progress(len(items), len(items), errors, notes)


def _progress(done: int, total: int, errors: Sequence[str], notes: Sequence[str]) -> str:
    problems = _lines(errors, 'as-alert', 'alert') + _lines(notes, 'as-note', 'status')
    if done == total:
        indexed = total - len(errors)
        message = f'{count(indexed, "clip")} indexed.' if indexed else 'Nothing was indexed.'
        return f'<p class="as-done" role="status">{message}</p>{problems}'
    return (
        f'<p class="as-note" role="status"><progress max="{total}" value="{done}" '
        f'aria-label="Indexing"></progress> {done} of {total} done …</p>{problems}'
    )


def _lines(lines: Sequence[str], style: str, role: str) -> str:
    items = ''.join(f'<li>{text(line)}</li>' for line in lines)
    return f'<ul class="{style}" role="{role}">{items}</ul>' if items else ''
