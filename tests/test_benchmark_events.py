"""The recordings that bench-events makes, and what it reckons; nothing is encoded here."""

from itertools import pairwise

import numpy as np
import pytest

from audio_search.events import Profile
from scripts.benchmarks import _planted, events
from scripts.benchmarks._planted import PART_S, Planted, Sound

BIRD = Sound('birds', '144_birds.mp3', 1.0, 3.0)
BELL = Sound('churchbell', '111_churchbell.mp3', 1.0, 4.0)
OTHER_BELL = Sound('churchbell', '112_churchbell.mp3', 2.0, 4.0)


def level_db(samples: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(samples.astype(np.float64) ** 2)))


def test_sounds_are_as_much_louder_as_was_asked_for() -> None:
    planted = Planted(BIRD, 100.5)
    (quiet,) = _planted.parts(PART_S, [], 20, seed=1)
    (loud,) = _planted.parts(PART_S, [planted], 20, seed=1)
    there = slice(round(100.5 * 16000), round(102.5 * 16000))
    assert level_db((loud - quiet)[there]) - level_db(quiet[there]) == pytest.approx(20, abs=0.01)
    loud[there] = quiet[there]
    assert np.array_equal(loud, quiet)
    assert not np.array_equal(quiet, next(_planted.parts(PART_S, [], 20, seed=2)))


def test_drawn_sounds_begin_and_end_with_the_sound() -> None:
    rng = np.random.default_rng(0)
    for _ in range(10):
        sound = _planted.draw('154_telephone.mp3', rng)
        assert 1 <= sound.length_s <= 4
        samples = sound.samples()
        loudest = max(level_db(frame) for frame in samples.reshape(-1, _planted.FRAME))
        for edge in (samples[: _planted.FRAME], samples[-_planted.FRAME :]):
            assert level_db(edge) > loudest - _planted.AUDIBLE_DB - 0.01


def test_no_two_sounds_are_near_to_each_other_or_to_an_edge() -> None:
    cases, others = events.drawn(12)
    planted = sorted([*(case.planted for case in cases), *others], key=lambda one: one.begin_s)
    assert len(planted) == events.PLANTED + events.OTHERS
    gaps = [later.begin_s - one.end_s for one, later in pairwise(planted)]
    assert min(gaps) >= _planted.MARGIN_S
    assert all(one.begin_s // PART_S == one.end_s // PART_S for one in planted)
    by_itself = [case for case in cases if case.query == case.planted.sound]
    assert len(by_itself) == 20
    assert {case.planted.sound.label for case in cases} == set(events.CLIPS)
    assert all(case.query.label == case.planted.sound.label for case in cases)


def test_false_alarms_and_recall_are_reckoned_per_query() -> None:
    """Three false alarms are nearer than the second sound, which is more than two hours allow."""
    times = np.arange(0, 7200, 0.96)
    cases = [
        events.Case(Planted(BIRD, 960.0), BIRD),
        events.Case(Planted(BELL, 1920.0), OTHER_BELL),
    ]
    profiles = []
    for begin_s in (960.0, 1920.0):
        distance = np.full(len(times), 0.9) + np.linspace(-0.02, 0.02, len(times))
        distance[round(begin_s / 0.96) + 1] = 0.4
        profiles.append(Profile(times, distance, 0.96, 'example'))
    profiles[1].distance[[100, 300, 500]] = 0.2
    found = events.recalls(cases, profiles)
    assert (found['recall'], found['recall_by_another_clip']) == (0.5, 0.0)
    assert found['recall_one_cut'] == 1.0  # 3 false alarms in 4 h of two queries
    assert found['recall_default'] == 1.0
    assert found['alarms_per_hour_default'] == 0.75


def test_errors_are_those_of_what_was_found() -> None:
    cases = [events.Case(Planted(BIRD, 100.0), BIRD), events.Case(Planted(BELL, 200.0), BELL)]
    event = events.Event(100.4, 101.0, 100.7, 0.2)
    assert events.errors([event, None], cases) == pytest.approx(
        {
            'begin_median_s': 0.4,
            'begin_within_half_s': 1.0,
            'end_median_s': 1.0,
            'end_within_half_s': 0.0,
        }
    )
