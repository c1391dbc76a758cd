import re
from dataclasses import replace

import numpy as np

from audio_search.documents import Match
from audio_search.page import heat_map
from audio_search.page.heat_map import MAX_WINDOWS, Neighbourhood
from audio_search.page.queries import Windows
from audio_search.stretches import Stretch

MATCH = Match(id='x', uri='a/<bell>.mp3')


def windows(vectors: np.ndarray) -> Windows:
    spans = [(2000.0 * number, 2000.0 * number + 4000) for number in range(len(vectors))]
    return Windows(spans, vectors.astype(np.int8))


def random(count: int, seed: int) -> Windows:
    return windows(np.random.default_rng(seed).integers(-128, 128, (count, 16)))


def whole(clip: Windows) -> Neighbourhood:
    """All of a clip, in a stretch for each window."""
    found = [
        Stretch(row, row + 1, row, int(start), int(end), 2.0)
        for row, (start, end) in enumerate(clip.spans)
    ]
    return Neighbourhood(clip, found)


def heat_map_html(query: Windows, match: Match, clip: Windows) -> str:
    return heat_map.heat_map_html(query, match, whole(clip))


def cells(html: str) -> list[tuple[str, float]]:
    found = re.findall(r'class="([^"]*)"[^>]*>(\d\.\d\d)</button>', html)
    return [(classes, float(distance)) for classes, distance in found]


def test_every_pair_has_a_cell_and_the_nearest_is_marked() -> None:
    query, clip = random(3, 1), random(5, 2)
    found = cells(heat_map_html(query, MATCH, clip))
    distances = query.distances(clip).ravel()
    assert [distance for _, distance in found] == [float(f'{d:.2f}') for d in distances]
    assert ['as-best' in classes for classes, _ in found].index(True) == np.argmin(distances)
    assert sum('as-best' in classes for classes, _ in found) == 1


def test_of_many_windows_those_around_the_nearest_pair_are_shown() -> None:
    query, clip = random(40, 1), random(500, 2)
    row, column = 33, 250
    clip.embeddings[column] = query.embeddings[row]
    html = heat_map_html(query, MATCH, clip)
    found = cells(html)
    assert len(found) == MAX_WINDOWS * MAX_WINDOWS
    assert sum('as-best' in classes for classes, _ in found) == 1
    assert 'of 40 × 500' in html
    assert '8:20 – 8:24' in html  # of the clip's 251st window


def test_names_are_text() -> None:
    html = heat_map_html(random(1, 1), MATCH, random(1, 2))
    assert '<bell>' not in html
    assert '&lt;bell&gt;.mp3' in html


def test_a_clip_whose_file_is_gone_cannot_be_played() -> None:
    gone = Match(id='x', uri='bell.mp3', missing=True)
    html = heat_map_html(random(1, 1), gone, random(1, 2))
    assert 'is gone' in html
    assert '<audio' not in html
    assert 'data-play' not in html
    assert len(cells(html)) == 1


def test_a_clip_that_was_deleted_meanwhile() -> None:
    assert 'search again' in heat_map_html(
        random(2, 1), MATCH, Windows([], np.zeros((0, 1), np.int8))
    )


def test_a_clip_that_is_shown_as_a_whole_has_no_strip() -> None:
    assert 'data-event="look"' not in heat_map_html(random(3, 1), MATCH, random(MAX_WINDOWS, 2))


def test_the_strip_of_a_longer_clip_leads_to_its_other_windows() -> None:
    query, clip = random(2, 1), random(61, 2)
    column = 30  # in the middle of what was asked for, which begins with window 470 of 1,000
    clip.embeddings[column] = query.embeddings[0]
    stretches = [
        Stretch(10 * n, 10 * n + 10, 10 * n + 3, 20_000 * n, 20_000 * n + 22_000, 0.1 * (n % 9))
        for n in range(100)
    ]
    stretches[7] = replace(stretches[7], distance=None)
    html = heat_map.heat_map_html(query, MATCH, Neighbourhood(clip, stretches, 470))
    assert '2 × 1,000' in html
    bars = re.findall(
        r'<button type="button"( class="as-shown")?[^>]*data-row="(\d+)"[^>]*title', html
    )
    assert [int(row) for _, row in bars] == [10 * n + 3 for n in range(100)]
    assert [int(row) // 10 for shown, row in bars if shown] == [49, 50]  # windows 494 to 505
    assert html.count('tabindex="0"') == 2 + 1  # of the strip, and of the heat map
    assert '2:20 – 2:42: silent' in html
    assert '2:40 – 3:02: nearest 0.800' in html
    turns = re.findall(r'data-row="(-?\d+)" (disabled)?>(Earlier|Later)', html)
    assert turns == [('488', '', 'Earlier'), ('512', '', 'Later')]


def test_another_place_than_the_nearest_is_in_the_middle_where_it_was_asked_for() -> None:
    query, clip = random(2, 1), random(61, 2)
    clip.embeddings[30] = query.embeddings[0]
    near = replace(whole(clip), first=0, middle=55)
    found = heat_map.heat_map_html(query, MATCH, near)
    assert 'Those around that place are shown, of 2 × 61.' in found
    shown = [distance for _, distance in cells(found)]
    expected = query.distances(clip)[:, 49:61].ravel()
    assert shown == [float(f'{d:.2f}') for d in expected]
    turns = re.findall(r'data-row="(-?\d+)" (disabled)?>(Earlier|Later)', found)
    assert turns == [('43', '', 'Earlier'), ('67', 'disabled', 'Later')]
