"""Pieces of a recording have the windows that the whole has."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_search.audio import decoding, sources
from audio_search.audio.pieces import MAX_OPEN, Piece, PieceReader, piece_count
from audio_search.audio.sources import Source
from audio_search.audio.windows import windows
from audio_search.roots import Roots
from tests.audio.test_decoding import FORMATS, folder  # noqa: F401  a fixture

RATE_HZ = 16000
PIECE_S = 0.5


def source_of(path: Path, fragment: str = '') -> Source:
    return sources.resolve(f'{path}{fragment}', Roots((path.parent.resolve(),)))


def cut(piece: Piece) -> list[np.ndarray]:
    """The sound of each window of a piece."""
    return [piece.waveform[start - piece.start : end - piece.start] for start, end in piece.windows]


def whole(source: Source, window: int, stride: int) -> list[np.ndarray]:
    waveform = decoding.load(source.path, source.beg_s, source.end_s)
    return [waveform[start:end] for start, end in windows(len(waveform), window, stride)]


def check_all(pieces: list[Piece], expected: list[np.ndarray], tolerance: float) -> None:
    found = [window for piece in pieces for window in cut(piece)]
    numbers = [piece.first_window + i for piece in pieces for i in range(len(piece.windows))]
    assert numbers == list(range(len(expected)))
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance)


@pytest.fixture(scope='module')
def noise_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp('noise')


@settings(max_examples=60, deadline=None)
@given(
    n_samples=st.integers(1, 50_000),
    window=st.integers(100, 9_000),
    stride_share=st.floats(0.2, 1),
    error_s=st.floats(-0.7, 0.7),
    is_in_order=st.booleans(),
)
def test_windows_are_those_of_the_whole(
    noise_folder: Path,
    n_samples: int,
    window: int,
    stride_share: float,
    error_s: float,
    is_in_order: bool,
) -> None:
    """Also where the file is a little shorter or longer than its header says."""
    path = noise_folder / f'{n_samples}.wav'
    noise = np.random.default_rng(n_samples).uniform(-0.5, 0.5, n_samples)
    soundfile.write(path, noise, RATE_HZ, 'FLOAT')
    source, stride = source_of(path), max(1, round(window * stride_share))
    expected = whole(source, window, stride)
    thought_s = max(0.01, n_samples / RATE_HZ + error_s)
    count = max(1, int(np.ceil(thought_s / PIECE_S)))
    reader = PieceReader(window, stride, PIECE_S)
    pieces: dict[int, Piece] = {}
    for number in range(count) if is_in_order else reversed(range(count)):
        pieces[number] = reader.read(source, number, count)
    check_all([pieces[number] for number in range(count)], expected, 0)


@pytest.mark.parametrize('suffix', FORMATS)
@pytest.mark.parametrize('fragment', ['', '#t=0.37', '#t=1.2,9.5'])
@pytest.mark.parametrize('is_in_order', [True, False])
def test_every_format(folder: Path, suffix: str, fragment: str, is_in_order: bool) -> None:  # noqa: F811
    """Read in order, and sought one by one as after an interruption: the samples are those of a
    decoding from the start, to what float32 rounds."""
    source = source_of(folder / f'a.{suffix}', fragment)
    expected = whole(source, 16000, 8000)
    pieces = []
    reader = PieceReader(16000, 8000, piece_s=2)
    for number in range(6):
        if not is_in_order:
            reader = PieceReader(16000, 8000, piece_s=2)
        pieces.append(reader.read(source, number, 6))
    check_all(pieces, expected, 0 if is_in_order else 1e-6)


@pytest.mark.parametrize('bitrate_mode', ['CONSTANT', 'AVERAGE', 'VARIABLE'])
@pytest.mark.parametrize('has_header', [True, False])
def test_a_sought_mp3_is_exact_to_the_sample(
    tmp_path: Path, bitrate_mode: str, has_header: bool
) -> None:
    """Loud and quiet by turns, so that frames differ in size; with and without the frame in front
    that says how many there are."""
    path = tmp_path / 'a.mp3'
    rng = np.random.default_rng(0)
    loud = np.repeat(np.where(np.arange(60) % 3 == 0, 0.5, 0.003), 44100)
    with soundfile.SoundFile(
        path, 'w', 44100, 1, 'MPEG_LAYER_III', bitrate_mode=bitrate_mode, compression_level=0.4
    ) as file:
        for start in range(0, len(loud), 44100):
            file.write(loud[start : start + 44100] * rng.normal(size=44100).clip(-1, 1))
    if not has_header:
        content = path.read_bytes()
        assert b'Xing' in content[:400] or b'Info' in content[:400]
        second = content.index(content[:2], 100)
        path.write_bytes(content[second:])
    source = source_of(path)
    waveform = decoding.load(path)
    for piece in (1, 3, 5):
        found = PieceReader(64000, 32000, piece_s=10).read(source, piece, 7)
        end = found.start + len(found.waveform)
        np.testing.assert_allclose(found.waveform, waveform[found.start : end], rtol=0, atol=1e-6)


def test_a_recording_is_divided_from_three_minutes_on() -> None:
    counts = [piece_count(seconds) for seconds in (1, 180, 181, 240, 241, 36000)]
    assert counts == [1, 1, 4, 4, 5, 600]


def test_recordings_that_are_read_by_turns_are_each_decoded_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [tmp_path / f'{n}.wav' for n in range(MAX_OPEN)]
    for path in paths:
        soundfile.write(path, np.random.default_rng(0).uniform(-0.1, 0.1, 80_000), RATE_HZ)
    opened: list[Path] = []
    blocks = decoding.blocks

    def counted(path: Path, *args: float) -> object:
        opened.append(path)
        return blocks(path, *args)

    monkeypatch.setattr(decoding, 'blocks', counted)
    reader = PieceReader(8000, 4000, piece_s=1)
    for piece in range(5):
        for path in paths:
            reader.read(source_of(path), piece, 5)
    assert sorted(opened) == sorted(paths)
    opened.clear()
    for ahead in range(2, 5):  # two requests for one recording, one of them two pieces behind
        for piece in (ahead, ahead - 2):
            reader.read(source_of(paths[0]), piece, 6)
    assert opened == [paths[0]] * 2


def test_nothing_is_left_of_a_recording_that_changed(tmp_path: Path) -> None:
    path = tmp_path / 'a.wav'
    soundfile.write(path, np.full(80_000, 0.1), RATE_HZ)
    reader = PieceReader(8000, 4000, piece_s=1)
    reader.read(source_of(path), 0, 5)
    soundfile.write(path, np.full(80_001, 0.2), RATE_HZ)
    assert np.abs(reader.read(source_of(path), 1, 5).waveform - 0.2).max() < 1e-4


def test_a_sought_mp3_says_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """At a low rate a frame needs more of those before it than libmpg123 has after a seek."""
    path = tmp_path / 'a.mp3'
    noise = np.random.default_rng(0)
    with soundfile.SoundFile(path, 'w', RATE_HZ, 1, 'MPEG_LAYER_III', compression_level=0.9) as mp3:
        for second in range(600):
            mp3.write(noise.normal(0, 0.5 if second % 5 == 0 else 0.001, RATE_HZ))
    for second in range(10, 590, 7):
        next(decoding.blocks(path, 0, None, second * RATE_HZ))
    assert capfd.readouterr().err == ''
