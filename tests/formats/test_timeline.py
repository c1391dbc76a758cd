"""The picture of a recording's events, read back as a browser reads it."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio_search.formats.timeline import (
    MAX_BARS,
    Recording,
    bars,
    clock,
    recording_html,
    recordings_of,
    timeline_html,
)
from audio_search.wall_clock import with_times

EVIL = '<script>alert(1)</script>"\'&.wav'


class Reader(HTMLParser):
    """The attributes of the elements, by the name of the element, and all text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: dict[str, list[dict[str, str | None]]] = {}
        self.text: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.setdefault(tag, []).append(dict(attrs))

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def having(self, name: str) -> list[str]:
        """The values of an attribute, in order."""
        everything = (one for elements in self.elements.values() for one in elements)
        return [str(one[name]) for one in everything if name in one]


def event(beg_s: float, distance: float = 0.5, **fields: Any) -> dict[str, Any]:
    return {
        'id': 'a',
        'uri': 'a.wav',
        'beg_s': beg_s,
        'end_s': beg_s + 2,
        'peak_s': beg_s + 1,
        'distance': distance,
        'rarity': 2000,
    } | fields


def recording(*events: dict[str, Any], duration_s: float | None = 600, **fields: Any) -> Recording:
    given: dict[str, Any] = {'id': 'a', 'uri': 'a.wav', 'sources': ('/audio/a',)} | fields
    return Recording(duration_s=duration_s, events=events, **given)


def test_the_recordings_of_an_answer_are_those_of_its_events_best_first() -> None:
    answer = {
        'events': [event(5, id='b', uri='b.wav'), event(3), event(9, id='b', uri='b.wav')],
        'recordings': [
            {
                'id': name,
                'uri': f'{name}.wav',
                'duration_s': 60,
                'recorded_at': '2024-05-12T04:30:00',
            }
            for name in 'abc'
        ],
    }
    found = recordings_of(answer, lambda id_, uri: [f'/audio/{id_}', f'file:///{uri}'])
    assert [(one.id, one.uri, one.duration_s, len(one.events)) for one in found] == [
        ('b', 'b.wav', 60, 2), ('a', 'a.wav', 60, 1), ('c', 'c.wav', 60, 0)
    ]  # fmt: skip
    assert found[0].sources == ('/audio/b', 'file:///b.wav')
    assert found[0].recorded_at == '2024-05-12T04:30:00'
    (bare,) = recordings_of({'events': [event(3)]}, lambda id_, uri: [])
    assert (bare.duration_s, bare.sources) == (None, ())
    assert recordings_of({}, lambda id_, uri: []) == []


@given(
    st.floats(0.1, 400 * 86_400),
    st.lists(st.floats(0, 1), max_size=20),
)
def test_every_event_is_in_one_of_few_bars(duration_s: float, shares: list[float]) -> None:
    events = [event(share * duration_s) for share in shares]
    width_s, counts = bars(events, duration_s)
    assert len(counts) <= MAX_BARS
    assert sum(counts) == len(events)
    assert (len(counts) - 1) * width_s < duration_s <= len(counts) * width_s
    for number, count in enumerate(counts[:-1]):
        assert count == sum(int(one['beg_s'] // width_s) == number for one in events)


@pytest.mark.parametrize(
    ('duration_s', 'name'),
    [(20, 'minute'), (7200, 'minute'), (7201, '2 minutes'), (36_000, '5 minutes'),
     (86_400, '15 minutes'), (30 * 86_400, '6 hours'), (90 * 86_400, 'day'),
     (365 * 86_400, '4 days')],
)  # fmt: skip
def test_bars_are_named_by_their_width(duration_s: float, name: str) -> None:
    assert f'Found per {name}; the most is 1' in recording_html(
        recording(event(3), duration_s=duration_s)
    )


def test_events_are_drawn_where_they_are_and_play_from_their_time() -> None:
    read = Reader(recording_html(recording(event(59, 0.4), event(299, 0.6), duration_s=600)))
    dots = [one for one in read.elements['button'] if 'style' in one]
    assert [one['style'] for one in dots] == ['left:10.00%;top:8.0%', 'left:50.00%;top:92.0%']
    assert [one['data-play'] for one in dots] == ['59.000,61.000', '299.000,301.000']
    rows = [one for one in read.elements['button'] if 'aria-label' in one]
    assert [one['data-play'] for one in rows] == ['59.000,61.000', '299.000,301.000']
    assert [one['src'] for one in read.elements['source']] == ['/audio/a#t=59.000,61.000']
    shown = [one for one in read.elements['i'] if one['title'] in ('0:00: 1', '4:00: 1')]
    assert [one['style'] for one in shown] == [
        'left:0.00%;width:10.00%;height:100.00%', 'left:40.00%;width:10.00%;height:100.00%'
    ]  # fmt: skip
    text = ' '.join(read.text)
    for expected in ('0:59.0 – 1:01.0', '4:59.0 – 5:01.0', '0.400', '1 in 2,000', '2 places'):
        assert expected in text


def test_the_time_of_day_is_there_where_it_is_known() -> None:
    name = '20240512_233000.wav'
    events = with_times([event(1740), event(2400)], name, {})
    started = recording(*events, duration_s=3600, recorded_at='2024-05-12T23:30:00.000')
    text = ' '.join(Reader(recording_html(started)).text)
    for expected in ('recorded from 2024-05-12 23:30:00 on', '2024-05-13 00:10:00', '00:30'):
        assert expected in text
    assert 'Recorded' not in recording_html(recording(event(3)))


def test_a_recording_without_events_or_without_its_file_says_so() -> None:
    html = recording_html(recording())
    assert 'The sound was not found in this recording' in html
    assert '<button' not in html
    gone = Reader(recording_html(recording(event(3), sources=())))
    assert 'The file of this recording is gone, so it cannot be played.' in gone.text
    assert 'audio' not in gone.elements
    assert all('disabled' in one for one in gone.elements['button'])


def test_a_length_that_is_not_known_ends_with_the_last_event() -> None:
    assert '1 place in 1:02<' in recording_html(recording(event(60), duration_s=None))
    assert '1 place in 1:02<' in recording_html(recording(event(60), duration_s=30))


def test_few_rows_are_listed_where_there_are_many_events() -> None:
    events = [event(n, n / 2000) for n in range(1500)]
    html = recording_html(recording(*events, duration_s=3600), max_rows=100)
    assert html.count('<tr>') == 101
    assert 'The best 100 of 1,500.' in html
    assert html.count('tabindex="-1"') == 1500


def test_no_name_is_taken_for_markup() -> None:
    evil = recording(event(3), id=EVIL, uri=EVIL, sources=(f'/audio/{EVIL}',))
    for html in (recording_html(evil), timeline_html([evil], EVIL)):
        read = Reader(html)
        assert EVIL in ''.join(read.text)
        assert len(read.elements.get('script', [])) == html.count('</script>') <= 1
        assert 'alert' not in ' '.join(read.elements)
        assert read.elements['source'] == [{'src': f'/audio/{EVIL}#t=3.000,5.000'}]


def test_the_file_is_whole_and_the_same_each_time() -> None:
    made = timeline_html([recording(event(3), event(4)), recording(id='b', uri=None)], 'q.wav')
    assert made == timeline_html(
        [recording(event(3), event(4)), recording(id='b', uri=None)], 'q.wav'
    )
    read = Reader(made)
    assert not {'link', 'img', 'iframe'} & read.elements.keys()
    assert read.having('src') == ['/audio/a#t=3.000,5.000']
    assert not re.search(r'url\(|@import|https?:', made)
    assert 'Where q.wav occurs' in read.text
    assert 'No recording was searched.' in timeline_html([], 'q.wav')


@pytest.mark.parametrize(
    ('time_s', 'digits', 'shown'),
    [(0, 1, '0:00.0'), (59.96, 1, '1:00.0'), (250.24, 1, '4:10.2'), (3600, 0, '1:00:00'),
     (3850.2, 1, '1:04:10.2'), (360_000, 0, '100:00:00')],
)  # fmt: skip
def test_times_are_those_of_a_clock(time_s: float, digits: int, shown: str) -> None:
    assert clock(time_s, digits) == shown
