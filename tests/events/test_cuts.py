"""Which distance is near enough, and what a distance means."""

import numpy as np
import pytest

from audio_search.events import cut_for, rarities
from audio_search.events.cuts import Kind

HOURS = 10.0
PLACES = 72_000


def usual(seed: int, centre: float = 0.9, scale: float = 0.05) -> np.ndarray:
    """The distances of ten hours in which the sound does not occur."""
    return np.random.default_rng(seed).normal(centre, scale, PLACES)


@pytest.mark.parametrize('per_hour', [1, 10])
def test_about_as_many_false_alarms_come_as_were_asked_for(per_hour: float) -> None:
    """Where the background comes nearer than unrelated sounds are taken to."""
    distance = usual(1, centre=0.6, scale=0.08)
    alarms = (distance <= cut_for(distance, HOURS, per_hour, 'example')).sum() / HOURS
    assert per_hour / 3 < alarms < 2 * per_hour


def test_events_do_not_hide_themselves() -> None:
    distance = usual(2, centre=0.6)
    alone = cut_for(distance, HOURS, 1, 'example')
    distance[:300] = 0.1
    assert cut_for(distance, HOURS, 1, 'example') == pytest.approx(alone, abs=0.03)
    assert alone > 0.1


def test_a_sound_in_a_fifth_of_the_recording_is_not_taken_for_its_background() -> None:
    distance = usual(7)
    distance[: PLACES // 5] = 0.3
    assert cut_for(distance, HOURS, 1, 'example') > 0.4


def test_other_sounds_are_reckoned_with_where_the_background_is_far() -> None:
    distance = usual(3, centre=1.0, scale=0.02)
    cut = cut_for(distance, HOURS, 1, 'example')
    assert cut == pytest.approx(0.508, abs=0.01)  # where 1 of 30 unrelated sounds is
    assert cut_for(distance[:100], HOURS, 1, 'example') == cut
    assert cut_for(distance[:100], HOURS, 1, 'words') == pytest.approx(0.835, abs=0.01)


@pytest.mark.parametrize('kind', ['example', 'window', 'whole', 'words'])
def test_more_false_alarms_allow_more(kind: Kind) -> None:
    distance = usual(4)
    few, some, many = (cut_for(distance, HOURS, per_hour, kind) for per_hour in (0.1, 1, 5))
    assert 0 < few < some < many


def test_a_background_that_is_the_query_leaves_no_cut() -> None:
    distance = np.abs(np.random.default_rng(5).normal(0.02, 0.01, PLACES))
    assert cut_for(distance, HOURS, 1, 'example') < 0.01


def test_rarity_is_the_place_among_all_places() -> None:
    everywhere = np.arange(1, 1001) / 1000
    assert rarities(np.array([0.001, 0.01, 0.5, 0.0]), everywhere).tolist() == [1000, 100, 2, 1000]


def test_rarity_of_a_long_recording_is_drawn_and_the_same_each_time() -> None:
    everywhere = usual(6)
    wanted = np.quantile(everywhere, [0.5, 0.1, 0.01])
    found = rarities(wanted, everywhere)
    assert found.tolist() == rarities(wanted, everywhere).tolist()
    assert found == pytest.approx([2, 10, 100], rel=0.3)
    assert rarities(np.array([0.0]), everywhere).tolist() == [10_000]
