"""What the page does when it is asked to search: each handler answers with new contents."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import gradio as gr

from audio_search.documents import Match
from audio_search.page import matches
from audio_search.page.asked import Asked, read_asked
from audio_search.page.colours import LabelColours
from audio_search.page.download import hits_of, link_html
from audio_search.page.heat_map import heat_map_html, neighbourhood
from audio_search.page.inside import inside_html
from audio_search.page.pace import Pace
from audio_search.page.queries import SearchResult, search
from audio_search.page.query_card import query_html
from audio_search.page.text import Problem, alert, sentence, status
from audio_search.page.works import Works, progress_html
from audio_search.service.service import AudioService

Html = str

# What a search changes: the message, the query, the places inside a recording, the matches, the
# heat map, and the result, which later handlers need and Gradio keeps for each open page.
Shown = tuple[Html, Html, Html, Html, Html, SearchResult | None]


class Searching:
    """Every error is told on the page as a sentence; none of the handlers raises."""

    def __init__(self, service: AudioService, colours: LabelColours, folder: Path) -> None:
        """`folder` is where Gradio keeps the sounds that are sent to the page."""
        self.service = service
        self.colours = colours
        self.folder = folder
        self.works = Works()
        self.pace = Pace(service.roots)

    async def ask(self, event: gr.EventData, request: gr.Request) -> AsyncIterator[Any]:
        """Search. Another search of the same page takes its place while it runs."""
        page = str(request.session_hash)
        try:
            asked = read_asked(event.sent, self.folder)
        except Exception as error:
            yield _told(alert(sentence(error)))
            return
        work = self.works.start('search', page, self._search(asked))
        sound_s: float | None = None  # not looked at for a search that is done at once
        async for _ in work.ticks():
            if sound_s is None:
                sound_s = await self.pace.sound_s(asked)
                work.expected_s = self.pace.expected_s(sound_s)
            yield progress_html('Searching …', work, 'stop'), *unchanged(5)
        if work.is_replaced:
            yield unchanged(6)
        elif work.task.cancelled():
            yield status('The search was stopped.'), *unchanged(5)
        else:
            self.pace.learn(sound_s or 0, work.elapsed_s)
            yield work.task.result()

    async def stop(self, request: gr.Request) -> None:
        self.works.stop('search', str(request.session_hash))

    async def _search(self, asked: Asked) -> Shown:
        try:
            if not asked.like and not asked.unlike:
                return _told(matches=await self._nothing_asked())
            result = await search(self.service, asked)
            html = matches.matches_html(result, self.colours)
            heat = await self._heat_map(result, result.matches[0]) if result.matches else ''
            return '', query_html(result), '', html, heat, result
        except Exception as error:
            return _told(alert(sentence(error)))

    async def _nothing_asked(self) -> Html:
        page = await self.service.clips(0, 1)
        return matches.NOTHING_YET if page.total else matches.NOTHING_INDEXED

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
            shown = (*result.matches, *result.judged) if result else ()
            chosen = [match for match in shown if match.id == id_]
            if not result or not chosen:
                raise Problem('This search is not remembered any more; search again')
            return await self._heat_map(result, chosen[0], middle)
        except Exception as error:
            return alert(sentence(error))

    async def _heat_map(
        self, result: SearchResult, match: Match, middle: int | None = None
    ) -> Html:
        near = await neighbourhood(self.service, result.windows, str(match.id), middle)
        return heat_map_html(result.windows, match, near, is_of_a_sound=result.is_of_a_sound)

    async def find_inside(
        self, event: gr.EventData, result: SearchResult | None
    ) -> AsyncIterator[Any]:
        """Where the sound of the last search occurs inside a clip."""
        yield gr.Tabs(selected='search'), status('Looking for your sound inside the recording …')
        yield gr.skip(), await self._inside(event.id, result)

    async def refine_inside(
        self, event: gr.EventData, result: SearchResult | None
    ) -> AsyncIterator[Any]:
        """The same, with begin and end told more exactly."""
        yield status('Reading the sound around each place …')
        yield await self._inside(event.id, result, refine=True)

    async def _inside(self, id_: str, result: SearchResult | None, *, refine: bool = False) -> Html:
        try:
            if result is None:
                raise Problem('Search with a sound first; then it can be found inside a recording')
            return await inside_html(self.service, result, id_, refine=refine)
        except Exception as error:
            return alert(sentence(error))

    async def save_hits(self, event: gr.EventData, result: SearchResult | None) -> Html:
        """A link that has the matches in the chosen format in it."""
        try:
            if not result:
                raise Problem('This search is not remembered any more; search again')
            hits = [hits_of(result)]
            return await asyncio.to_thread(link_html, hits, event.format, self.service.roots)
        except Exception as error:
            return alert(sentence(error))


def _told(message: Html = '', matches: Html = '') -> Shown:
    """Nothing but a message, or that in place of matches."""
    return message, '', '', matches, '', None


def unchanged(outputs: int) -> tuple[Any, ...]:
    return tuple(gr.skip() for _ in range(outputs))
