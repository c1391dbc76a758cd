"""The page's controls, and which handler each of them calls."""

from collections.abc import Callable
from typing import Any

import gradio as gr

from audio_search.page import matches
from audio_search.page.clip_map import MAP_HTML
from audio_search.page.handlers import Handlers, Html
from audio_search.page.library import header_html
from audio_search.page.text import note
from audio_search.service.service import AudioService

# Turns clicks on buttons with data-event into events of their gr.HTML, which Python handles. Gradio
# reads the events' names from this script, so they stand in it literally.
EVENTS_JS = """
const known = ['compare', 'find_inside', 'like_this', 'look', 'remove', 'save_hits',
               'search_all', 'search_among', 'turn'];
element.addEventListener('click', (event) => {
  const button = event.target.closest('[data-event]');
  if (!button || !known.includes(button.dataset.event)) return;
  if (button.dataset.confirm && !window.audioSearch.confirmed(button)) return;
  trigger(button.dataset.event, {...button.dataset});
});
"""

OWN_SOUND = (
    'Any common format. What you give here is only searched with, and deleted after an hour.'
)


class Page:
    """Builds the page for a service, which its handlers call directly, not over HTTP."""

    def __init__(self, service: AudioService) -> None:
        self.handlers = Handlers(service)
        self.max_upload_bytes = round(service.settings.max_body_mb * 1e6)

    def build(self) -> gr.Blocks:
        with gr.Blocks(title='Audio search', fill_width=True) as blocks:
            self._status = _html(header_html())
            self._result = gr.State(None)
            self._last_sound = gr.State(None)
            self._offset = gr.State(0)
            self._among = gr.State([])
            with gr.Tabs(elem_id='as-tabs') as self._tabs:
                with gr.Tab('Search', id='search'):
                    self._build_search()
                with gr.Tab('Map', id='map') as map_tab:
                    self._map = _html(MAP_HTML, js_on_load=EVENTS_JS)
                with gr.Tab('Library', id='library') as library_tab:
                    self._build_library()
            self._connect(blocks, map_tab, library_tab)
        return blocks

    def _build_search(self) -> None:
        with gr.Row(elem_id='as-search'):
            with gr.Column(scale=1, min_width=300, elem_id='as-controls'):
                with gr.Tabs() as self._sources:
                    with gr.Tab('Choose a clip', id='clip'):
                        self._clip = gr.Dropdown(
                            [], label='Clip', info='Type to narrow the list.', elem_id='as-clip'
                        )
                        self._search_clip = gr.Button(
                            'Search with this clip', variant='primary', elem_id='as-search-clip'
                        )
                    with gr.Tab('Upload or record', id='own'):
                        self._own = gr.Audio(
                            sources=['upload', 'microphone'],
                            type='filepath',
                            label='Your sound',
                            editable=False,
                            buttons=[],
                            elem_id='as-own',
                        )
                        self._upload_message('as-own')
                        _html(f'<p class="as-faint">{OWN_SOUND}</p>')
                        self._search_own = gr.Button(
                            'Search with this sound', variant='primary', elem_id='as-search-own'
                        )
                self._among_note = _html('', js_on_load=EVENTS_JS, elem_id='as-among')
                with gr.Group(elem_id='as-options'):
                    self._labels = gr.Dropdown(
                        [],
                        multiselect=True,
                        allow_custom_value=True,
                        label='Only these labels',
                        info='None chosen: all of them.',
                        elem_id='as-labels',
                    )
                    self._limit = gr.Slider(
                        1, 50, 5, step=1, label='Number of results', elem_id='as-limit'
                    )
                    self._distance = gr.Slider(
                        0,
                        2,
                        2,
                        step=0.05,
                        label='Greatest distance',
                        info='0 is identical, 2 keeps every match.',
                        elem_id='as-distance',
                    )
                    self._exclude = gr.Checkbox(
                        True, label='Leave out the chosen clip itself', elem_id='as-exclude'
                    )
            with gr.Column(scale=3, min_width=320, elem_id='as-results'):
                self._message = _html('', elem_id='as-message')
                self._query = _html('', elem_id='as-query')
                self._inside = _html('', elem_id='as-inside')
                self._saved = _html('', elem_id='as-saved')
                with gr.Row(elem_id='as-columns'):
                    self._matches = _html(
                        matches.NOTHING_YET, js_on_load=EVENTS_JS, elem_id='as-matches'
                    )
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
        self._upload_message('as-files')
        self._added = _html('', elem_id='as-added')
        self._library = _html(note('Loading …'), js_on_load=EVENTS_JS, elem_id='as-library')

    def _upload_message(self, elem_id: str) -> None:
        """Where uploads.js says what became of an upload to the component `elem_id`."""
        slot = f'<div class="as-upload" data-max-bytes="{self.max_upload_bytes}"></div>'
        _html(slot, elem_id=f'{elem_id}-message')

    def _connect(self, blocks: gr.Blocks, map_tab: gr.Tab, library_tab: gr.Tab) -> None:
        do = self.handlers
        options: list[Any] = [
            self._labels, self._limit, self._distance, self._exclude, self._among
        ]  # fmt: skip
        shown = [
            self._message, self._query, self._inside, self._matches, self._heat, self._result,
            self._last_sound,
        ]  # fmt: skip
        indexed = [self._status, self._clip, self._labels, self._add_toys, self._library]
        place = [self._tabs, self._sources, self._clip]

        for button, handler, sound in (
            (self._search_clip, do.search_clip, self._clip),
            (self._search_own, do.search_own, self._own),
        ):
            searched = _on(button.click, handler, [sound, *options], shown)
            searched.then(None, js='() => window.audioSearch.showResults()')
        for taker, id_ in ((self._own, 'as-own'), (self._files, 'as-files')):
            report = f"(value) => {{ window.audioSearch.uploads.changed('{id_}', value); }}"
            taker.change(
                None, [taker], [], js=report, api_visibility='private', trigger_mode='multiple'
            )
        for option in options:
            _on(option.change, do.search_again, [self._last_sound, *options], shown, latest=True)
        among = [self._among, self._among_note]
        _on(self._map.search_among, do.search_among, [], [self._tabs, *among])
        _on(self._among_note.search_all, do.search_all, [], among)
        _on(self._matches.compare, do.compare, [self._result], [self._heat])
        _on(self._heat.look, do.look, [self._result], [self._heat])
        self._heat.change(
            None, None, None, js='() => window.audioSearch.showMiddle()', api_visibility='private'
        )
        for html in (self._matches, self._library):
            inside = _on(
                html.find_inside,
                do.find_inside,
                [self._last_sound, self._result],
                [self._tabs, self._inside],
            )
            inside.then(None, js='() => window.audioSearch.showInside()')
        saved = _on(self._matches.save_hits, do.save_hits, [self._result], [self._saved])
        saved.then(None, [self._saved], js='(html) => window.audioSearch.save(html)')
        for html in (self._matches, self._map, self._library):
            _on(html.like_this, do.like_this, options, [*place, *shown])

        _on(blocks.load, do.refresh, [self._offset], indexed)
        map_tab.select(None, js='() => window.audioSearch.clipMap.open()', api_visibility='private')
        _on(library_tab.select, do.refresh, [self._offset], indexed)
        _on(self._library.turn, do.turn, [], [self._offset, self._library])
        removed = _on(self._library.remove, do.remove, [], [self._added])
        added = _on(
            self._add.click, do.add_files, [self._files, self._label], [self._added, self._files]
        )
        added_toys = _on(self._add_toys.click, do.add_toys, [], [self._added])
        for done in (removed, added, added_toys):
            _on(done.then, do.refresh, [self._offset], indexed)


def _html(value: Html, **options: Any) -> gr.HTML:
    """HTML that is styled by page.css alone, without Gradio's rules for prose."""
    options.setdefault('js_on_load', None)
    return gr.HTML(value, apply_default_css=False, **options)


def _on(
    event: Callable[..., Any],
    handler: Callable[..., Any],
    inputs: list[Any],
    outputs: list[Any],
    latest: bool = False,
) -> Any:
    """Connect a handler. It is private, so that it is not offered as an API: that is at /docs.

    With `latest`, events during a run lead to one more run afterwards; else they are dropped."""
    return event(
        handler,
        inputs,
        outputs,
        show_progress='hidden',
        api_visibility='private',
        trigger_mode='always_last' if latest else 'once',
    )
