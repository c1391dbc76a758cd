from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio_search.wall_clock import at, from_name, recorded_at, shown, start_of, with_times

START = datetime(2024, 5, 12, 4, 30)
NAME = '20240512_043000.wav'


@pytest.mark.parametrize(
    'name',
    [
        '20240512_043000.WAV',  # AudioMoth
        '20240512_043000T.WAV',  # AudioMoth, triggered
        '24F31901603715A9_20240512_043000.WAV',
        'SITE-1_20240512_043000.wav',  # Song Meter SM4, Mini, Micro
        'SITE_-_20240512_043000.wav',
        'SITE_0+1_20240512_043000.wav',  # SM3, both channels
        'SITE_A_20240512$043000.wav',  # with GPS
        'SITE_20240512_043000_000.wav',
        '2024-05-12T04-30-00.flac',
        'field 2024-05-12 04.30.00.mp3',
        '2024_05_12_04_30_00.ogg',
        '20240512-043000.m4a',
        '20240512T043000_Oxley.wav',
        'E:\\card\\20240512_043000.WAV',
        'night/20240512_043000.WAV',
        '20240230_000000_20240512_043000.wav',  # the first is no time
        '20240512_043000-0001.wav',  # a number that a program added, and no zone
    ],
)
def test_recorders_say_when_they_began(name: str) -> None:
    assert from_name(name) == START


@pytest.mark.parametrize(
    ('name', 'time'),
    [
        ('20240512_043000Z.wav', START.replace(tzinfo=UTC)),
        ('20240512T043000+1000_a.wav', START.replace(tzinfo=timezone(timedelta(hours=10)))),
        ('2024-05-12T04-30-00-03:30.wav', START.replace(tzinfo=timezone(-timedelta(hours=3.5)))),
        ('20240512T043000.25.wav', START + timedelta(seconds=0.25)),
        ('5BE2F4A0.WAV', datetime(2018, 11, 7, 14, 20, 16, tzinfo=UTC)),
    ],
)
def test_zones_fractions_and_hexadecimal_times(name: str, time: datetime) -> None:
    found = from_name(name)
    assert found == time
    assert found.utcoffset() == time.utcoffset()


@pytest.mark.parametrize(
    'name',
    [
        '',
        'bell.mp3',
        '20240512.WAV',  # a date alone, although its digits are hexadecimal ones
        '10160435.wav',
        '5be2f4a0.wav',  # AudioMoths write capitals; this may be a part of a hash
        'FFFFFFFF.WAV',
        '20240230_043000.wav',
        '20240512_250000.wav',
        '20240512_046000.wav',
        '30240512_043000.wav',
        '120240512_043000.wav',
        '20240512_0430001.wav',
        '20240512_043000/bell.mp3',
        '0.123_20240512_043000_62_66.wav',  # a part, which began 62 s later
        '0.123_20240512_043000_62.5_66.5_2.wav',
    ],
)
def test_what_is_no_time_is_none(name: str) -> None:
    assert from_name(name) is None


def test_the_tag_goes_before_the_name() -> None:
    assert start_of(NAME, {'recorded_at': '2023-01-02T03:04:05'}) == datetime(2023, 1, 2, 3, 4, 5)
    with_zone = start_of(NAME, {'recorded_at': '20230102T0304+02:00'})
    assert with_zone == datetime(2023, 1, 2, 1, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    'told', ['yesterday', '2023-01-02', ' 2023-01-02', '2023-02-30T01:00', '', None, 5, [], {}]
)
def test_a_tag_that_is_no_time_is_ignored(told: Any) -> None:
    assert start_of(NAME, {'recorded_at': told}) == START
    assert start_of('bell.mp3', {'recorded_at': told}) is None


def test_an_upload_is_called_as_it_was_where_it_came_from() -> None:
    assert start_of('0123abcd/sound.wav', {'file': NAME}) == START
    assert start_of(NAME, {'file': 'bell.mp3'}) == START
    assert start_of('data:audio/wav;base64,20240512_043000', {}) is None
    assert start_of(None, None) is None


def test_a_part_of_a_file_counts_from_the_beginning_of_the_file() -> None:
    assert recorded_at(f'{NAME}#t=600,1200', {}, 602_000) == '2024-05-12T04:40:02.000'
    assert recorded_at(NAME, {}, None) is None
    assert recorded_at('bell.mp3', {}, 0) is None


def test_events_are_given_their_times() -> None:
    events = [{'beg_s': 61.25, 'distance': 0.5}, {'beg_s': 0.0}]
    assert with_times(events, NAME, {}) == [
        {'beg_s': 61.25, 'distance': 0.5, 'recorded_at': '2024-05-12T04:31:01.250'},
        {'beg_s': 0.0, 'recorded_at': '2024-05-12T04:30:00.000'},
    ]
    assert with_times(events, 'bell.mp3', {'recorded_at': 'never'}) == events


def test_beyond_the_calendar_there_is_no_time() -> None:
    last = '9999-12-31T23:59:59'
    assert recorded_at('a.wav', {'recorded_at': last}, 2000) is None
    assert with_times([{'beg_s': 2.0}], 'a.wav', {'recorded_at': last}) == [{'beg_s': 2.0}]


def test_people_read_a_space_and_no_milliseconds() -> None:
    assert shown('2024-05-12T04:30:02.500') == '2024-05-12 04:30:02'
    assert shown('2024-05-12T04:30:02.500+02:00') == '2024-05-12 04:30:02+02:00'


@given(
    st.datetimes(datetime(1900, 1, 1), datetime(2099, 12, 31)),
    st.integers(0, 10**9),
    st.sampled_from(['%Y%m%d_%H%M%S', '%Y%m%d$%H%M%S', '%Y-%m-%dT%H-%M-%S']),
)
def test_times_are_those_of_the_calendar(start: datetime, ms: int, pattern: str) -> None:
    start = start.replace(microsecond=0)
    name = f'SITE_{start.strftime(pattern)}.wav'
    found = start_of(name, {})
    assert found == start
    expected = at(start, ms)
    assert expected is not None
    assert datetime.fromisoformat(expected) - start == timedelta(milliseconds=ms)
    assert recorded_at(name, {}, ms) == expected


@given(st.text(), st.dictionaries(st.sampled_from(['recorded_at', 'file', 'a']), st.text()))
def test_no_name_and_no_tag_is_too_odd(uri: str, tags: dict[str, str]) -> None:
    start = start_of(uri, tags)
    assert start is None or isinstance(start, datetime)
