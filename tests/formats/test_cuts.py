from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audio_search.audio import decoding
from audio_search.audio.cutting import cut
from audio_search.formats import Hit
from audio_search.formats.cuts import CutError, cut_hits, names_of
from audio_search.roots import Roots
from tests.conftest import write_tone
from tests.running import ROOT

HIT = Hit('sub/bird song.wav', 2.5, 6.5, 0.1234, 'bird', 'q.wav', 0.0, 4.0)
BIRDS = ROOT / 'toy-data/143_birds.mp3'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / 'sub').mkdir()
    rng = np.random.default_rng(0)
    noise = rng.integers(-32768, 32768, (10 * 44100, 2), np.int16)
    soundfile.write(tmp_path / HIT.file, noise, 44100)
    return tmp_path


def cut_one(folder: Path, hit: Hit = HIT, **around: float) -> tuple[np.ndarray, int]:
    (written,) = cut_hits([hit], folder / 'cuts', Roots((folder,)), **around).written
    return soundfile.read(written, dtype='int16')


def test_a_part_has_the_samples_the_rate_and_the_channels_of_its_file(folder: Path) -> None:
    whole, rate = soundfile.read(folder / HIT.file, dtype='int16')
    part, part_rate = cut_one(folder)
    assert part_rate == rate == 44100
    assert np.array_equal(part, whole[round(2.5 * rate) : round(6.5 * rate)])
    assert [path.name for path in (folder / 'cuts').iterdir()] == ['0.123_bird_song_2.5_6.5.wav']


def test_seconds_before_and_after_stop_at_the_ends_of_the_file(folder: Path) -> None:
    whole, rate = soundfile.read(folder / HIT.file, dtype='int16')
    part, _ = cut_one(folder, before_s=3, after_s=1)
    assert np.array_equal(part, whole[: round(7.5 * rate)])
    part, _ = cut_one(folder, replace(HIT, distance=0.2), after_s=60)
    assert np.array_equal(part, whole[round(2.5 * rate) :])


@pytest.mark.parametrize('subtype', ['PCM_24', 'FLOAT'])
def test_samples_of_more_than_16_bits_are_kept(tmp_path: Path, subtype: str) -> None:
    samples = np.random.default_rng(0).uniform(-1, 1, 8000).astype(np.float32)
    soundfile.write(tmp_path / 'a.wav', samples, 8000, subtype=subtype)
    cut(tmp_path / 'a.wav', 0.25, 0.75, tmp_path / 'part.wav')
    assert soundfile.info(tmp_path / 'part.wav').subtype == subtype
    whole, _ = soundfile.read(tmp_path / 'a.wav')
    part, _ = soundfile.read(tmp_path / 'part.wav')
    assert np.array_equal(part, whole[2000:6000])


def test_mp3_is_cut_at_its_place(tmp_path: Path) -> None:
    cut(BIRDS, 3.0, 5.0, tmp_path / 'part.wav')
    whole, rate = soundfile.read(BIRDS)
    part, part_rate = soundfile.read(tmp_path / 'part.wav')
    assert part_rate == rate
    assert part.shape == (2 * rate, 2)
    assert np.abs(part - whole[3 * rate : 5 * rate]).max() < 1e-3


def test_what_libsndfile_does_not_read_is_decoded(tmp_path: Path) -> None:
    import av

    waveform = decoding.load(BIRDS)
    with av.open(str(tmp_path / 'a.m4a'), 'w') as container:
        stream = container.add_stream('aac', rate=16000, layout='mono')
        frame = av.AudioFrame.from_ndarray(waveform[np.newaxis], format='fltp', layout='mono')
        frame.sample_rate = 16000
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    cut(tmp_path / 'a.m4a', 3.0, 5.0, tmp_path / 'part.wav')
    info = soundfile.info(tmp_path / 'part.wav')
    assert (info.samplerate, info.channels, info.frames) == (16000, 1, 32000)


def test_nothing_is_overwritten_and_nothing_written_before_that_is_known(folder: Path) -> None:
    other = replace(HIT, distance=0.05)
    cut_one(folder)
    before = (folder / 'cuts' / names_of([HIT])[0]).read_bytes()
    with pytest.raises(CutError, match='exists already'):
        cut_hits([other, HIT], folder / 'cuts', Roots((folder,)))
    (left,) = (folder / 'cuts').iterdir()
    assert left.read_bytes() == before


def test_names_stay_in_their_folder_and_are_all_different(folder: Path) -> None:
    files = ['../../etc/passwd', '/abs/x.wav', 'a/b.wav', 'a.d/b.wav', '..', 'é?*.wav', 'x' * 400]
    names = names_of([replace(HIT, file=file) for file in files])
    assert names == [
        '0.123_passwd_2.5_6.5.wav', '0.123_x_2.5_6.5.wav', '0.123_b_2.5_6.5.wav',
        '0.123_b_2.5_6.5_2.wav', '0.123_.._2.5_6.5.wav', '0.123_é__2.5_6.5.wav',
        f'0.123_{"x" * 100}_2.5_6.5.wav',
    ]  # fmt: skip
    for name in names:
        assert (folder / name).resolve().parent == folder.resolve()


def test_a_file_that_is_gone_or_too_short_is_named_and_the_others_are_cut(folder: Path) -> None:
    write_tone(folder / 'short.wav', 1)
    hits = [replace(HIT, file='gone.wav'), replace(HIT, file='short.wav'), HIT]
    made = cut_hits(hits, folder / 'cuts', Roots((folder,)))
    assert [path.name for path in made.written] == ['0.123_bird_song_2.5_6.5.wav']
    assert list((folder / 'cuts').iterdir()) == list(made.written)
    assert [problem.split()[0] for problem in made.problems] == ['gone.wav', 'short.wav']


def test_a_folder_that_cannot_be_made_is_told(folder: Path) -> None:
    with pytest.raises(CutError, match='choose another folder'):
        cut_hits([HIT], folder / HIT.file / 'cuts', Roots((folder,)))
