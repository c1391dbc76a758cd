"""Judgements that are made on the page, and what is kept in the tray."""

import asyncio
import json
from typing import Any

import gradio as gr

from audio_search.page.download import link_html
from audio_search.page.queries import SearchResult
from audio_search.page.searching import Html
from audio_search.page.text import Problem, alert, sentence, text
from audio_search.page.tray import Kept, hits_of_tray, kept_with, tray_html
from audio_search.service.judgements import Said
from audio_search.service.service import AudioService


class Judging:
    """Every error is told on the page as a sentence; none of the handlers raises."""

    def __init__(self, service: AudioService) -> None:
        self.service = service

    async def judge(self, event: gr.EventData) -> Html:
        """Keep a judgement. Only who cannot see it is told that it worked."""
        try:
            (said,) = await self.service.beside.judgements.judge([read_said(event.sent)])
            if said.error:
                return alert(f'Not kept: {said.error}.')
            what = f'kept as {said.verdict} for' if said.verdict else 'taken back for'
            return f'<p class="as-hidden" role="status">{text(f"It is {what} {said.label}.")}</p>'
        except Exception as error:
            return alert(sentence(error))

    async def keep(
        self, event: gr.EventData, result: SearchResult | None, kept: list[Kept]
    ) -> tuple[list[Kept], Html]:
        """Put a match into the tray."""
        if result is not None:
            kept = kept_with(kept, result, event.id)
        return kept, tray_html(kept)

    async def drop(self, event: gr.EventData, kept: list[Kept]) -> tuple[list[Kept], Html]:
        """Take a hit out of the tray."""
        number = int(event.number)
        kept = [one for place, one in enumerate(kept) if place != number]
        return kept, tray_html(kept)

    async def empty(self) -> tuple[list[Kept], Html]:
        return [], ''

    async def save(self, event: gr.EventData, kept: list[Kept]) -> Html:
        """A link that has the hits in the tray in it, in the chosen format."""
        try:
            hits = hits_of_tray(kept)
            return await asyncio.to_thread(link_html, hits, event.format, self.service.roots)
        except Exception as error:
            return alert(sentence(error))


def read_said(sent: str) -> Said:
    """Read what judge.js sends, a JSON object. Raises Problem for what it would not send."""
    try:
        told: dict[str, Any] = json.loads(sent)
        beg_s, end_s = map(float, told['part'])
        verdict = told['verdict']
        return Said(
            str(told['id']),
            str(told['label']),
            None if verdict is None else str(verdict),
            (beg_s, end_s) if end_s > beg_s else None,
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        raise Problem('This judgement cannot be read; load the page again') from None
