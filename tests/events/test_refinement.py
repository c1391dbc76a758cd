"""Begin and end from examples that follow closely."""

import numpy as np
import pytest

from audio_search.events import Event, find, of_windows, profile, refined, shifted_windows
from tests.events.scenes import EXAMPLE_S, WINDOW_S, Scene, Sound, direction, query_of

BARK = [direction(1), direction(2)]
SONG = [direction(n) for n in range(30, 40)]
LENGTH_S = 60.0


def both(sound: Sound, length_s: float = LENGTH_S) -> tuple[Event, Event]:
    """The event of a sound as it is stored, and refined."""
    scene = Scene(length_s, [sound])
    query, query_s = query_of(sound.parts)
    (event,) = find(profile(query, scene.examples(), query_s, WINDOW_S), 0.5, 1.0)
    span_s = query_s if query_s > WINDOW_S else None
    starts = shifted_windows(event, span_s, WINDOW_S, 0.0, length_s)
    vectors = scene.embeddings(starts)
    near = of_windows(vectors, starts, starts + WINDOW_S, 'concat', WINDOW_S)
    return event, refined(event, profile(query, near, query_s, WINDOW_S))


def test_edges_come_closer_to_those_of_the_sound() -> None:
    stored, fine = [], []
    for begin_s in 20 + 0.31 * np.arange(14):
        sound = Sound(begin_s, BARK)
        coarse, close = both(sound)
        assert close.distance == coarse.distance
        for event, errors in ((coarse, stored), (close, fine)):
            errors += [event.beg_s - sound.begin_s, event.end_s - sound.end_s]
    assert np.ptp(fine) < np.ptp(stored)
    assert np.std(fine) < 0.8 * np.std(stored)
    assert np.abs(fine).max() < 0.45


@pytest.mark.parametrize('begin_s', [0.0, 2.1, LENGTH_S - 2.0])
def test_the_ends_of_a_recording_are_no_obstacle(begin_s: float) -> None:
    sound = Sound(begin_s, BARK)
    _, event = both(sound)
    assert event.beg_s == pytest.approx(begin_s, abs=0.5)
    assert event.end_s == pytest.approx(sound.end_s, abs=0.5)


def test_a_long_query_begins_where_it_fits_best() -> None:
    for begin_s in (20.4, 21.0, 21.5):
        _, event = both(Sound(begin_s, SONG))
        assert event.beg_s == pytest.approx(begin_s, abs=0.2)
        assert event.end_s - event.beg_s == pytest.approx(len(SONG) * EXAMPLE_S, abs=0.01)


def test_windows_lie_in_the_recording_and_their_examples_follow_every_quarter() -> None:
    event = Event(30.0, 33.0, 31.0, 0.2)
    starts = shifted_windows(event, None, WINDOW_S, 0.0, LENGTH_S)
    examples = np.sort(np.add.outer(starts, EXAMPLE_S * np.arange(4)).reshape(-1))
    assert np.diff(examples) == pytest.approx(EXAMPLE_S / 4)
    assert examples[0] <= 28
    assert examples[-1] >= 34
    at_end = shifted_windows(event, None, WINDOW_S, 29.0, 36.0)
    assert at_end[0] == 29
    assert at_end[-1] + WINDOW_S <= 36
    assert len(shifted_windows(event, None, WINDOW_S, 30.0, 33.0)) == 0


def test_an_edge_does_not_leap_to_something_else() -> None:
    """Half of the event is another sound, which the fine examples do not resemble."""
    event = Event(20.0, 28.0, 21.0, 0.3)
    scene = Scene(LENGTH_S, [Sound(20.0, BARK)])
    starts = shifted_windows(event, None, WINDOW_S, 0.0, LENGTH_S)
    near = of_windows(scene.embeddings(starts), starts, starts + WINDOW_S, 'concat', WINDOW_S)
    query, query_s = query_of(BARK)
    moved = refined(event, profile(query, near, query_s, WINDOW_S))
    assert moved.beg_s == pytest.approx(20, abs=0.4)
    assert moved.end_s == event.end_s
