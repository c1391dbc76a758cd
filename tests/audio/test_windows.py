import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio_search.audio.windows import windows

WINDOW, STRIDE = 64000, 32000


@pytest.mark.parametrize(
    ('seconds', 'count'), [(4, 1), (5.9, 2), (6, 2), (8, 3), (10, 4), (10.5, 4), (3600, 1799)]
)
def test_counts_of_four_second_windows_every_two(seconds: float, count: int) -> None:
    # 5.9 s: 1.9 s uncovered, at least half a stride, so a window aligned to the end.
    assert len(windows(round(seconds * 16000), WINDOW, STRIDE)) == count


def test_tail_of_half_a_stride_is_covered_by_a_window_at_the_end() -> None:
    assert windows(160000 + 16000, WINDOW, STRIDE)[-1] == (112000, 176000)
    assert windows(160000 + 15999, WINDOW, STRIDE)[-1] == (96000, 160000)


def test_short_clip_has_one_window_that_reaches_beyond_it() -> None:
    assert windows(1, WINDOW, STRIDE) == [(0, WINDOW)]


@given(
    n_samples=st.integers(1, 10_000), window=st.integers(1, 500), stride_share=st.floats(0.01, 1)
)
def test_windows_cover_all_but_a_short_tail(
    n_samples: int, window: int, stride_share: float
) -> None:
    stride = max(1, round(window * stride_share))
    found = windows(n_samples, window, stride)
    assert all(end - begin == window for begin, end in found)
    assert found[0][0] == 0
    if n_samples <= window:
        return
    regular = (n_samples - window) // stride + 1
    assert found[:regular] == [(i * stride, i * stride + window) for i in range(regular)]
    assert len(found) <= regular + 1
    assert found[-1][1] <= n_samples
    assert n_samples - found[-1][1] < stride / 2
