import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from audio_search.audio.decoding import AudioError
from audio_search.page.spectrogram import MAX_COLUMNS, draw, of_file
from audio_search.vggish.features import mel_filters
from tests.conftest import RATE_HZ, write_tone


def tone(seconds: float, hz: float = 1000.0) -> np.ndarray:
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return (0.5 * np.sin(2 * np.pi * hz * t)).astype(np.float32)


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert('RGB')).astype(int)


@pytest.mark.parametrize('hz', [300.0, 1000.0, 5000.0])
def test_a_tone_is_brightest_in_its_band(hz: float) -> None:
    brightness = pixels(draw(tone(2, hz)).png()).sum(axis=2).mean(axis=1)
    band = int(np.argmax(mel_filters()[round(hz * 512 / RATE_HZ)]))
    assert abs(int(np.argmax(brightness)) - (63 - band)) <= 1  # high bands are at the top


def test_time_runs_to_the_right() -> None:
    late = np.concatenate([np.zeros(RATE_HZ, np.float32), tone(1)])
    picture = draw(late, beg_s=10.0)
    assert (picture.beg_s, picture.end_s) == (10.0, 12.0)
    loud = picture.levels.max(axis=0)
    middle = len(loud) // 2
    assert loud[: middle - 5].max() < loud[middle + 5 :].min()


@pytest.mark.parametrize('samples', [0, 1, 399, 400, 16000, 16000 * 40])
def test_any_length_gives_a_picture_of_bounded_size(samples: int) -> None:
    picture = draw(np.zeros(samples, np.float32))
    assert picture.levels.shape[0] == 64
    assert 1 <= picture.levels.shape[1] <= MAX_COLUMNS
    assert picture.end_s > picture.beg_s
    assert picture.levels.max() == 0  # silence is dark


def test_what_lies_outside_the_marked_part_is_dimmed() -> None:
    rng = np.random.default_rng(0)
    picture = draw(rng.normal(0, 0.1, 4 * RATE_HZ).astype(np.float32), beg_s=6.0)
    plain, marked = pixels(picture.png()), pixels(picture.png((7.0, 9.0)))
    columns = plain.shape[1]
    inside = slice(columns // 4 + 2, 3 * columns // 4 - 2)
    assert (marked[:, inside] == plain[:, inside]).all()
    for outside in (slice(0, columns // 4 - 2), slice(3 * columns // 4 + 2, None)):
        assert marked[:, outside].sum() < 0.5 * plain[:, outside].sum()


def test_a_part_of_a_file(tmp_path: Path) -> None:
    path = write_tone(tmp_path / 'tone.wav', 5)
    picture = of_file(path, path.stat().st_mtime_ns, 1.0, 3.0)
    assert (picture.beg_s, picture.end_s) == (1.0, 3.0)


def test_a_new_version_of_a_file_is_drawn_anew(tmp_path: Path) -> None:
    path = write_tone(tmp_path / 'tone.wav', 2, hz=300)
    low = of_file(path, 1, 0.0, None)
    write_tone(path, 2, hz=3000)
    high = of_file(path, 2, 0.0, None)
    assert np.argmax(low.levels.sum(axis=1)) > np.argmax(high.levels.sum(axis=1))


def test_a_file_that_is_no_sound(tmp_path: Path) -> None:
    path = tmp_path / 'notes.mp3'
    path.write_text('milk')
    with pytest.raises(AudioError, match=r'notes\.mp3'):
        of_file(path, 0, 0.0, None)
