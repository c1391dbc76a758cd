import pytest

from audio_search.vggish import sizes


@pytest.mark.parametrize('count', [1, 2, 4])
def test_samples_of_so_many_examples_are_the_fewest_that_give_them(count: int) -> None:
    samples = sizes.samples_of(count)
    assert sizes.frame_count(samples) == 96 * count
    assert sizes.frame_count(samples - 1) == 96 * count - 1


@pytest.mark.parametrize(
    ('window_s', 'count'), [(0.975, 1), (1, 1), (1.93, 1), (1.935, 2), (4, 4), (10, 10)]
)
def test_examples_and_dimensions_of_a_window(window_s: float, count: int) -> None:
    assert sizes.examples_of(window_s) == count
    assert sizes.dimensions('concat', window_s) == 128 * count
    assert sizes.dimensions('mean', window_s) == 128


@pytest.mark.parametrize('window_s', [0.97, 0, -1])
def test_a_window_below_one_example_is_refused(window_s: float) -> None:
    with pytest.raises(ValueError, match=r'window_size is .* s; VGGish needs .* of 0\.975 s or'):
        sizes.dimensions('mean', window_s)
