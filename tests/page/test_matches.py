import re
from dataclasses import replace

import numpy as np
import pytest

from audio_search.documents import Match
from audio_search.page.asked import Asked, Example
from audio_search.page.colours import COLOURS, NO_LABEL, LabelColours
from audio_search.page.matches import matches_html
from audio_search.page.queries import SearchResult, Windows
from audio_search.page.query_card import query_html
from audio_search.page.spectrogram import draw

ASKED = Asked(like=(Example('id', 'q'),))


def result(seconds: float, windows: int, matches: int = 0, farther: int = 0) -> SearchResult:
    spans = [(2000.0 * number, 2000.0 * number + 4000) for number in range(windows)]
    made = [
        Match(
            id=f'id{number}',
            uri=f'{number}.wav',
            tags={'label': 'bell', 'year': 2000 + number},
            scores={'cosine': 0.1 * number},
            beg_in_ms=4000,
            end_in_ms=8000,
            query_beg_in_ms=2000,
            query_end_in_ms=6000,
        )
        for number in range(matches + farther)
    ]
    picture = draw(np.zeros(round(seconds * 16000), np.float32))
    own = Windows(spans, np.zeros((windows, 4), np.int8))
    return SearchResult(ASKED, 'q.wav', own, picture, None, made[:matches], made[matches:])


def test_a_row_says_what_matched_what() -> None:
    html = matches_html(result(10, 4, matches=2), LabelColours())
    assert html.count('<li ') == 2
    assert 'src="/audio/id1#t=4,8"' in html
    assert '/ui/spectrogram/id1?beg_in_ms=4000&amp;end_in_ms=8000' in html
    assert '<b>2 – 6 s</b> of your sound matched\n<b>4 – 8 s</b> of this clip' in html
    assert 'year: 2001' in html
    assert 'width:90.0%' in html


def test_a_row_says_when_its_part_was_recorded_where_that_is_known() -> None:
    one = result(10, 4, matches=2)
    one.matches[1].recorded_at = '2024-05-12T04:30:04.000'
    first, second = matches_html(one, LabelColours()).split('</li>')[:2]
    assert 'Recorded' not in first
    assert 'of this clip. Recorded at 2024-05-12 04:30:04.</p>' in second


def test_a_match_whose_file_is_gone_says_so_and_has_no_player() -> None:
    one = result(10, 4, matches=1)
    one.matches[0].missing = True
    html = matches_html(one, LabelColours())
    assert 'The file of this clip is gone.' in html
    assert '<audio' not in html
    assert '<img' not in html
    assert re.search(r'<button type="button" disabled>Play match<', html)
    assert 'data-event="compare"' in html
    assert 'data-like="id0" data-name="0.wav"' in html


@pytest.mark.parametrize('matches', [0, 2])
def test_what_is_to_be_known_of_the_query_stands_above_the_matches(matches: int) -> None:
    silent = replace(result(10, 4, matches=matches), note='this sound is <almost> silent')
    html = matches_html(silent, LabelColours())
    assert html.startswith(
        '<p class="as-note" role="status">this sound is &lt;almost&gt; silent</p>'
    )
    assert 'role="status"' not in matches_html(result(10, 4, matches=matches), LabelColours())


@pytest.mark.parametrize('distance', [0.0, 1.0, 2.0])
def test_the_bar_stays_within_its_frame(distance: float) -> None:
    one = result(10, 4, matches=1)
    one.matches[0].scores = {'cosine': distance}
    width = re.search(r'width:([\d.]+)%', matches_html(one, LabelColours()))
    assert width
    assert float(width[1]) == max(0.0, 100 * (1 - distance))


def test_a_silent_sound_does_not_blame_the_labels() -> None:
    silent = replace(result(10, 4, matches=0), note='nothing can be heard in it')
    html = matches_html(silent, LabelColours())
    assert html == '<p class="as-note" role="status">nothing can be heard in it</p>'


def test_no_matches_say_why() -> None:
    assert 'data-tab="library"' in matches_html(result(10, 4), LabelColours())
    alone = replace(result(10, 4), is_alone=True)
    assert 'the only one that fits. Untick' in matches_html(alone, LabelColours())
    chosen = replace(result(10, 4), asked=replace(ASKED, tags=(('label', 'bell'),)))
    assert 'Choose other labels' in matches_html(chosen, LabelColours())
    beyond = matches_html(result(10, 4, farther=3), LabelColours())
    assert 'the nearest is 0.000 away' in beyond


def test_what_the_distance_left_out_is_counted() -> None:
    assert '3 matches left out' in matches_html(result(10, 4, matches=1, farther=3), LabelColours())


def test_the_windows_that_found_something_are_filled() -> None:
    html = query_html(result(10, 4, matches=2))
    assert html.count('title="Window ') == 4
    assert html.count('as-matched') == 1
    assert 'Window 2: 2 – 6 s, found a match' in html


def test_a_long_sound_has_its_beginning_marked() -> None:
    html = query_html(result(120, 1799))
    assert html.count('title="Window ') == 60
    assert 'The first 60 of 1799 windows are marked.' in html
    assert '2:00' in html  # the last tick


def test_a_sound_whose_file_is_gone_has_no_picture() -> None:
    there = result(10, 4)
    gone = SearchResult(ASKED, there.name, there.windows, None, '/audio/x')
    assert 'gone or cannot be read' in query_html(gone)


def test_a_label_keeps_its_colour() -> None:
    colours = LabelColours()
    assert colours.of('bell') != colours.of('bird')
    assert colours.of('bell') == COLOURS[0]
    assert colours.of('') == NO_LABEL
    assert {colours.of(f'label {number}') for number in range(5000)} == set(COLOURS)


def test_how_alike_a_match_is_is_told_in_words_by_its_rarity() -> None:
    one = result(10, 4, matches=4)
    for match, rarity in zip(one.matches, (0.001, 0.02, 0.05, 0.2), strict=True):
        match.rarity = rarity
    html = matches_html(one, LabelColours())
    told = re.findall(r'data-alike="([^"]*)"', html)
    assert told == ['very alike', 'very alike', 'alike', 'weak']
    bars = [float(one) for one in re.findall(r'width:([\d.]+)%', html)]
    assert bars == sorted(bars, reverse=True)
    assert 0 < bars[-1] < 50 < bars[2]
    assert 'title="nearer than 99.9% of random pairs, distance 0.000"' in html


def test_without_pairs_it_is_told_by_the_distance() -> None:
    html = matches_html(result(10, 4, matches=7), LabelColours())
    told = re.findall(r'data-alike="([^"]*)" data-distance="0.(\d)', html)
    assert [word for word, _ in told] == ['very alike'] * 3 + ['alike'] * 3 + ['weak']


def test_several_examples_are_listed_and_matches_have_probabilities() -> None:
    asked = Asked(
        like=(Example('id', 'a#t=4,8', '<a>.wav'), Example('words', 'dog')),
        unlike=(Example('uri', 'b.wav', 'b.wav'),),
        right=(Example('id', 'id1#t=0,4', '1.wav'),),
    )
    one = replace(result(10, 1, matches=2), asked=asked, label='bell "x"')
    one.matches[0].score = 0.83
    one = replace(one, judged=[one.matches[1]], matches=one.matches[:1])
    card = query_html(one)
    assert 'src="/audio/a#t=4,8" aria-label="Play &lt;a&gt;.wav"' in card
    assert 'and unlike</p><ul class="as-examples"><li><span>b.wav</span>' in card
    assert '1 judged right and 0 judged wrong count too' in card
    html = matches_html(one, LabelColours())
    assert 'right with a probability of 83%' in html
    assert 'Your examples matched' in html
    shown, judged = html.split('as-judged')
    assert 'aria-pressed="true"' not in shown
    assert judged.count('aria-pressed="true"') == 1
    assert 'value="bell &quot;x&quot;"' in judged


def test_words_say_which_sounds_they_name() -> None:
    named = ({'words': 'dog', 'names': ['Dog', 'Bark'], 'sign': 1},
             {'words': 'rain', 'names': ['<Rain>'], 'sign': -1})  # fmt: skip
    asked = Asked(like=(Example('words', 'dog -rain'),))
    html = query_html(replace(result(10, 1), asked=asked, name='dog -rain', named=named))
    assert 'for the sound of: Dog or Bark, not &lt;Rain&gt;.' in html
