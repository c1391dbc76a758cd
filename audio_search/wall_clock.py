"""When a sound was recorded, from what recorders call their files, or from a tag of the clip."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import PurePosixPath
from typing import Any

TAG = 'recorded_at'

# Date and time as AudioMoth (20240512_043000.WAV, with a T where a sound triggered it), Song Meter
# (SITE_20240512_043000.wav, SITE_0+1_20240512$043000.wav) and others write them
# (2024-05-12T04-30-00), with the zone where there is one: Z, +02:00, -0500
# (https://openecoacoustics.org/resources/metadata-standard/filenames).
STAMP = re.compile(
    r'(?<!\d)(?P<date>(?:19|20)\d{2}(?P<dash>[-_]?)\d{2}(?P=dash)\d{2})[T_$ -]'
    r'(?P<time>\d{2}(?P<colon>[-_:.]?)\d{2}(?P=colon)\d{2})(?!\d)'
    r'(?P<fraction>\.\d+)?(?P<zone>Z(?![A-Za-z])|[+-]\d{2}:?\d{2}(?!\d))?'
)
# AudioMoths of 2017 to 2020: the UNIX time in hexadecimal, 5BE2F4A0.WAV. A date, 20240512, is
# outside these times, so neither is taken for the other.
HEX_STAMP = re.compile(r'[0-9A-F]{8}')
FIRST_AUDIOMOTH = datetime(2017, 1, 1, tzinfo=UTC)
LAST_HEX = datetime(2038, 1, 19, tzinfo=UTC)  # 31 bits end then
# Parts that `search --cut` wrote. Their names have the time of the recording, and not their own.
CUT = re.compile(r'\d\.\d{3}_.+_\d+(?:\.\d+)?_\d+(?:\.\d+)?(?:_\d+)?')
QUARTER = timedelta(minutes=15)  # every zone is a multiple of it
MAX_ZONE = timedelta(hours=14)


def start_of(uri: str | None, tags: Mapping[str, Any] | None) -> datetime | None:
    """When the recording of a clip began, None where that is not known.

    The tag `recorded_at` (ISO 8601, of the beginning of the whole file) goes first; one that is no
    time counts as none. Then the name of the file: that of an upload in the tag `file`, then the
    last part of the uri. The time has a zone where one was given; without one it is what the clock
    of the recorder showed.
    """
    tags = tags or {}
    told = _told(tags.get(TAG))
    if told is not None:
        return told
    uploaded, path = tags.get('file'), (uri or '').partition('#')[0]
    named = from_name(uploaded) if isinstance(uploaded, str) else None
    return named or (None if path.startswith('data:') else from_name(path))


def from_name(name: str) -> datetime | None:
    """The time in the name or path of a file, None where there is none. An impossible one, such as
    the 30th of February, is none."""
    stem = PurePosixPath(name.replace('\\', '/')).name
    if CUT.fullmatch(_without_suffix(stem)):
        return None
    for found in STAMP.finditer(stem):
        if (time := _stamp(found)) is not None:
            return time
    return _hex_time(_without_suffix(stem))


def at(start: datetime, offset_ms: float) -> str | None:
    """The time `offset_ms` after the beginning of a recording as ISO 8601 text, to the millisecond;
    None beyond the year 9999."""
    try:
        return (start + timedelta(milliseconds=round(offset_ms))).isoformat(timespec='milliseconds')
    except OverflowError:
        return None


def recorded_at(uri: str | None, tags: Mapping[str, Any] | None, beg_in_ms: Any) -> str | None:
    """When the part of a clip that begins `beg_in_ms` after the beginning of its file was recorded,
    as `at`; None where that, or `beg_in_ms`, is not known."""
    if beg_in_ms is None or (start := start_of(uri, tags)) is None:
        return None
    return at(start, beg_in_ms)


def with_times(
    events: Iterable[Mapping[str, Any]], uri: str | None, tags: Mapping[str, Any] | None
) -> list[dict[str, Any]]:
    """Events of a recording ({"beg_s": seconds from the beginning of its file, …}), each with
    `recorded_at`, as `at`, where the start of the recording is known."""
    start = start_of(uri, tags)
    if start is None:
        return [dict(event) for event in events]
    timed = []
    for event in events:
        time = at(start, 1000 * event['beg_s'])
        timed.append(dict(event) if time is None else {**event, 'recorded_at': time})
    return timed


def shown(recorded_at: str) -> str:
    """The ISO text of `at` as people read it: 2024-05-12 04:30:02, with the zone where it has
    one."""
    return datetime.fromisoformat(recorded_at).isoformat(' ', 'seconds')


def _told(value: Any) -> datetime | None:
    """What the tag says; a date alone says no time of day."""
    text = value.strip() if isinstance(value, str) else ''
    if not re.search(r'[T ]\d', text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _stamp(found: re.Match[str]) -> datetime | None:
    digits = re.sub(r'\D', '', found['date'] + found['time'])
    try:
        time = datetime.strptime(digits, '%Y%m%d%H%M%S')
    except ValueError:
        return None
    time += timedelta(seconds=float(found['fraction'] or 0))
    return time.replace(tzinfo=_zone(found['zone']))


def _zone(text: str | None) -> tzinfo | None:
    """The zone; None for what is none, such as a number that a program added: -0001."""
    if not text:
        return None
    if text == 'Z':
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    away = timedelta(hours=hours, minutes=minutes)
    if minutes > 59 or away > MAX_ZONE or away % QUARTER:
        return None
    return datetime.strptime(text, '%z').tzinfo


def _hex_time(stem: str) -> datetime | None:
    if not HEX_STAMP.fullmatch(stem):
        return None
    seconds = int(stem, 16)
    if not FIRST_AUDIOMOTH.timestamp() <= seconds < LAST_HEX.timestamp():
        return None
    return datetime.fromtimestamp(seconds, UTC)


def _without_suffix(name: str) -> str:
    return re.sub(r'\.[A-Za-z][A-Za-z0-9]{1,4}$', '', name)
