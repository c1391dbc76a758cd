"""The events of recordings as a picture: one HTML file with everything but the sound in it.

The body of a recording and its styles are the page's too, which gives them its own colours.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from audio_search.wall_clock import shown

MAX_BARS = 120
# Widths of a bar, in s, from which the first is taken that makes at most MAX_BARS; then days.
BAR_WIDTHS_S = (60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200)
DAY_S = 86_400
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
MIN_RANGE = 0.05  # of distances in the strip; with less, tiny differences would look large
STRIP_MARGIN = 0.08  # share of the strip's height that stays empty, so that no dot is cut
MIN_PLAYED_S = 1.0  # of an event, which may be a click
PACKAGE = 'audio_search.formats'

Event = Mapping[str, Any]  # beg_s, end_s, peak_s, distance, rarity; recorded_at where it is known


@dataclass(frozen=True)
class Recording:
    """A recording and the events in it, best first.

    `duration_s` is its length, None where that is not known: then it ends with its last event.
    `recorded_at` is when it began, ISO 8601, None likewise.
    `sources` are the addresses of its sound, of which the first that answers is played; none where
    its file is gone.
    """

    id: str
    uri: str | None
    duration_s: float | None
    events: Sequence[Event]
    sources: tuple[str, ...] = ()
    recorded_at: str | None = None

    @property
    def name(self) -> str:
        return self.uri or self.id


def recordings_of(
    answer: Mapping[str, Any], sources: Callable[[str, str | None], Sequence[str]]
) -> list[Recording]:
    """The recordings of an answered search inside some, in the order of their best event.

    `sources(id, uri)` gives the addresses of the sound of each.
    """
    known = {one['id']: one for one in answer.get('recordings') or ()}
    events: dict[str, list[Event]] = {}
    uris: dict[str, str | None] = {id_: one.get('uri') for id_, one in known.items()}
    for event in answer.get('events') or ():
        events.setdefault(event['id'], []).append(event)
        uris.setdefault(event['id'], event.get('uri'))
    return [
        Recording(
            id_,
            uris[id_],
            known.get(id_, {}).get('duration_s'),
            events.get(id_, []),
            tuple(sources(id_, uris[id_])),
            known.get(id_, {}).get('recorded_at'),
        )
        for id_ in dict.fromkeys([*events, *uris])
    ]


def timeline_html(recordings: Sequence[Recording], query: str) -> str:
    """A file that shows the recordings one below the other; `query` is what the sound that was
    looked for is called. The same recordings give the same file."""
    return (
        _environment()
        .get_template('timeline.html')
        .render(
            query=query,
            styles=styles(),
            bodies=[recording_html(one) for one in recordings],
        )
    )


def recording_html(recording: Recording, max_rows: int | None = None) -> str:
    """The timeline of one recording: detections over time, their distances, and a table, which
    lists the best `max_rows` where that is given."""
    events = recording.events
    axis_s = _axis_s(recording)
    told = recording.recorded_at
    start = datetime.fromisoformat(told) if told else None
    width_s, counts = bars(events, axis_s)
    highest = max(counts, default=0)
    return (
        _environment()
        .get_template('recording.html')
        .render(
            recording=recording,
            axis=clock(axis_s, 0),
            start=start and start.isoformat(' ', 'seconds'),
            bar_name=_bar_name(width_s),
            bars=[
                {
                    'left': share(number * width_s, axis_s),
                    'width': share(min(width_s, axis_s - number * width_s), axis_s),
                    'height': share(count, highest),
                    'title': f'{clock(number * width_s, 0)}: {count:,}',
                }
                for number, count in enumerate(counts)
                if count
            ],
            highest=highest,
            ticks=[
                {
                    'left': f'{at:.0%}',
                    'time': clock(at * axis_s, 0),
                    'day': _day(start, at * axis_s),
                }
                for at in TICKS
            ],
            dots=[
                {
                    'left': share(event['peak_s'], axis_s),
                    'top': f'{top:.1%}',
                    'play': _play(event),
                    'title': f'{clock(event["peak_s"])}: distance {event["distance"]:.3f}',
                }
                for event, top in zip(events, _heights(events), strict=True)
            ],
            nearest=min((event['distance'] for event in events), default=0),
            farthest=max((event['distance'] for event in events), default=0),
            rows=[_row(number, event) for number, event in enumerate(events[:max_rows], 1)],
            is_timed=any('recorded_at' in event for event in events),
        )
    )


def styles() -> str:
    """The CSS of the bodies. It takes its colours from variables that are named --tl-…."""
    return (files(PACKAGE) / 'templates' / 'timeline.css').read_text()


def bars(events: Sequence[Event], duration_s: float) -> tuple[int, list[int]]:
    """How long a bar is, in s, and how many events begin in each."""
    days = math.ceil(duration_s / DAY_S / MAX_BARS) * DAY_S
    fitting = (width for width in BAR_WIDTHS_S if math.ceil(duration_s / width) <= MAX_BARS)
    width_s = next(fitting, days)
    counts = [0] * max(1, math.ceil(duration_s / width_s))
    for event in events:
        counts[min(int(event['beg_s'] // width_s), len(counts) - 1)] += 1
    return width_s, counts


def clock(time_s: float, digits: int = 1) -> str:
    """Seconds as 4:10.2, or 1:04:10.2 from an hour on."""
    steps = 10**digits
    whole, rest = divmod(round(time_s * steps), steps)
    minutes, seconds = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f'.{rest:0{digits}}' if digits else ''
    if hours:
        return f'{hours}:{minutes:02}:{seconds:02}{fraction}'
    return f'{minutes}:{seconds:02}{fraction}'


def share(part: float, whole: float) -> str:
    """A part of a whole, as CSS has it."""
    return f'{min(1.0, max(0.0, part / whole if whole else 0.0)):.2%}'


def _axis_s(recording: Recording) -> float:
    ends = [event['end_s'] for event in recording.events]
    return float(max([recording.duration_s or 0, *ends, 1.0]))


def _day(start: datetime | None, offset_s: float) -> str:
    return '' if start is None else f'{start + timedelta(seconds=offset_s):%H:%M}'


def _bar_name(width_s: int) -> str:
    for unit_s, unit in ((DAY_S, 'day'), (3600, 'hour'), (60, 'minute')):
        if width_s >= unit_s:
            number = width_s // unit_s
            return unit if number == 1 else f'{number} {unit}s'
    raise ValueError(f'no bar is {width_s} s long')


def _heights(events: Sequence[Event]) -> list[float]:
    """Where in the strip each event is, as a share of its height: the nearest at the top."""
    distances = [event['distance'] for event in events]
    low = min(distances, default=0.0)
    spread = max(max(distances, default=0.0) - low, MIN_RANGE)
    return [STRIP_MARGIN + (1 - 2 * STRIP_MARGIN) * (one - low) / spread for one in distances]


def _row(number: int, event: Event) -> dict[str, Any]:
    time = event.get('recorded_at')
    return {
        'number': number,
        'part': f'{clock(event["beg_s"])} – {clock(event["end_s"])}',
        'day': shown(time) if time else '',
        'distance': f'{event["distance"]:.3f}',
        'rarity': f'1 in {event["rarity"]:,}',
        'play': _play(event),
    }


def _play(event: Event) -> str:
    """What is played of an event, begin and end in s, which is also what #t= takes."""
    end_s = max(event['end_s'], event['beg_s'] + MIN_PLAYED_S)
    return f'{event["beg_s"]:.3f},{end_s:.3f}'


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader(PACKAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
