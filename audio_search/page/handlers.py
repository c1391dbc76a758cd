"""What the page does when a control is used: each handler answers with new contents."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import gradio as gr

from audio_search.documents import Match
from audio_search.page import library, matches
from audio_search.page.clip_map import among_html
from audio_search.page.colours import LabelColours
from audio_search.page.download import link_html
from audio_search.page.heat_map import heat_map_html, neighbourhood
from audio_search.page.inside import inside_html
from audio_search.page.library import PAGE_CLIPS, IndexView, read_index
from audio_search.page.queries import SearchResult, Sound, search
from audio_search.page.text import Problem, alert, count, sentence, status
from audio_search.service.service import AudioService

Html = str

# What a search changes: the message, the query, the places inside a recording, the matches, the
# heat map, and what later handlers need of it, which Gradio keeps for each open page.
Shown = tuple[Html, Html, Html, Html, Html, SearchResult | None, Sound | None]


class Handlers:
    """Every error is told on the page as a sentence; none of the handlers raises."""

    def __init__(self, service: AudioService) -> None:
        self.service = service
        self.colours = LabelColours()

    async def search_clip(self, key: str | None, *options: Any) -> AsyncIterator[Any]:
        sound = Sound.from_key(key) if key else None
        yield _before_search(sound)
        yield await self._search(sound, *options)

    async def search_own(self, path: str | None, *options: Any) -> AsyncIterator[Any]:
        sound = Sound(path=Path(path)) if path else None
        yield _before_search(sound)
        yield await self._search(sound, *options)

    async def search_again(self, last_sound: Sound | None, *options: Any) -> Any:
        """Repeat the last search, if there was one, with changed options."""
        return await self._search(last_sound, *options) if last_sound else _unchanged(7)

    async def like_this(self, event: gr.EventData, *options: Any) -> AsyncIterator[Any]:
        """Search with an indexed clip, from a button beside it anywhere on the page."""
        sound = Sound(id=event.id)
        try:
            choices = (await read_index(self.service)).choices()
        except Exception:  # the search below meets the same error, and tells it
            choices = []
        if sound.key not in {key for _, key in choices}:
            choices.append((event.id, sound.key))
        place = gr.Tabs(selected='search'), gr.Tabs(selected='clip')
        yield *place, gr.Dropdown(choices, value=sound.key), *_before_search(sound)
        yield *_unchanged(3), *await self._search(sound, *options)

    async def _search(
        self,
        sound: Sound | None,
        labels: list[str] | None,
        limit: float,
        max_distance: float,
        exclude_self: bool,
        among: list[str],
    ) -> Shown:
        try:
            if sound is None:
                raise Problem('Choose a clip, or upload or record a sound, then press Search')
            if sound.path is not None and not sound.path.exists():
                raise Problem('The sound is not kept any more; upload or record it again')
            result = await search(
                self.service, sound, int(limit), labels or [], max_distance, exclude_self, among
            )
            html = matches.matches_html(result, self.colours)
            heat = await self._heat_map(result, result.matches[0]) if result.matches else ''
            return '', matches.query_html(result), '', html, heat, result, sound
        except Exception as error:
            return alert(sentence(error)), '', '', '', '', None, sound

    async def search_among(self, event: gr.EventData) -> Any:
        """From now on search only among the clips that were selected on the map."""
        among = json.loads(event.ids)
        return gr.Tabs(selected='search'), among, among_html(len(among))

    async def search_all(self) -> tuple[list[str], Html]:
        return [], ''

    async def compare(self, event: gr.EventData, result: SearchResult | None) -> Html:
        """The heat map of one of the matches."""
        return await self._compared(event.id, result)

    async def look(self, event: gr.EventData, result: SearchResult | None) -> Html:
        """The same around another window of the clip."""
        return await self._compared(event.id, result, int(event.row))

    async def _compared(
        self, id_: str, result: SearchResult | None, middle: int | None = None
    ) -> Html:
        try:
            chosen = [match for match in (result.matches if result else []) if match.id == id_]
            if not result or not chosen:
                raise Problem('This search is not remembered any more; search again')
            return await self._heat_map(result, chosen[0], middle)
        except Exception as error:
            return alert(sentence(error))

    async def find_inside(
        self, event: gr.EventData, sound: Sound | None, result: SearchResult | None
    ) -> AsyncIterator[Any]:
        """Where the sound of the last search occurs inside a clip."""
        yield gr.Tabs(selected='search'), status('Looking for your sound inside the recording …')
        yield gr.skip(), await self._inside(event.id, sound, result)

    async def _inside(self, id_: str, sound: Sound | None, result: SearchResult | None) -> Html:
        try:
            if sound is None or result is None:
                raise Problem('Search with a sound first; then it can be found inside a recording')
            if sound.path is not None and not sound.path.exists():
                raise Problem('The sound is not kept any more; upload or record it again')
            return await inside_html(self.service, sound, result, id_)
        except Exception as error:
            return alert(sentence(error))

    async def save_hits(self, event: gr.EventData, result: SearchResult | None) -> Html:
        """A link that has the matches in the chosen format in it."""
        try:
            if not result:
                raise Problem('This search is not remembered any more; search again')
            return await asyncio.to_thread(link_html, result, event.format, self.service.roots)
        except Exception as error:
            return alert(sentence(error))

    async def _heat_map(
        self, result: SearchResult, match: Match, middle: int | None = None
    ) -> Html:
        near = await neighbourhood(self.service, result.windows, str(match.id), middle)
        return heat_map_html(result.windows, match, near)

    async def refresh(self, offset: int) -> Any:
        """Show what is indexed now: in the header, the lists to choose from, and the library."""
        try:
            index = await read_index(self.service)
            status = await self.service.status()
        except Exception as error:
            return alert(sentence(error)), *_unchanged(4)
        for label in index.labels():
            self.colours.of(label)
        return (
            library.header_html(status),
            gr.Dropdown(choices=index.choices()),
            gr.Dropdown(choices=index.labels()),
            _toys_button(index),
            await self._list(offset),
        )

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

    async def add_files(self, paths: list[str] | None, label: str) -> AsyncIterator[Any]:
        if not paths:
            yield alert('Choose one or more sound files first.'), gr.skip()
            return
        files = [Path(path) for path in paths]
        try:
            async for html in library.add_files(self.service, files, label.strip()):
                yield html, gr.skip()
            yield html, None
        except Exception as error:
            yield alert(sentence(error)), None

    async def add_toys(self) -> AsyncIterator[Html]:
        try:
            index = await read_index(self.service)
            async for html in library.add_toys(self.service, index.toys):
                yield html
        except Exception as error:
            yield alert(sentence(error))


def _before_search(sound: Sound | None) -> tuple[Any, ...]:
    """Keep the sound before the search: an option that changes meanwhile searches with it again."""
    return *_unchanged(6), sound


def _unchanged(outputs: int) -> tuple[Any, ...]:
    return tuple(gr.skip() for _ in range(outputs))


def _toys_button(index: IndexView) -> gr.Button:
    if not index.toys:
        return gr.Button(visible=False)
    return gr.Button(f'Add the {count(len(index.toys), "toy clip")}', visible=True)
