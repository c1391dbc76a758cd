"""What the page does with what is indexed: each handler answers with new contents."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import gradio as gr

from audio_search import toy_data
from audio_search.page import library
from audio_search.page.adding import Adding, add
from audio_search.page.colours import LabelColours
from audio_search.page.library import PAGE_CLIPS
from audio_search.page.searching import Html, unchanged
from audio_search.page.text import alert, count, sentence
from audio_search.page.works import Works
from audio_search.service.requests import ClipRequest
from audio_search.service.service import AudioService
from audio_search.service.views import State


class Handlers:
    """Every error is told on the page as a sentence; none of the handlers raises."""

    def __init__(self, service: AudioService, colours: LabelColours) -> None:
        self.service = service
        self.colours = colours
        self.works = Works()

    async def refresh(self, offset: int) -> Any:
        """Show what is indexed now: in the header and the library."""
        try:
            status = await self.service.status()
            missing = await self._missing_toys()
        except Exception as error:
            return alert(sentence(error)), *unchanged(2)
        return library.header_html(status), _toys_button(missing), await self._list(offset)

    async def _missing_toys(self) -> list[str]:
        """The uris of the toy clips that are not indexed."""
        uris = await asyncio.to_thread(toy_data.uris, self.service.settings.roots)
        if not uris:
            return []
        known = await self.service.known([ClipRequest(uri=uri) for uri in uris])
        return [uri for uri, one in zip(uris, known, strict=True) if one.state is State.NEW]

    async def turn(self, event: gr.EventData) -> Any:
        """Turn to another page of the library."""
        offset = int(event.offset)
        return offset, await self._list(offset)

    async def _list(self, offset: int) -> Html:
        try:
            page = await self.service.clips(offset, PAGE_CLIPS)
            if offset and not page.clips:  # the last of that page was deleted
                offset = max(0, offset - PAGE_CLIPS)
                page = await self.service.clips(offset, PAGE_CLIPS)
            return library.library_html(page.clips, offset, page.total, self.colours)
        except Exception as error:
            return alert(sentence(error))

    async def remove(self, event: gr.EventData) -> Html:
        try:
            await library.remove(self.service, event.id)
            return '<p class="as-done" role="status">The clip is deleted from the index.</p>'
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
        yield html, None

    async def add_toys(self, request: gr.Request) -> AsyncIterator[Html]:
        try:
            missing = await self._missing_toys()
        except Exception as error:
            yield alert(sentence(error))
            return
        page, adding = str(request.session_hash), Adding(self.service, len(missing))
        async for html in add(self.works, page, adding, lambda adding: adding.toys(missing)):
            yield html

    async def stop_adding(self, request: gr.Request) -> None:
        self.works.stop('add', str(request.session_hash))


def _toys_button(missing: list[str]) -> gr.Button:
    if not missing:
        return gr.Button(visible=False)
    return gr.Button(f'Add the {count(len(missing), "toy clip")}', visible=True)
