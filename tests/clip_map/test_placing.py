"""Where clips lie; laid out by the real UMAP, in the process that the service starts."""

import asyncio
import os
from pathlib import Path

import numpy as np
import pytest

from audio_search.clip_map.placing import BLOCK, place
from audio_search.clip_map.running import LayoutFailed, laid_out


def groups(count: int, of: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Vectors of `count` groups, float16 [clips, 12], and the group of each."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(count), of)
    centres = np.random.default_rng(9).normal(size=(count, 12))
    return (centres[group] + rng.normal(0, 0.1, (len(group), 12))).astype(np.float16), group


def share_of_same(points: np.ndarray, group: np.ndarray) -> float:
    """How many of the 5 nearest dots are of the same group."""
    distances = np.square(points[:, np.newaxis] - points).sum(axis=2)
    np.fill_diagonal(distances, np.inf)
    return float((group[np.argsort(distances)[:, :5]] == group[:, np.newaxis]).mean())


@pytest.fixture(scope='module')
def layout(tmp_path_factory: pytest.TempPathFactory) -> tuple[np.ndarray, list[float], list[str]]:
    folder = tmp_path_factory.mktemp('map')
    told: list[float] = []
    points = asyncio.run(laid_out(groups(6, 15)[0], folder, told.append))
    return points, told, os.listdir(folder)


def test_groups_stay_together_and_progress_is_told(
    layout: tuple[np.ndarray, list[float], list[str]],
) -> None:
    points, told, left = layout
    _, group = groups(6, 15)
    assert points.shape == (90, 2)
    assert share_of_same(points, group) > 0.95
    assert share_of_same(np.random.default_rng(0).normal(size=(90, 2)), group) < 0.5
    assert told == sorted(told)
    assert told[-1] == 1
    assert left == []


def test_new_clips_are_placed_in_their_groups(
    layout: tuple[np.ndarray, list[float], list[str]],
) -> None:
    vectors, group = groups(6, 15)
    new, new_group = groups(6, BLOCK // 3, seed=1)
    points = place(new, vectors, layout[0])
    nearest = np.square(points[:, np.newaxis] - layout[0]).sum(axis=2).argmin(axis=1)
    assert (group[nearest] == new_group).mean() > 0.95


def test_a_copy_lies_on_its_original() -> None:
    vectors, _ = groups(3, 5)
    points = np.random.default_rng(0).normal(size=(15, 2)).astype(np.float32)
    np.testing.assert_allclose(place(vectors[4:7], vectors, points), points[4:7], atol=0.01)


def test_without_others_there_is_only_the_middle() -> None:
    vectors, _ = groups(1, 2)
    assert not place(vectors, vectors[:0], np.empty((0, 2), np.float32)).any()
    one = np.array([[3, 4]], np.float32)
    np.testing.assert_allclose(place(vectors, vectors[:1], one), [[3, 4]] * 2)


def test_what_the_process_wrote_is_the_error(tmp_path: Path) -> None:
    with pytest.raises(LayoutFailed, match='Error'):
        asyncio.run(laid_out(np.array(['no', 'numbers']), tmp_path, lambda share: None))
    assert list(tmp_path.iterdir()) == []
