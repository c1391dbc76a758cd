"""The page's controls, and which handler each of them calls."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from audio_search.page.box import BOX_JS, OPTIONS_HTML, OPTIONS_JS, box_html
from audio_search.page.clip_map import MAP_HTML
from audio_search.page.colours import LabelColours
from audio_search.page.handlers import Handlers
from audio_search.page.judging import Judging
from audio_search.page.library import LIBRARY_HTML, LIBRARY_JS, header_html
from audio_search.page.searching import Html, Searching
from audio_search.page.text import note
from audio_search.service.service import AudioService

# Turns clicks on buttons with data-event into events of their gr.HTML, which Python handles. Gradio
# reads the events' names from this script, so they stand in it literally.
EVENTS_JS = """
const known = ['compare', 'drop_kept', 'empty_tray', 'find_inside', 'keep', 'look', 'refine_inside',
               'save_hits', 'save_tray', 'stop', 'stop_adding'];
element.addEventListener('click', (event) => {
  const button = event.target.closest('[data-event]');
  if (!button || !known.includes(button.dataset.event)) return;
  trigger(button.dataset.event, {...button.dataset});
});
"""


class Page:
    """Builds the page for a service, which its handlers call directly, not over HTTP."""

    def __init__(self, service: AudioService, folder: Path) -> None:
        """`folder` is where Gradio keeps what is sent to the page."""
        self.colours = LabelColours()
        self.handlers = Handlers(service, self.colours, folder)
        self.searching = Searching(service, self.colours, folder)
        self.judging = Judging(service)
        self.max_upload_bytes = round(service.settings.max_body_mb * 1e6)

    def build(self) -> gr.Blocks:
        with gr.Blocks(title='Audio search', fill_width=True) as blocks:
            self._status = _html(header_html())
            self._result = gr.State(None)
            self._kept = gr.State([])
            with gr.Tabs(elem_id='as-tabs') as self._tabs:
                with gr.Tab('Search', id='search', elem_id='as-tab-search') as search_tab:
                    self._build_search()
                with gr.Tab('Map', id='map', elem_id='as-tab-map') as map_tab:
                    self._map = _html(MAP_HTML, js_on_load=EVENTS_JS)
                with gr.Tab('Library', id='library', elem_id='as-tab-library') as library_tab:
                    self._build_library()
            self._connect_search(search_tab, map_tab)
            self._connect_judging()
            self._connect_library(blocks, library_tab)
        return blocks

    def _build_search(self) -> None:
        self._box = _html(box_html(self.max_upload_bytes), js_on_load=BOX_JS, elem_id='as-box')
        with gr.Row(elem_id='as-search'):
            with gr.Column(scale=1, min_width=260, elem_id='as-controls'):
                _html(OPTIONS_HTML, js_on_load=OPTIONS_JS)
                self._tray = _html('', js_on_load=EVENTS_JS, elem_id='as-tray')
            with gr.Column(scale=3, min_width=320, elem_id='as-results'):
                self._message = _html('', js_on_load=EVENTS_JS, elem_id='as-message')
                self._said = _html('', js_on_load=EVENTS_JS, elem_id='as-told')
                self._query = _html('', elem_id='as-query')
                self._inside = _html('', js_on_load=EVENTS_JS, elem_id='as-inside')
                self._saved = _html('', elem_id='as-saved')
                with gr.Row(elem_id='as-columns'):
                    self._matches = _html('', js_on_load=EVENTS_JS, elem_id='as-matches')
                    self._heat = _html('', js_on_load=EVENTS_JS, elem_id='as-heat')

    def _build_library(self) -> None:
        with gr.Row(equal_height=True, elem_id='as-add'):
            self._files = gr.File(
                file_count='multiple',
                type='filepath',
                label='Sound files to add',
                height=150,
                elem_id='as-files',
            )
            with gr.Column(min_width=280):
                self._label = gr.Textbox(
                    label='Label',
                    info='For all of them; may stay empty.',
                    elem_id='as-label',
                )
                self._add = gr.Button('Add to the index', variant='primary', elem_id='as-add-files')
                self._add_toys = gr.Button('Add the toy clips', elem_id='as-add-toys')
        # Where uploads.js says what became of an upload.
        slot = f'<div class="as-upload" data-max-bytes="{self.max_upload_bytes}"></div>'
        _html(slot, elem_id='as-files-message')
        self._added = _html('', js_on_load=EVENTS_JS, elem_id='as-added')
        self._finder = _html(LIBRARY_HTML, js_on_load=LIBRARY_JS, elem_id='as-finder')
        self._changed = _html('', elem_id='as-changed')
        self._library = _html(note('Loading …'), js_on_load=EVENTS_JS, elem_id='as-library')

    def _connect_search(self, search_tab: gr.Tab, map_tab: gr.Tab) -> None:
        do = self.searching
        shown = [
            self._message, self._query, self._inside, self._matches, self._heat, self._result,
        ]  # fmt: skip
        # Each press counts: a search takes the place of one that runs.
        asked = _on(self._box.ask, do.ask, [], shown, mode='multiple')
        asked.then(None, js='() => window.audioSearch.box.answered()', api_visibility='private')
        _on(self._message.stop, do.stop, [], [])
        compared = _on(self._matches.compare, do.compare, [self._result], [self._heat])
        compared.then(None, js='() => window.audioSearch.showHeat()', api_visibility='private')
        _on(self._heat.look, do.look, [self._result], [self._heat])
        self._heat.change(
            None, None, None, js='() => window.audioSearch.showMiddle()', api_visibility='private'
        )
        for html in (self._matches, self._library):
            inside = _on(
                html.find_inside, do.find_inside, [self._result], [self._tabs, self._inside]
            )
            inside.then(None, js='() => window.audioSearch.showInside()')
        _on(self._inside.refine_inside, do.refine_inside, [self._result], [self._inside])
        saved = _on(self._matches.save_hits, do.save_hits, [self._result], [self._saved])
        saved.then(None, [self._saved], js='(html) => window.audioSearch.save(html)')
        for tab, script in (
            (search_tab, 'window.audioSearch.box.open()'),
            (map_tab, "window.audioSearch.place.tell('map'); window.audioSearch.clipMap.open()"),
        ):
            tab.select(None, js=f'() => {{ {script}; }}', api_visibility='private')

    def _connect_judging(self) -> None:
        do = self.judging
        _on(self._box.judge, do.judge, [], [self._said], mode='multiple')
        tray = [self._kept, self._tray]
        _on(self._matches.keep, do.keep, [self._result, self._kept], tray, mode='multiple')
        _on(self._tray.drop_kept, do.drop, [self._kept], tray)
        _on(self._tray.empty_tray, do.empty, [], tray)
        saved = _on(self._tray.save_tray, do.save, [self._kept], [self._saved])
        saved.then(None, [self._saved], js='(html) => window.audioSearch.save(html)')

    def _connect_library(self, blocks: gr.Blocks, library_tab: gr.Tab) -> None:
        do = self.handlers
        indexed = [self._status, self._add_toys]
        report = "(value) => { window.audioSearch.uploads.changed('as-files', value); }"
        self._files.change(
            None, [self._files], [], js=report, api_visibility='private', trigger_mode='multiple'
        )
        _on(blocks.load, do.refresh, [], indexed)
        library_tab.select(
            None, js='() => window.audioSearch.library.open()', api_visibility='private'
        )
        listed = _on(self._finder.list, do.clips, [], [self._library], mode='multiple')
        listed.then(None, js='() => window.audioSearch.library.shown()', api_visibility='private')
        removed = _on(self._finder.remove, do.remove, [], [self._changed], mode='multiple')
        relabelled = _on(self._finder.relabel, do.relabel, [], [self._changed], mode='multiple')
        added = _on(
            self._add.click, do.add_files, [self._files, self._label], [self._added, self._files]
        )
        added_toys = _on(self._add_toys.click, do.add_toys, [], [self._added])
        _on(self._added.stop_adding, do.stop_adding, [], [])
        added_own = _on(self._box.add_own, do.add_own, [], [self._said])
        _on(self._said.stop_adding, do.stop_adding, [], [])
        for done in (removed, relabelled, added, added_toys, added_own):
            refreshed = _on(done.then, do.refresh, [], indexed)
            refreshed.then(
                None, js='() => window.audioSearch.library.list()', api_visibility='private'
            )


def _html(value: Html, **options: Any) -> gr.HTML:
    """HTML that is styled by page.css alone, without Gradio's rules for prose."""
    options.setdefault('js_on_load', None)
    return gr.HTML(value, apply_default_css=False, **options)


def _on(
    event: Callable[..., Any],
    handler: Callable[..., Any],
    inputs: list[Any],
    outputs: list[Any],
    mode: str = 'once',
) -> Any:
    """Connect a handler. It is private, so that it is not offered as an API: that is at /docs.

    `mode` says what becomes of events during a run: by default they are dropped."""
    return event(
        handler,
        inputs,
        outputs,
        show_progress='hidden',
        api_visibility='private',
        trigger_mode=mode,
    )
