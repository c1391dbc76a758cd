import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from audio_search.places import places_in
from audio_search.store.records import UNKNOWN
from audio_search.stretches import stretches
from tests.store.clips import DIMENSIONS, clip


@given(st.integers(1, 50), st.integers(1, 20), st.integers(1, 3), st.integers(0, 99))
def test_stretches_are_the_clip_in_order_and_know_its_nearest_window(
    windows: int, count: int, asked: int, seed: int
) -> None:
    sound = np.random.default_rng(seed).integers(-128, 128, (asked, DIMENSIONS)).astype(np.int8)
    one = clip('a', windows, seed=seed)
    found = stretches(one, sound, count)
    assert len(found) == min(count, windows)
    assert [stretch.start for stretch in found] == [0, *(stretch.end for stretch in found[:-1])]
    assert found[-1].end == windows
    for stretch in found:
        assert stretch.start <= stretch.nearest < stretch.end
        assert stretch.beg_in_ms == 2000 * stretch.start
        assert stretch.end_in_ms == 2000 * stretch.end + 2000
    (best,) = places_in(one, sound, 1, 0)
    nearest = min(found, key=lambda stretch: stretch.distance)
    assert (nearest.nearest, nearest.distance) == (
        best.neighbour.location[0], best.neighbour.distance
    )  # fmt: skip


def test_silence_has_no_distance_and_windows_may_have_no_times() -> None:
    one = clip('a', 2)
    one.embeddings[0] = 0
    one.locations[:, 1:] = UNKNOWN
    first, second = stretches(one, one.embeddings[1:], 9)
    assert (first.distance, second.distance) == (None, 0)
    assert (first.beg_in_ms, second.end_in_ms) == (None, None)
