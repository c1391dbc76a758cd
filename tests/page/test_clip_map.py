import re
from dataclasses import replace

import pytest

from audio_search.page.clip_map import EMPTY, map_html
from audio_search.page.colours import LabelColours
from audio_search.service.views import ListedClip


def clip(number: int, point: tuple[float, float] | None, label: str = 'bell') -> ListedClip:
    return ListedClip(f'id {number}', f'{number}.wav', {'label': label}, 4, point)


def places(html: str) -> list[tuple[float, float]]:
    found = re.findall(r'left:([\d.]+)%;top:([\d.]+)%', html)
    return [(float(left), float(top)) for left, top in found]


def test_dots_lie_as_their_points_do_and_within_the_map() -> None:
    points = [(0.0, 0.0), (1.0, 2.0), (-3.0, 1.0), (100.0, -50.0)]
    html = map_html([clip(n, point) for n, point in enumerate(points)], 4, LabelColours())
    found = places(html)
    assert all(0 < left < 100 and 0 < top < 100 for left, top in found)
    assert sorted(range(4), key=lambda n: points[n][0]) == sorted(
        range(4), key=lambda n: found[n][0]
    )
    assert sorted(range(4), key=lambda n: -points[n][1]) == sorted(
        range(4), key=lambda n: found[n][1]
    )


@pytest.mark.parametrize('point', [(0.0, 0.0), (5.0, -1.0)])
def test_a_single_clip_lies_in_the_middle(point: tuple[float, float]) -> None:
    assert places(map_html([clip(0, point)], 1, LabelColours())) == [(50.0, 50.0)]


def test_the_legend_counts_labels() -> None:
    clips = [clip(0, (0, 0), 'bell'), clip(1, (1, 0), 'bird'), clip(2, (0, 1), 'bird')]
    html = map_html(clips, 3, LabelColours())
    assert 'data-legend="bell"' in html
    assert re.search(r'data-legend="bird"[^>]*>bird <span>2</span>', html)


def test_one_dot_is_in_the_order_of_tabs() -> None:
    html = map_html([clip(n, (n, n)) for n in range(9)], 9, LabelColours())
    dots = re.findall(r'class="as-dot"[^>]*tabindex="(-?\d)"', html)
    assert sorted(dots) == sorted(['0'] + ['-1'] * 8)


def test_more_clips_than_are_drawn() -> None:
    assert '2 of 5,000 clips are shown' in map_html(
        [clip(n, (n, n)) for n in range(2)], 5000, LabelColours()
    )


def test_a_clip_whose_file_is_gone_cannot_be_played() -> None:
    html = map_html([replace(clip(0, (0, 0)), missing=True)], 1, LabelColours())
    assert 'aria-label="0.wav, bell, its file is gone"' in html
    assert 'data-src=""' in html
    assert 'data-id="id 0"' in html


def test_no_points() -> None:
    assert map_html([clip(0, None)], 1, LabelColours()) == EMPTY
