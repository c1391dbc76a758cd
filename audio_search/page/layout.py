"""The page: its controls, and what each of them does."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import gradio as gr

from audio_search.documents import Match
from audio_search.page import clip_map, library, matches
from audio_search.page.colours import Labels
from audio_search.page.heat_map import heat_map_html
from audio_search.page.library import PAGE_CLIPS, IndexView, read_index
from audio_search.page.queries import Found, Sound, Windows, search
from audio_search.page.text import Problem, alert, count, note, sentence, text
from audio_search.service.service import AudioService
from audio_search.service.views import Status

# Hands presses of buttons with data-event to the page's Python; Gradio looks for the names here.
EVENTS_JS = """
const known = ['compare', 'like_this', 'remove', 'turn'];
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

Html = str
Shown = tuple[Html, Html, Html, Html, Found | None, Sound | None]


class Page:
    """Builds the page for a service. What users do goes to the service itself, not over HTTP."""

    def __init__(self, service: AudioService) -> None:
        self.service = service
        self.labels = Labels()

    def build(self) -> gr.Blocks:
        with gr.Blocks(title='Audio search', fill_width=True) as blocks:
            self._status = _html(_header())
            self._found = gr.State(None)
            self._asked = gr.State(None)
            self._offset = gr.State(0)
            with gr.Tabs(elem_id='as-tabs') as self._tabs:
                with gr.Tab('Search', id='search'):
                    self._build_search()
                with gr.Tab('Map', id='map') as map_tab:
                    self._map = _html(note('Loading …'), js_on_load=EVENTS_JS)
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
                        _html(f'<p class="as-faint">{OWN_SOUND}</p>')
                        self._search_own = gr.Button(
                            'Search with this sound', variant='primary', elem_id='as-search-own'
                        )
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
                with gr.Row(elem_id='as-columns'):
                    self._matches = _html(
                        matches.NOTHING_YET, js_on_load=EVENTS_JS, elem_id='as-matches'
                    )
                    self._heat = _html('', elem_id='as-heat')

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
        self._added = _html('', elem_id='as-added')
        self._library = _html(note('Loading …'), js_on_load=EVENTS_JS, elem_id='as-library')

    def _connect(self, blocks: gr.Blocks, map_tab: gr.Tab, library_tab: gr.Tab) -> None:
        options: list[Any] = [self._labels, self._limit, self._distance, self._exclude]
        shown = [
            self._message, self._query, self._matches, self._heat, self._found, self._asked
        ]  # fmt: skip
        known = [self._status, self._clip, self._labels, self._add_toys, self._library]
        place = [self._tabs, self._sources, self._clip]

        for button, handler, sound in (
            (self._search_clip, self.search_clip, self._clip),
            (self._search_own, self.search_own, self._own),
        ):
            searched = _on(button.click, handler, [sound, *options], shown)
            searched.then(None, js='() => window.audioSearch.showResults()')
        for option in options:
            _on(option.change, self.search_again, [self._asked, *options], shown, latest=True)
        _on(self._matches.compare, self.compare, [self._found], [self._heat])
        for html in (self._matches, self._map, self._library):
            _on(html.like_this, self.like_this, options, [*place, *shown])

        _on(blocks.load, self.look, [self._offset], known)
        _on(map_tab.select, self.draw_map, [], [self._map])
        _on(library_tab.select, self.look, [self._offset], known)
        _on(self._library.turn, self.turn, [], [self._offset, self._library])
        removed = _on(self._library.remove, self.remove, [], [self._added])
        added = _on(
            self._add.click, self.add_files, [self._files, self._label], [self._added, self._files]
        )
        added_toys = _on(self._add_toys.click, self.add_toys, [], [self._added])
        for done in (removed, added, added_toys):
            _on(done.then, self.look, [self._offset], known)

    async def search_clip(self, key: str | None, *options: Any) -> AsyncIterator[Any]:
        sound = Sound.from_key(key) if key else None
        yield _remember(sound)
        yield await self._search(sound, *options)

    async def search_own(self, path: str | None, *options: Any) -> AsyncIterator[Any]:
        sound = Sound(path=Path(path)) if path else None
        yield _remember(sound)
        yield await self._search(sound, *options)

    async def search_again(self, asked: Sound | None, *options: Any) -> Any:
        """With other options. Nothing to do before the first search."""
        return await self._search(asked, *options) if asked else _unchanged(6)

    async def like_this(self, event: gr.EventData, *options: Any) -> AsyncIterator[Any]:
        """Search with an indexed clip that was met somewhere on the page."""
        sound = Sound(id=event.id)
        try:
            choices = (await read_index(self.service)).choices()
        except Exception:  # the search meets the same error, and tells it
            choices = []
        if sound.key not in {key for _, key in choices}:
            choices.append((event.id, sound.key))
        place = gr.Tabs(selected='search'), gr.Tabs(selected='clip')
        yield *place, gr.Dropdown(choices, value=sound.key), *_remember(sound)
        yield *_unchanged(3), *await self._search(sound, *options)

    async def _search(
        self,
        sound: Sound | None,
        labels: list[str] | None,
        limit: float,
        distance: float,
        exclude: bool,
    ) -> Shown:
        try:
            if sound is None:
                raise Problem('Choose a clip, or upload or record a sound, then press Search')
            if sound.path is not None and not sound.path.exists():
                raise Problem('The sound is not kept any more; upload or record it again')
            found = await search(self.service, sound, int(limit), labels or [], distance, exclude)
            html = matches.matches_html(found, self.labels)
            heat = await self._heat_map(found, found.matches[0]) if found.matches else ''
            return '', matches.query_html(found), html, heat, found, sound
        except Exception as error:
            return alert(sentence(error)), '', '', '', None, sound

    async def compare(self, event: gr.EventData, found: Found | None) -> Html:
        """The heat map of one of the matches."""
        try:
            chosen = [match for match in (found.matches if found else []) if match.id == event.id]
            if not found or not chosen:
                raise Problem('This search is not remembered any more; search again')
            return await self._heat_map(found, chosen[0])
        except Exception as error:
            return alert(sentence(error))

    async def _heat_map(self, found: Found, match: Match) -> Html:
        chunks = await self.service.chunks(str(match.id))
        return heat_map_html(found.windows, match, Windows.of(list(chunks)))

    async def look(self, offset: int) -> Any:
        """What is indexed, now: the header, what can be chosen, and the library."""
        try:
            known = await read_index(self.service)
            status = await self.service.status()
        except Exception as error:
            return alert(sentence(error)), *_unchanged(4)
        for label in known.labels():
            self.labels.colour(label)
        return (
            _header(status),
            gr.Dropdown(choices=known.choices()),
            gr.Dropdown(choices=known.labels()),
            _toys_button(known),
            await self._list(offset),
        )

    async def turn(self, event: gr.EventData) -> Any:
        """Another page of the library."""
        offset = int(event.offset)
        return offset, await self._list(offset)

    async def _list(self, offset: int) -> Html:
        try:
            page = await self.service.clips(offset, PAGE_CLIPS)
            if offset and not page.clips:  # the last of that page was deleted
                offset = max(0, offset - PAGE_CLIPS)
                page = await self.service.clips(offset, PAGE_CLIPS)
            return library.library_html(page.clips, offset, page.total, self.labels)
        except Exception as error:
            return alert(sentence(error))

    async def draw_map(self) -> Html:
        try:
            known = await read_index(self.service)
            return clip_map.map_html(known.clips, known.total, self.labels)
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
            known = await read_index(self.service)
            async for html in library.add_toys(self.service, known.toys):
                yield html
        except Exception as error:
            yield alert(sentence(error))


def _html(value: Html, **options: Any) -> gr.HTML:
    """HTML that looks as page.css says, and not as Gradio's prose."""
    options.setdefault('js_on_load', None)
    return gr.HTML(value, apply_default_css=False, **options)


def _on(
    event: Callable[..., Any],
    handler: Callable[..., Any],
    inputs: list[Any],
    outputs: list[Any],
    latest: bool = False,
) -> Any:
    """Connect a handler. Only the page may call it: the service's API is the one at /docs."""
    return event(
        handler,
        inputs,
        outputs,
        show_progress='hidden',
        api_visibility='private',
        trigger_mode='always_last' if latest else 'once',
    )


def _remember(sound: Sound | None) -> tuple[Any, ...]:
    """What is searched with, told before the search: options may change while it runs."""
    return *_unchanged(5), sound


def _unchanged(outputs: int) -> tuple[Any, ...]:
    return tuple(gr.skip() for _ in range(outputs))


def _toys_button(known: IndexView) -> gr.Button:
    if not known.toys:
        return gr.Button(visible=False)
    return gr.Button(f'Add the {count(len(known.toys), "toy clip")}', visible=True)


def _header(status: Status | None = None) -> Html:
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
