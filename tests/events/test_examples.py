"""From stored windows to examples with their times."""

import numpy as np
import pytest

from audio_search.events import of_windows
from tests.events.scenes import EXAMPLE_S, WINDOW_S, Scene, Sound, direction


def test_every_example_has_its_time_and_length_one() -> None:
    examples = Scene(20.0).examples()
    assert len(examples) == 9 * 4
    assert (np.diff(examples.begin_s) >= 0).all()
    expected = np.add.outer(2.0 * np.arange(9), EXAMPLE_S * np.arange(4))
    assert examples.begin_s == pytest.approx(np.sort(expected.reshape(-1)))
    assert np.linalg.norm(examples.vectors, axis=1) == pytest.approx(1)
    assert (examples.compared, examples.length_s) == ('example', EXAMPLE_S)


def test_examples_of_silence_are_zero_and_do_not_sound() -> None:
    examples = Scene(20.0, [Sound(8.0, [direction(1)])], is_silent=True).examples()
    heard = (examples.begin_s > 8 - EXAMPLE_S) & (examples.begin_s < 8 + EXAMPLE_S)
    assert examples.sounding.tolist() == heard.tolist()
    assert not examples.vectors[~heard].any()


def test_a_repeated_sound_begins_again_where_it_ends() -> None:
    embeddings = np.ones((1, 512), np.int8)
    examples = of_windows(embeddings, np.array([5.0]), np.array([6.5]), 'concat', WINDOW_S)
    assert examples.begin_s == pytest.approx(5 + np.array([0, 0.42, 0.96, 1.38]))


def test_a_mean_is_one_vector_as_long_as_its_window() -> None:
    examples = Scene(20.0).examples('mean')
    assert examples.begin_s.tolist() == [2.0 * n for n in range(9)]
    assert (examples.compared, examples.length_s) == ('window', WINDOW_S)
