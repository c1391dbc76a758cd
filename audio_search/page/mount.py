"""Mounts the page on the gateway's app, at /ui."""

import asyncio
from pathlib import Path
from typing import Annotated

import gradio as gr
from fastapi import FastAPI, Query
from fastapi.responses import Response
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from audio_search.audio import sources
from audio_search.audio.decoding import AudioError
from audio_search.errors import Kind, RequestError
from audio_search.formats import timeline
from audio_search.page import spectrogram
from audio_search.page.cache import open_cache
from audio_search.page.clip_map import add_map
from audio_search.page.layout import Page
from audio_search.page.suggestions import add_suggestions
from audio_search.paths import PAGE as PATH
from audio_search.service.service import AudioService
from audio_search.settings import Settings

HERE = Path(__file__).parent
STYLES = ('page.css', 'box.css', 'library.css')
SCRIPTS = (
    'page.js', 'asked.js', 'box.js', 'recorder.js', 'options.js', 'uploads.js', 'dots.js',
    'clip_map.js', 'library.js', 'judge.js',
)  # fmt: skip
EXCERPT_S = 30.0  # of a longer clip, the picture shows the surroundings of the match

# Nothing on the page comes from, or goes to, another host. Scripts may be inline and may be built
# from text (eval), because Gradio does both; the text is ours.
POLICY = '; '.join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)

# Inside it, so that these come before Gradio's own rules.
TIMELINE = f'.gradio-container {{ {timeline.styles()} }}'

ICON = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path stroke="#4f46e5"
stroke-width="2" stroke-linecap="round" d="M2 6v4M5 3v10M8 5v6M11 2v12M14 6v4"/></svg>"""


def mount_page(app: FastAPI, service: AudioService, settings: Settings) -> FastAPI:
    """Serve the page on `app`, which has its own routes and middleware already."""
    folder = settings.workspace / 'page'
    open_cache(folder)
    _add_pictures(app, service)
    app.add_middleware(ContentSecurityPolicy)
    styles = ''.join((HERE / name).read_text() for name in STYLES)
    scripts = ''.join(f'<script>{(HERE / name).read_text()}</script>' for name in SCRIPTS)
    page = Page(service, folder)
    add_map(app, service.map, page.colours)
    add_suggestions(app, service)
    blocks = page.build()
    # The service decides how many requests work at once, and says so when it is busy.
    blocks.queue(default_concurrency_limit=None)
    # Gradio's default is to poll every millisecond, on the event loop that answers every request.
    blocks._queue.sleep_when_free = 0.05
    return gr.mount_gradio_app(
        app,
        blocks,
        PATH,
        theme=gr.themes.Base(
            primary_hue='indigo',
            neutral_hue='slate',
            font=('sans-serif',),
            font_mono=('monospace',),
        ),
        head=f'<style>{styles}{TIMELINE}</style>{scripts}',
        footer_links=[],
        run_history=False,
        show_error=False,
        ssr_mode=False,
        mcp_server=False,
        pwa=False,
        enable_monitoring=False,
    )


def _add_pictures(app: FastAPI, service: AudioService) -> None:
    drawing = asyncio.Semaphore(2)

    @app.get('/favicon.ico', include_in_schema=False)
    async def icon() -> Response:
        return Response(ICON, media_type='image/svg+xml')

    @app.get(f'{PATH}/spectrogram/{{clip_id:path}}', include_in_schema=False)
    async def picture(
        clip_id: str, beg_in_ms: Annotated[float, Query()], end_in_ms: Annotated[float, Query()]
    ) -> Response:
        """The spectrogram of an indexed clip around a match, with all but the match dimmed."""
        clip = await service.stored(clip_id)
        if clip is None:
            raise RequestError(
                Kind.MISSING, f'no clip has the id {sources.shorten(clip_id)}; see /clips'
            )
        marked = beg_in_ms / 1000, end_in_ms / 1000
        async with drawing:
            png = await asyncio.to_thread(_png, clip.uri or '', service, marked)
        # The same id may be given to another sound later.
        return Response(png, media_type='image/png', headers={'Cache-Control': 'no-cache'})


def _png(uri: str, service: AudioService, marked: tuple[float, float]) -> bytes:
    try:
        source = sources.resolve(uri, service.roots)
        middle_s = (marked[0] + marked[1]) / 2
        beg_s = max(source.beg_s, middle_s - EXCERPT_S / 2)
        end_s = min(beg_s + EXCERPT_S, source.end_s or float('inf'))
        return spectrogram.of_file(source.path, source.mtime_ns, beg_s, end_s).png(marked)
    except (sources.MediaError, AudioError) as error:
        raise RequestError(Kind.MISSING, str(error)) from None


class ContentSecurityPolicy:
    """Adds the headers to the page's answers that let the browser talk to this service alone."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope['type'] != 'http' or not scope['path'].startswith(PATH):
            await self.app(scope, receive, send)
            return

        async def with_policy(message: Message) -> None:
            if message['type'] == 'http.response.start':
                headers = MutableHeaders(scope=message)
                headers['Content-Security-Policy'] = POLICY
                headers['Referrer-Policy'] = 'same-origin'
                headers['X-Content-Type-Options'] = 'nosniff'
            await send(message)

        await self.app(scope, receive, with_policy)
