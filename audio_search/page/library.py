"""What is indexed: shown, added to and removed from."""

from audio_search.page.colours import LabelColours
from audio_search.page.matches import chip
from audio_search.page.text import FILE_GONE, count, file_name, label_of, note, text
from audio_search.paths import audio_path
from audio_search.service.service import AudioService
from audio_search.service.views import ListedClip, Status

PAGE_CLIPS = 20

EMPTY = note('Nothing is indexed yet. Add your own files above, or the toy clips to try it out.')


async def remove(service: AudioService, id_: str) -> None:
    await service.delete(ids=[id_])


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


def library_html(clips: list[ListedClip], offset: int, total: int, colours: LabelColours) -> str:
    """A table of one page of the clips, each with its player and its actions."""
    if not total:
        return EMPTY
    rows = ''.join(_row(clip, colours) for clip in clips)
    last = offset + len(clips)
    turn = ''.join(
        f'<button type="button" data-event="turn" data-offset="{to}" {"" if there else "disabled"}>'
        f'{name}</button>'
        for name, to, there in (
            ('Previous', max(0, offset - PAGE_CLIPS), offset > 0),
            ('Next', last, last < total),
        )
    )
    return f"""<table class="as-library"><caption class="as-faint">{offset + 1:,} to {last:,} of
{count(total, 'clip')}</caption><thead><tr><th scope="col">Clip</th><th scope="col">Label</th>
<th scope="col">Windows</th><th scope="col">Listen</th><th scope="col">Actions</th></tr></thead>
<tbody>{rows}</tbody></table><nav class="as-turn" aria-label="Pages">{turn}</nav>"""


def _row(clip: ListedClip, colours: LabelColours) -> str:
    id_, name = str(clip.id), file_name(clip.uri, clip.tags)
    sound = f'<span class="as-gone">{FILE_GONE}</span>'
    if not clip.missing:
        sound = (
            f'<audio controls preload="none" src="{text(audio_path(id_))}" '
            f'aria-label="Play {text(name)}"></audio>'
        )
    return f"""<tr data-clip="{text(id_)}"><th scope="row" title="{text(clip.uri or id_)}">
{text(name)}</th><td>{chip(label_of(clip.tags), colours)}</td>
<td class="as-number">{clip.chunk_count}<span class="as-unit"> windows</span></td>
<td>{sound}</td><td><div class="as-actions">
<button type="button" data-like="{text(id_)}" data-name="{text(name)}"
aria-label="Search with {text(name)}">Search with this</button>
<button type="button" data-event="find_inside" data-id="{text(id_)}"
aria-label="Find your sound inside {text(name)}">Find inside</button>
<button type="button" class="as-danger" data-confirm="Really delete?" data-event="remove"
data-id="{text(id_)}" aria-label="Delete {text(name)}">Delete</button></div></td></tr>"""
