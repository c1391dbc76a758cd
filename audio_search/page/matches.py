"""The matches of a search, as HTML: heard, compared, judged, kept."""

from dataclasses import dataclass
from urllib.parse import urlencode

from audio_search.documents import Match
from audio_search.page.colours import LabelColours
from audio_search.page.download import buttons_html
from audio_search.page.likeness import exact, likeness, share
from audio_search.page.queries import SearchResult
from audio_search.page.text import FILE_GONE, chip, file_name, label_of, note, part, status, text
from audio_search.paths import audio_path
from audio_search.wall_clock import shown

EAGER_PLAYERS = 8  # load their sound's length at once; those further down when they are played
MAX_TAGS = 4
SHOWN_ELSEWHERE = ('label', 'file')

KEYS = (
    '<p class="as-faint as-keys">Keys: <kbd>↑</kbd> <kbd>↓</kbd> next and play, <kbd>space</kbd> '
    'pause, <kbd>+</kbd> <kbd>−</kbd> right or wrong, <kbd>L</kbd> label, <kbd>/</kbd> search</p>'
)
NOTHING_YET = note('Choose a sound and press Search. What sounds like it appears here.')
NOTHING_INDEXED = (
    '<p class="as-note">Nothing is indexed yet, so nothing can be found. '
    '<button type="button" class="as-button" data-tab="library">Add sounds in the library</button>'
    '</p>'
)


def matches_html(result: SearchResult, colours: LabelColours) -> str:
    """The note about the query, if there is one, and the matches, or why there are none."""
    notice = status(result.note) if result.note else ''
    if notice and not (result.matches or result.farther or result.judged):
        return notice  # a silent sound has no matches, whatever is in the index
    return notice + _list(result, colours) + _judged(result, colours)


def _list(result: SearchResult, colours: LabelColours) -> str:
    if not result.matches:
        if result.is_alone:
            return note(
                'The chosen clip is the only one that fits. Untick “Leave out the chosen clip '
                'itself” to see it, or add more clips under “Library”.'
            )
        if result.judged:
            return note('All that fit are judged.')
        if result.farther:
            nearest = result.farther[0].scores['cosine']
            return note(
                f'No match within that distance: the nearest is {nearest:.3f} away. '
                'Move “Greatest distance” to the right to see it.'
            )
        if result.asked.filter():
            return note(
                'No clip has what was chosen under “Only these labels” or on the map. Choose other '
                'labels, or search all clips.'
            )
        return NOTHING_INDEXED
    rows = ''.join(
        _row(place, match, colours, result) for place, match in enumerate(result.matches)
    )
    is_doubtful = result.asked.is_doubtful_first and not result.asked.single
    order = 'most doubtful first' if is_doubtful else 'nearest first'
    hidden = ''
    if result.farther:
        hidden = note(f'{_heading(len(result.farther))} left out by “Greatest distance”.')
    return (
        f'<h2 class="as-title">{_heading(len(result.matches))} <span class="as-faint">{order}'
        f'</span></h2>{buttons_html("save_hits", "the matches")}{KEYS}'
        f'<ol class="as-matches" data-label="{text(result.label)}">{rows}</ol>{hidden}'
    )


def _judged(result: SearchResult, colours: LabelColours) -> str:
    """What was judged, which stays to be seen, and can be taken back."""
    if not result.judged:
        return ''
    first = len(result.matches)
    rows = ''.join(
        _row(first + place, match, colours, result) for place, match in enumerate(result.judged)
    )
    return (
        f'<h2 class="as-title">Judged <span class="as-faint">{len(result.judged)}, which count in '
        f'this search</span></h2><ol class="as-matches as-judged" '
        f'data-label="{text(result.label)}">{rows}</ol>'
    )


def _heading(matches: int) -> str:
    return '1 match' if matches == 1 else f'{matches} matches'


@dataclass(frozen=True)
class _Verdicts:
    """What was judged of a clip in this search, and of which part of it."""

    is_right: bool
    is_wrong: bool
    part: str | None  # as in data-part

    @classmethod
    def of(cls, result: SearchResult, id_: str) -> '_Verdicts':
        right, wrong = ({one.clip_id for one in some} for some in
                        (result.asked.right, result.asked.wrong))  # fmt: skip
        parts = {one.clip_id: one.value.partition('#t=')[2] for one in result.asked.judged}
        return cls(id_ in right, id_ in wrong, parts.get(id_) or None)


def _row(place: int, match: Match, colours: LabelColours, result: SearchResult) -> str:
    id_, distance = text(match.id), match.scores['cosine']
    alike = likeness(match)
    name, label = text(file_name(match.uri, match.tags)), label_of(match.tags)
    start, end = match.beg_in_ms or 0, match.end_in_ms or 0
    play = f'data-play="{start / 1000:g},{end / 1000:g}"'
    recorded = f' Recorded at {shown(match.recorded_at)}.' if match.recorded_at else ''
    chosen = '' if place else ' as-chosen'  # the one that is compared first
    verdicts = _Verdicts.of(result, str(match.id))
    window = verdicts.part or f'{start / 1000:g},{end / 1000:g}'
    sound = _sound(place, str(match.id), name, start, end, bool(match.missing))
    return f"""<li class="as-card as-match{chosen}" data-clip="{id_}" data-name="{name}"
data-part="{text(window)}" tabindex="-1"
aria-label="Match {place + 1}: {name}, {text(label) or 'no label'}, {alike}">
<div class="as-what"><span class="as-place" aria-hidden="true">{place + 1}</span>
{chip(label, colours)}<span class="as-name">{name}</span>{_tags(match)}</div>
<div class="as-sound">{sound}</div>
<div class="as-score"><div class="as-bar" aria-hidden="true">
<i style="width:{share(match):.1%}"></i></div>
<b class="as-alike" data-alike="{alike}" data-distance="{distance:.3f}"
title="{exact(match)}">{alike}<span class="as-hidden">, {exact(match)}</span></b></div>
<p class="as-parts">{_asked_part(match, result)} matched
<b>{part(start, end)}</b> of this clip.{recorded}</p>
<div class="as-actions">
<button type="button" {'disabled' if match.missing else play}>Play match</button>
<button type="button" data-event="compare" data-id="{id_}"
aria-label="Compare your windows with those of {name}">Compare</button>
<button type="button" data-like="{id_}" data-name="{name}"
aria-label="Search with {name}">Search with this</button>
<button type="button" data-event="find_inside" data-id="{id_}"
aria-label="Find your sound inside {name}">Find inside</button></div>
<div class="as-judge as-actions">{_judge(name, result.label, verdicts)}
<button type="button" class="as-keep" data-event="keep" data-id="{id_}"
aria-label="Keep {name} in the tray">Keep</button></div></li>"""


def _asked_part(match: Match, result: SearchResult) -> str:
    """What of the query is nearest to the match."""
    if result.is_of_a_sound:
        query_part = part(match.query_beg_in_ms or 0, match.query_end_in_ms or 0)
        return f'<b>{query_part}</b> of your sound'
    return 'Your words' if result.is_of_words else 'Your examples'


def _judge(name: str, label: str, verdicts: _Verdicts) -> str:
    buttons = ''.join(
        f'<button type="button" data-verdict="{verdict}" aria-pressed="{str(pressed).lower()}" '
        f'aria-label="{name} is {verdict}">{verdict.capitalize()}</button>'
        for verdict, pressed in (('right', verdicts.is_right), ('wrong', verdicts.is_wrong))
    )
    return (
        f'{buttons}<label>as an example of <input type="text" '
        f'class="as-judge-label" value="{text(label)}" maxlength="200" autocomplete="off" '
        f'placeholder="label" aria-label="Label that {name} is judged for"></label>'
    )


def _sound(place: int, id_: str, name: str, start: float, end: float, is_missing: bool) -> str:
    """The picture and the player of a match, from `start` to `end` (ms); `name` is HTML."""
    if is_missing:
        return f'<p class="as-gone">{FILE_GONE} It is still found, but cannot be played.</p>'
    audio = audio_path(id_)
    start_s, end_s = start / 1000, end / 1000
    times = urlencode({'beg_in_ms': start, 'end_in_ms': end})
    picture = f'/ui/spectrogram/{audio.removeprefix("/audio/")}?{times}'
    preload = 'metadata' if place < EAGER_PLAYERS else 'none'
    return f"""<img src="{text(picture)}" loading="lazy" width="320" height="64"
alt="Spectrogram of {name}, {part(start, end)} marked">
<audio controls preload="{preload}" src="{text(audio)}#t={start_s:g},{end_s:g}"
aria-label="Play {name} from {start_s:g} s"></audio>"""


def _tags(match: Match) -> str:
    shown = [(key, value) for key, value in match.tags.items() if key not in SHOWN_ELSEWHERE]
    return ''.join(
        f'<span class="as-tag">{text(key)}: {text(_short(value))}</span>'
        for key, value in shown[:MAX_TAGS]
    )


def _short(value: object, max_length: int = 60) -> str:
    shown = str(value)
    return shown if len(shown) <= max_length else f'{shown[: max_length - 1]}…'
