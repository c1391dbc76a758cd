"""What is indexed, as HTML: a list of clips that is searched, filtered and turned by pages."""

from collections.abc import Callable, Iterator, Sequence

from audio_search.page.colours import LabelColours
from audio_search.page.listed import PAGE_CLIPS, Listed
from audio_search.page.text import FILE_GONE, chip, count, file_name, label_of, note, text
from audio_search.paths import audio_path
from audio_search.service.views import ListedClip, Status

MAX_TAGS = 3
MAX_HEARD = 2
HEARD = 0.3  # probability from which on a word is shown
NEIGHBOURS = 2  # pages beside the one that is shown that can be turned to
UNDO_S = 10

EMPTY = note('Nothing is indexed yet. Add your own files above, or the toy clips to try it out.')
NO_FIT = note('No clip fits. Try fewer words or tags: each word has to begin a word of the clip.')

# library.js fills it. The names of its events stand here, where Gradio looks for them.
LIBRARY_JS = "window.audioSearch.library.start(element, trigger, ['list', 'remove', 'relabel']);"
LIBRARY_HTML = f"""<section class="as-finder" aria-label="Find clips" data-undo-s="{UNDO_S}">
<div class="as-line"><label class="as-find"><span class="as-hidden">Find clips</span>
<input type="search" id="as-find" placeholder="Find by name, label, tag or word" maxlength="500"
autocomplete="off"></label><label>Sort <select id="as-order"><option value="newest">newest first
</option><option value="oldest">oldest first</option></select></label></div>
<div class="as-tags" data-tags="Only with these tags" data-hint="A label, or any tag as name:
value."></div>
<div class="as-selected" role="toolbar" aria-label="Selected clips" hidden><b role="status"></b>
<button type="button" data-library="every" hidden></button>
<form><label><span class="as-hidden">New label</span><input type="text" id="as-new-label"
placeholder="New label" maxlength="500" autocomplete="off"></label>
<button type="submit" data-library="relabel">Set label</button></form>
<button type="button" class="as-danger" data-library="delete">Delete</button>
<button type="button" data-library="none">Select none</button></div>
<div class="as-toast" hidden><span role="status"></span>
<button type="button" data-library="undo">Undo</button></div></section>"""


def header_html(status: Status | None = None) -> str:
    """The page's title, and what is indexed with which weights once that is known."""
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


def library_html(
    clips: Sequence[ListedClip],
    listed: Listed,
    total: int,
    colours: LabelColours,
    is_upload: Callable[[str | None], bool],
) -> str:
    """A table of one page of the clips that fit, each with its player and its actions."""
    if not total:
        return NO_FIT if listed.filter() else EMPTY
    rows = ''.join(_row(clip, colours, is_upload(clip.uri)) for clip in clips)
    pages = -(-total // PAGE_CLIPS)
    turn = ''.join(_turns(listed.page, pages))
    return f"""<table class="as-library" data-total="{total}" data-pages="{pages}">
<caption class="as-faint">{listed.offset + 1:,} to {listed.offset + len(clips):,} of
{count(total, 'clip')}</caption><thead><tr><th scope="col"><input type="checkbox"
data-select-page aria-label="Select all clips of this page"></th><th scope="col">Clip</th>
<th scope="col">Label</th><th scope="col">Windows</th><th scope="col">Listen</th>
<th scope="col">Actions</th></tr></thead><tbody>{rows}</tbody></table>
<nav class="as-turn" aria-label="Pages">{turn}</nav>"""


def _turns(page: int, pages: int) -> Iterator[str]:
    """Buttons to the first and the last page, to those beside `page`, and to any by its number."""
    near = range(max(1, page - NEIGHBOURS), min(pages, page + NEIGHBOURS) + 1)
    before = 0
    for number in sorted({1, *near, pages}):
        if number > before + 1:
            yield '<span aria-hidden="true">…</span>'
        current = ' aria-current="page"' if number == page else ''
        yield (
            f'<button type="button" data-page="{number}" aria-label="Page {number:,}"{current}>'
            f'{number:,}</button>'
        )
        before = number
    if pages > 2 * NEIGHBOURS + 3:
        yield (
            f'<label>Page <input type="number" id="as-page" min="1" max="{pages}" value="{page}">'
            '</label>'
        )


def _row(clip: ListedClip, colours: LabelColours, is_upload: bool) -> str:
    id_, name = text(clip.id), text(file_name(clip.uri, clip.tags))
    sound = f'<span class="as-gone">{FILE_GONE}</span>'
    if not clip.missing:
        sound = (
            f'<audio controls preload="none" src="{text(audio_path(clip.id))}" '
            f'aria-label="Play {name}"></audio>'
        )
    label = label_of(clip.tags)
    windows = 'window' if clip.chunk_count == 1 else 'windows'
    return f"""<tr data-clip="{id_}" data-upload="{int(is_upload)}"><td><input type="checkbox"
data-select="{id_}" aria-label="Select {name}"></td>
<th scope="row" title="{text(clip.uri or clip.id)}">{name}
<div class="as-more">{_more(clip)}</div></th>
<td><button type="button" class="as-relabel" data-relabel="{id_}" data-label="{text(label)}"
aria-label="Change the label of {name}" title="Change the label">
{chip(label, colours)}</button></td>
<td class="as-number">{clip.chunk_count}<span class="as-unit"> {windows}</span></td>
<td>{sound}</td><td><div class="as-actions">
<button type="button" data-like="{id_}" data-name="{name}" aria-label="Search with {name}">Search
with this</button>
<button type="button" data-event="find_inside" data-id="{id_}"
aria-label="Find your sound inside {name}">Find inside</button>
<button type="button" class="as-danger" data-delete="{id_}"
aria-label="Delete {name}">Delete</button></div></td></tr>"""


def _more(clip: ListedClip) -> str:
    """Tags, which can be filtered by, and what is heard in it."""
    tags = [
        (key, value)
        for key, value in clip.tags.items()
        if key not in ('label', 'file') and isinstance(value, (str, int, float))
    ]
    shown = ''.join(
        f'<button type="button" class="as-tag" data-tag="{text(key)}" data-value="{text(value)}" '
        f'title="Show only these">{text(key)}: {text(value)}</button>'
        for key, value in tags[:MAX_TAGS]
    )
    heard = [name for name, probability in clip.words[:MAX_HEARD] if probability >= HEARD]
    said = f'<span class="as-faint">heard: {text(", ".join(heard))}</span>' if heard else ''
    return shown + said
