"""Adding sounds to the index, in batches, so that what was added stays when it is stopped."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

from audio_search import toy_data
from audio_search.documents import AudioClip
from audio_search.page.queries import receive
from audio_search.page.text import alert, count, file_name, sentence, text
from audio_search.page.works import Works, progress_html
from audio_search.service.progress import part
from audio_search.service.requests import ClipRequest
from audio_search.service.service import AudioService
from audio_search.service.uploads import Upload

T = TypeVar('T')
BATCH_FILES = 4  # indexed per request


class Adding:
    """Adds sounds; what became of each so far."""

    def __init__(self, service: AudioService, total: int) -> None:
        self.service = service
        self.total = total
        self.done = 0
        self.errors: list[str] = []
        self.notes: list[str] = []

    async def files(self, paths: Sequence[Path], label: str) -> None:
        """Index uploaded files, and remove them from Gradio's folder."""

        try:
            await self._in_batches(paths, lambda batch: self._uploads(batch, label))
        finally:
            for path in paths:
                path.unlink(missing_ok=True)

    async def copy_of(self, path: Path) -> None:
        """Index a file that was uploaded to search with, and leave it there."""
        await self._in_batches([path], lambda batch: self._uploads(batch, ''))

    async def _uploads(self, batch: Sequence[Path], label: str) -> list[AudioClip]:
        # The place is taken before the files are copied, so that batches that wait fill no disk.
        async with self.service.admission.place():
            uploads = [await receive(self.service, path, keep=True) for path in batch]
            pairs = zip(batch, uploads, strict=True)
            return await self.service.index([_request(path, label, to) for path, to in pairs])

    async def toys(self, uris: Sequence[str]) -> None:
        """Index toy clips, labelled by their file names."""

        async def index(batch: Sequence[str]) -> list[AudioClip]:
            requests = [ClipRequest(uri=uri, tags=toy_data.tags(uri)) for uri in batch]
            return await self.service.index(requests)

        await self._in_batches(uris, index)

    async def _in_batches(
        self, items: Sequence[T], index: Callable[[Sequence[T]], Awaitable[list[AudioClip]]]
    ) -> None:
        for first in range(0, len(items), BATCH_FILES):
            batch = items[first : first + BATCH_FILES]
            last = first + len(batch)
            with part(first / self.total, last / self.total):
                clips = await index(batch)
            self.done = last
            self.errors += [clip.error for clip in clips if clip.error]
            self.notes += [
                f'{file_name(clip.uri, clip.tags or {})}: {clip.note}'
                for clip in clips
                if clip.note
            ]

    @property
    def progress(self) -> str:
        return f'Adding: {self.done} of {count(self.total, "clip")} done'

    def result(self, *, is_stopped: bool) -> str:
        """How many are indexed, and what is to be known of each, as HTML."""
        indexed = self.done - len(self.errors)
        message = f'{count(indexed, "clip")} indexed.' if indexed else 'Nothing was indexed.'
        if is_stopped:
            message = f'Stopped. {message} The other {self.total - self.done} were left out.'
        return (
            f'<p class="as-done" role="status">{message}</p>'
            + _lines(self.errors, 'as-alert', 'alert')
            + _lines(self.notes, 'as-note', 'status')
        )


async def add(
    works: Works, page: str, adding: Adding, doing: Callable[[Adding], Awaitable[None]]
) -> AsyncIterator[str]:
    """The progress, and at last what became of it, as HTML. One at a time for each page."""
    if works.is_running('add', page):
        yield alert('Something is being added already; wait until that is done, or stop it.')
        return

    async def run() -> None:
        await doing(adding)

    work = works.start('add', page, run())
    async for _ in work.ticks():
        yield progress_html(adding.progress, work, 'stop_adding')
    if work.task.cancelled():
        yield adding.result(is_stopped=True)
    elif error := work.task.exception():
        yield alert(sentence(error if isinstance(error, Exception) else RuntimeError(str(error))))
    else:
        yield adding.result(is_stopped=False)


def _request(path: Path, label: str, upload: Upload) -> ClipRequest:
    """Without a label, a sound that is indexed already keeps its tags."""
    named = {'file': path.name}
    tags = {**named, 'label': label} if label else None
    return ClipRequest(tags=tags, new_tags=named, upload=upload)


def _lines(lines: Sequence[str], style: str, role: str) -> str:
    items = ''.join(f'<li>{text(line)}</li>' for line in lines)
    return f'<ul class="{style}" role="{role}">{items}</ul>' if items else ''
