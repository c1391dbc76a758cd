"""What is fitted to examples, counter-examples and a background."""

from typing import Any

import numpy as np
import pytest

from audio_search.fitting import Example, ExamplesError, Fitted, fit

DIMENSIONS = 64
NOTHING = np.empty((0, DIMENSIONS), np.int8)


def near(direction: np.ndarray, count: int = 4, seed: Any = 0, spread: float = 0.1) -> np.ndarray:
    """int8 [count, dimensions]: vectors around a direction."""
    rng = np.random.default_rng(seed)
    vectors = direction + spread * rng.standard_normal((count, len(direction)))
    return np.rint(vectors * 40).clip(-128, 127).astype(np.int8)


def axis(*numbers: int) -> np.ndarray:
    direction = np.zeros(DIMENSIONS)
    direction[list(numbers)] = 1
    return direction


def background(count: int = 100) -> np.ndarray:
    return near(np.zeros(DIMENSIONS), count, seed=9, spread=1)


def cosines(fitted: Fitted, vectors: np.ndarray) -> np.ndarray:
    wide, own = vectors.astype(np.float64), fitted.vector.astype(np.float64)
    return wide @ own / np.linalg.norm(wide, axis=1) / np.linalg.norm(own)


def test_what_wanted_examples_have_in_common_is_nearer_than_what_each_has_alone() -> None:
    fitted = fit(
        [Example(near(axis(0, 1), seed=1)), Example(near(axis(0, 2), seed=2))], background()
    )
    assert (fitted.vector.dtype, fitted.vector.shape) == (np.int8, (DIMENSIONS,))
    assert np.abs(fitted.vector.astype(int)).max() == 127
    common, *alone = cosines(fitted, np.rint(100 * np.stack([axis(0), axis(1), axis(2)])))
    assert common > max(alone) > 0.1


def test_a_counter_example_moves_the_vector_away_from_what_it_is() -> None:
    wanted = [Example(near(axis(0, 1)))]
    without = fit(wanted, background())
    with_it = fit([*wanted, Example(near(axis(1), seed=5), is_wanted=False)], background())
    right, wrong = (np.rint(100 * axis(n))[np.newaxis] for n in (0, 1))
    assert cosines(with_it, wrong) < cosines(without, wrong) - 0.2
    assert cosines(with_it, right) > cosines(with_it, wrong) + 0.2


def test_the_background_counts_for_less_than_a_counter_example() -> None:
    """The same windows, as often: as background they hardly turn the vector away."""
    wanted, other = [Example(near(axis(0, 1)))], near(axis(1), seed=5)
    as_background = fit(wanted, np.concatenate([background(), other]))
    as_counter = fit([*wanted, Example(other, is_wanted=False)], background())
    wrong = np.rint(100 * axis(1))[np.newaxis]
    assert cosines(as_counter, wrong) < cosines(as_background, wrong) - 0.1


def test_the_same_question_has_the_same_answer() -> None:
    examples = [Example(near(axis(0))), Example(near(axis(3)), is_wanted=False)]
    first, second = (fit(examples, background(), calibrate=True) for _ in range(2))
    np.testing.assert_array_equal(first.vector, second.vector)
    assert (first.slope, first.offset) == (second.slope, second.offset)


def test_without_anything_to_tell_them_from_it_is_the_mean_direction() -> None:
    fitted = fit([Example(near(axis(0), 2)), Example(near(axis(1), 2))], NOTHING)
    assert cosines(fitted, np.rint(100 * axis(0, 1))[np.newaxis]) > 0.8
    assert fitted.probability(0.5) is None
    assert fitted.boundary is None


def test_windows_of_many_parts_have_the_direction_of_parts_once_for_each() -> None:
    size = DIMENSIONS // 4
    window = np.zeros((1, 4, size), np.int8)
    window[0, 2, 3] = 100  # in one part of four, the others are silent
    fitted = fit(
        [Example(window.reshape(1, -1)), Example(window.reshape(1, -1) // 2)],
        background(),
        parts=4,
    )
    parts = fitted.vector.reshape(4, size)
    np.testing.assert_array_equal(parts, [parts[0]] * 4)
    assert parts[0].argmax() == 3


def test_a_long_example_does_not_outvote_a_short_one() -> None:
    long, short = near(axis(0), 400, seed=1), near(axis(1), 4, seed=2)
    fitted = fit([Example(long), Example(short)], background())
    first, second = cosines(fitted, np.rint(100 * np.stack([axis(0), axis(1)])))
    assert first == pytest.approx(second, abs=0.2)


def test_a_part_can_be_taken_out_of_an_example() -> None:
    """Windows of the longer example that are in the shorter one count for the shorter."""
    whole = np.concatenate([near(axis(0), 3, seed=1), near(axis(1), 2, seed=2)])
    taken_out = fit([Example(whole), Example(whole[3:], is_wanted=False)], background())
    left = fit([Example(whole[:3]), Example(whole[3:], is_wanted=False)], background())
    np.testing.assert_array_equal(taken_out.vector, left.vector)


def test_windows_of_examples_are_no_background() -> None:
    examples = [Example(near(axis(0))), Example(near(axis(1)), is_wanted=False)]
    alone = fit(examples, background())
    among = fit(examples, np.concatenate([background(), examples[0].windows]))
    np.testing.assert_array_equal(alone.vector, among.vector)


def test_silent_windows_say_nothing() -> None:
    silent = np.zeros((3, DIMENSIONS), np.int8)
    examples = [Example(near(axis(0))), Example(near(axis(1)), is_wanted=False)]
    with_silence = [
        Example(np.concatenate([one.windows, silent]), one.is_wanted) for one in examples
    ]
    np.testing.assert_array_equal(
        fit(examples, background()).vector,
        fit(with_silence, np.concatenate([background(), silent])).vector,
    )


@pytest.mark.parametrize(
    ('examples', 'words'),
    [
        ([Example(near(axis(0)), is_wanted=False)], 'only counter-examples'),
        ([Example(np.zeros((2, DIMENSIONS), np.int8))], 'nothing can be heard'),
        (
            [Example(near(axis(0))), Example(near(axis(0)), is_wanted=False)],
            'the same sounds are given as examples and as counter-examples',
        ),
        (
            [Example(near(axis(0), 1)), Example(-near(axis(0), 1))],
            'have nothing in common',
        ),
    ],
)
def test_what_nothing_can_be_fitted_to_is_said(examples: list[Example], words: str) -> None:
    with pytest.raises(ExamplesError, match=words):
        fit(examples, NOTHING)


def test_probabilities_fall_with_the_distance_and_are_one_half_at_the_boundary() -> None:
    examples = [
        Example(near(axis(0), seed=1)),
        Example(near(axis(0), seed=2)),
        Example(near(axis(1), seed=3), is_wanted=False),
    ]
    fitted = fit(examples, background(), calibrate=True)
    assert fitted.boundary is not None
    assert fitted.probability(fitted.boundary) == pytest.approx(0.5)
    found = [fitted.probability(distance) for distance in np.linspace(0, 2, 9)]
    assert found == sorted(found, reverse=True)
    assert 0 <= found[-1] < 0.2 < 0.8 < found[0] <= 1


def test_calibrated_probabilities_are_of_examples_that_were_not_seen() -> None:
    """Many draws of two sounds with much spread: of the windows that get some probability,
    about that share is right. Without calibration the share is far from it."""
    said: dict[bool, list[float]] = {True: [], False: []}
    right: list[bool] = []
    for draw in range(40):
        wanted = [Example(near(axis(0), seed=[draw, n], spread=0.3)) for n in range(3)]
        other = Example(near(axis(1), seed=[draw, 7], spread=0.3), is_wanted=False)
        asked = np.concatenate([near(axis(n), 1, seed=[draw, 8 + n], spread=0.3) for n in (0, 1)])
        for calibrate in (True, False):
            fitted = fit([*wanted, other], background(), calibrate=calibrate)
            said[calibrate] += [fitted.probability(1 - c) or 0 for c in cosines(fitted, asked)]
        right += [True, False]
    errors = {
        calibrate: np.mean((np.array(values) - right) ** 2) for calibrate, values in said.items()
    }
    assert errors[True] < 0.6 * errors[False]
