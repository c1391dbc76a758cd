"""Where sounds are found, from vectors to events."""

import numpy as np
import pytest

from audio_search.events import QueryError, cut_for, find, profile
from tests.events.scenes import EXAMPLE_S, STRIDE_S, WINDOW_S, Scene, Sound, direction, query_of

BARK = [direction(1), direction(2)]
LENGTH_S = 240.0


def events_in(
    scene: Scene, parts: list[np.ndarray], *, gap_s: float = 1.0, pooling: str = 'concat'
):
    query, query_s = query_of(parts, pooling)
    near = profile(query, scene.examples(pooling), query_s, WINDOW_S)
    return find(near, cut_for(near.distance, near.hours, 1, near.kind), gap_s)


@pytest.mark.parametrize('begin_s', [20 + 0.31 * n for n in range(14)])
def test_a_sound_is_found_at_its_time(begin_s: float) -> None:
    """Wherever it lies between the windows."""
    sound = Sound(begin_s, BARK)
    (event,) = events_in(Scene(LENGTH_S, [sound]), BARK)
    assert event.beg_s == pytest.approx(sound.begin_s, abs=0.5)
    assert event.end_s == pytest.approx(sound.end_s, abs=0.5)
    assert sound.begin_s - 0.1 <= event.peak_s <= sound.end_s + 0.1
    assert event.distance < 0.4


def test_the_nearest_comes_first() -> None:
    near, other = Sound(50.0, BARK), Sound(120.0, [direction(1) + 0.6 * direction(9)])
    first, second = events_in(Scene(LENGTH_S, [other, near]), BARK)
    assert first.beg_s == pytest.approx(50, abs=0.5)
    assert second.beg_s == pytest.approx(120, abs=0.5)
    assert first.distance < second.distance


def test_nothing_is_found_where_the_sound_is_not() -> None:
    assert events_in(Scene(LENGTH_S, [Sound(50.0, [direction(7), direction(8)])]), BARK) == []


def test_a_sound_in_silence_is_found_and_silence_is_not() -> None:
    (event,) = events_in(Scene(LENGTH_S, [Sound(51.2, BARK)], is_silent=True), BARK)
    assert event.beg_s == pytest.approx(51.2, abs=1)
    query, query_s = query_of(BARK)
    silence = profile(query, Scene(LENGTH_S, is_silent=True).examples(), query_s, WINDOW_S)
    assert find(silence, 2.0, 1.0) == []


def test_a_silent_part_of_the_query_counts_for_nothing() -> None:
    """The zeros of a query are as near to the zeros of a recording as to everything else."""
    paused = [BARK[0], np.zeros(128), np.zeros(128), BARK[1]]
    (event,) = events_in(Scene(LENGTH_S, [Sound(51.2, [BARK[0]])]), paused)
    assert event.beg_s == pytest.approx(51.2, abs=0.5)


def test_a_sound_in_the_last_window_is_found_once() -> None:
    """The last window lies across the one before it, at another distance than the others."""
    length_s = LENGTH_S + STRIDE_S - 0.7
    sound = Sound(length_s - 2.5, BARK)
    (event,) = events_in(Scene(length_s, [sound]), BARK)
    assert event.beg_s == pytest.approx(sound.begin_s, abs=0.5)


@pytest.mark.parametrize(('gap_s', 'count'), [(0.0, 2), (1.0, 2), (6.0, 1)])
def test_sounds_that_follow_closely_are_one_event(gap_s: float, count: int) -> None:
    sounds = [Sound(50.0, BARK), Sound(55.0, BARK)]
    found = events_in(Scene(LENGTH_S, sounds), BARK, gap_s=gap_s)
    assert len(found) == count
    assert min(event.beg_s for event in found) == pytest.approx(50, abs=0.5)
    assert max(event.end_s for event in found) == pytest.approx(sounds[1].end_s, abs=0.5)


def test_a_shorter_query_was_repeated_and_is_found_no_less() -> None:
    short = [direction(3)]
    (event,) = events_in(Scene(LENGTH_S, [Sound(77.7, short)]), short)
    assert event.beg_s == pytest.approx(77.7, abs=0.5)
    assert event.end_s == pytest.approx(77.7 + EXAMPLE_S, abs=0.5)


def test_whole_windows_are_compared_where_a_mean_is_all_there_is() -> None:
    bird = [direction(n) for n in range(20, 24)]
    scene = Scene(LENGTH_S, [Sound(100.0, bird)])
    query, query_s = query_of(bird, 'mean')
    near = profile(query, scene.examples('mean'), query_s, WINDOW_S)
    assert near.kind == 'window'
    (event,) = find(near, 0.5, 1.0)
    assert event.beg_s < 102 < event.end_s
    assert event.end_s - event.beg_s < 8


SONG = [direction(n) for n in range(30, 40)]  # 9.6 s


def test_a_long_query_is_found_as_a_whole_and_in_its_order() -> None:
    moment, backwards = SONG[4], SONG[::-1]
    scene = Scene(
        LENGTH_S, [Sound(40.0, [moment]), Sound(80.3, SONG), Sound(140.0, backwards)], seed=3
    )
    (event,) = events_in(scene, SONG)
    assert event.beg_s == pytest.approx(80.3, abs=0.6)
    assert event.end_s - event.beg_s == pytest.approx(len(SONG) * EXAMPLE_S, abs=0.01)
    alone = sorted(one.beg_s for one in events_in(scene, [moment]))
    assert alone == pytest.approx([40, 80.3 + 4 * EXAMPLE_S, 140 + 5 * EXAMPLE_S], abs=0.5)


def test_a_long_query_twice_in_a_row_is_two_events() -> None:
    end_s = 80.0 + len(SONG) * EXAMPLE_S
    scene = Scene(LENGTH_S, [Sound(80.0, SONG), Sound(end_s, SONG)])
    first, second = sorted(events_in(scene, SONG, gap_s=0.0), key=lambda event: event.beg_s)
    assert (first.beg_s, second.beg_s) == (
        pytest.approx(80, abs=0.6),
        pytest.approx(end_s, abs=0.6),
    )


def test_a_long_query_at_the_begin_of_a_recording() -> None:
    """What is silent before it has no room there."""
    (event,) = events_in(Scene(LENGTH_S, [Sound(0.0, SONG)]), [np.zeros(128), *SONG])
    assert event.beg_s == 0
    assert event.end_s == pytest.approx(len(SONG) * EXAMPLE_S, abs=0.6)


def test_a_pause_within_a_long_query_may_be_anything() -> None:
    paused = [*SONG[:4], np.zeros(128), np.zeros(128), *SONG[4:]]
    filled = [*SONG[:4], direction(50), direction(51), *SONG[4:]]
    (event,) = events_in(Scene(LENGTH_S, [Sound(80.0, filled)]), paused)
    assert event.beg_s == pytest.approx(80, abs=0.6)


def test_a_query_without_sound_or_without_end_is_refused() -> None:
    recording = Scene(LENGTH_S).examples()
    query, query_s = query_of([np.zeros(128)])
    with pytest.raises(QueryError, match='nothing can be heard in the query'):
        profile(query, recording, query_s, WINDOW_S)
    query, query_s = query_of(SONG * 7)
    with pytest.raises(QueryError, match=r'lasts 67 s, and at most 60 s .* take a part'):
        profile(query, recording, query_s, WINDOW_S)
