import re

import numpy as np

from audio_search.documents import Match
from audio_search.page.heat_map import MAX_WINDOWS, heat_map_html
from audio_search.page.queries import Windows

MATCH = Match(id='x', uri='a/<bell>.mp3')


def windows(vectors: np.ndarray) -> Windows:
    spans = [(2000.0 * number, 2000.0 * number + 4000) for number in range(len(vectors))]
    return Windows(spans, vectors.astype(np.int8))


def random(count: int, seed: int) -> Windows:
    return windows(np.random.default_rng(seed).integers(-128, 128, (count, 16)))


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
