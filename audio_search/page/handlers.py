"""What the page does with what is indexed: each handler answers with new contents."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from audio_search import toy_data
from audio_search.page import library
from audio_search.page.adding import Adding, add
from audio_search.page.asked import read_asked
from audio_search.page.changing import delete, relabel
from audio_search.page.colours import LabelColours
from audio_search.page.listed import PAGE_CLIPS, Listed, read_chosen, read_listed
from audio_search.page.searching import Html
from audio_search.page.text import Problem, alert, count, sentence, text
from audio_search.page.works import Works
from audio_search.service.requests import ClipRequest
from audio_search.service.service import AudioService
from audio_search.service.views import ClipsPage, State


class Handlers:
    """Every error is told on the page as a sentence; none of the handlers raises."""

    def __init__(self, service: AudioService, colours: LabelColours, folder: Path) -> None:
        """`folder` is where Gradio keeps the sounds that are sent to the page."""
        self.service = service
        self.folder = folder
        self.colours = colours
        self.works = Works()

    async def refresh(self) -> Any:
        """Show what is indexed now, in the header and in what can be added."""
        try:
            status = await self.service.status()
            return library.header_html(status), _toys_button(await self._missing_toys())
        except Exception as error:
            return alert(sentence(error)), gr.skip()

    async def _missing_toys(self) -> list[str]:
        """The uris of the toy clips that are not indexed."""
        uris = await asyncio.to_thread(toy_data.uris, self.service.settings.roots)
        if not uris:
            return []
        known = await self.service.known([ClipRequest(uri=uri) for uri in uris])
        return [uri for uri, one in zip(uris, known, strict=True) if one.state is State.NEW]

    async def clips(self, event: gr.EventData, request: gr.Request) -> Any:
        """A page of the clips that fit. Another one that is asked for meanwhile takes its place."""
        work = self.works.start('list', str(request.session_hash), self._clips(event.sent))
        await asyncio.wait({work.task})
        return gr.skip() if work.task.cancelled() else work.task.result()

    async def _clips(self, sent: str) -> Html:
        try:
            listed = read_listed(sent)
            page = await self._read(listed)
            if listed.page > 1 and not page.clips:  # those of that page were deleted
                listed = replace(listed, page=max(1, -(-page.total // PAGE_CLIPS)))
                page = await self._read(listed)
            holds = self.service.uploads.holds
            return library.library_html(page.clips, listed, page.total, self.colours, holds)
        except Exception as error:
            return alert(sentence(error))

    async def _read(self, listed: Listed) -> ClipsPage:
        return await self.service.clips(
            listed.offset,
            PAGE_CLIPS,
            filter=listed.filter(),
            newest_first=listed.is_newest_first,
        )

    async def remove(self, event: gr.EventData) -> Html:
        """Delete clips, and the files of those that were uploaded."""
        try:
            gone = await delete(self.service, read_chosen(event.sent))
            return _done(f'{count(gone, "clip")} deleted.')
        except Exception as error:
            return alert(sentence(error))

    async def relabel(self, event: gr.EventData) -> Html:
        """Give clips another label; an empty one takes it away."""
        try:
            chosen = read_chosen(event.sent)
            changed = await relabel(self.service, chosen)
            what = f'labelled {chosen.label}' if chosen.label else 'without a label now'
            return _done(f'{count(changed, "clip")} {what}.')
        except Exception as error:
            return alert(sentence(error))

    async def add_files(
        self, paths: list[str] | None, label: str, request: gr.Request
    ) -> AsyncIterator[Any]:
        if not paths:
            yield alert('Choose one or more sound files first.'), gr.skip()
            return
        files = [Path(path) for path in paths]
        page, adding = str(request.session_hash), Adding(self.service, len(files))
        async for html in add(
            self.works, page, adding, lambda adding: adding.files(files, label.strip())
        ):
            yield html, gr.skip()
        if not any(path.exists() for path in files):  # they stay where none was taken
            yield gr.skip(), None

    async def add_toys(self, request: gr.Request) -> AsyncIterator[Html]:
        try:
            missing = await self._missing_toys()
        except Exception as error:
            yield alert(sentence(error))
            return
        page, adding = str(request.session_hash), Adding(self.service, len(missing))
        async for html in add(self.works, page, adding, lambda adding: adding.toys(missing)):
            yield html

    async def add_own(self, event: gr.EventData, request: gr.Request) -> AsyncIterator[Html]:
        """Add the sound that was searched with, which stays where it is for the search."""
        try:
            path = read_asked(event.sent, self.folder).like[0].path
            if path is None or not path.exists():
                raise Problem('The sound is not kept any more; add its file in the library')
        except Exception as error:
            yield alert(sentence(error))
            return
        page, adding = str(request.session_hash), Adding(self.service, 1)
        async for html in add(self.works, page, adding, lambda adding: adding.copy_of(path)):
            yield html

    async def stop_adding(self, request: gr.Request) -> None:
        self.works.stop('add', str(request.session_hash))


def _done(message: str) -> Html:
    return f'<p class="as-done" role="status">{text(message)}</p>'


def _toys_button(missing: list[str]) -> gr.Button:
    if not missing:
        return gr.Button(visible=False)
    return gr.Button(f'Add the {count(len(missing), "toy clip")}', visible=True)
