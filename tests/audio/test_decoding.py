from pathlib import Path

import av
import librosa
import numpy as np
import pytest
import soundfile

from audio_search.audio import decoding
from audio_search.audio.decoding import AudioError
from tests.conftest import write_tone

RATE_HZ = 48000
SECONDS = 12


def chirp() -> np.ndarray:
    """A sweep from 200 to 2000 Hz on both channels of 48 kHz stereo, float64 [samples, 2]."""
    t = np.arange(SECONDS * RATE_HZ) / RATE_HZ
    sweep = np.sin(2 * np.pi * (200 * t + (1800 / (2 * SECONDS)) * t**2))
    return np.stack([0.6 * sweep, 0.2 * sweep], axis=1)


def write_with_ffmpeg(path: Path, codec: str) -> None:
    with av.open(str(path), 'w') as container:
        stream = container.add_stream(codec, rate=RATE_HZ, layout='stereo')
        samples = chirp().astype(np.float32)
        fifo = av.AudioFifo()
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(samples.T), format='fltp', layout='stereo'
        )
        frame.rate, frame.pts = RATE_HZ, 0
        fifo.write(frame)
        while (part := fifo.read(960 if 'opus' in codec else 1024, partial=True)) is not None:
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('formats')
    for suffix in ('wav', 'flac', 'ogg', 'mp3', 'aiff'):
        soundfile.write(folder / f'a.{suffix}', chirp(), RATE_HZ)
    soundfile.write(folder / 'a.opus', chirp(), RATE_HZ, format='OGG', subtype='OPUS')
    for suffix, codec in (('m4a', 'aac'), ('aac', 'aac'), ('webm', 'libopus'), ('mp4', 'aac')):
        write_with_ffmpeg(folder / f'a.{suffix}', codec)
    return folder


FORMATS = ['wav', 'flac', 'ogg', 'mp3', 'aiff', 'opus', 'm4a', 'aac', 'webm', 'mp4']


def lag_s(sound: np.ndarray, reference: np.ndarray) -> float:
    """By how much `sound` comes after `reference`."""
    n = len(sound) + len(reference)
    spectrum = np.fft.rfft(sound, n) * np.conj(np.fft.rfft(reference, n))
    lag = int(np.argmax(np.fft.irfft(spectrum, n)))
    return (lag if lag < n // 2 else lag - n) / decoding.SAMPLE_RATE_HZ


@pytest.mark.parametrize('suffix', FORMATS)
def test_every_format_gives_the_same_sound(folder: Path, suffix: str) -> None:
    sound = decoding.load(folder / f'a.{suffix}')
    t = np.arange(SECONDS * 16000) / 16000
    expected = 0.4 * np.sin(2 * np.pi * (200 * t + (1800 / (2 * SECONDS)) * t**2))
    assert sound.dtype == np.float32
    assert len(sound) == pytest.approx(SECONDS * 16000, abs=0.1 * 16000)
    assert abs(lag_s(sound, expected)) < 0.07  # raw aac does not say how many samples are priming
    assert np.sqrt(np.mean(sound**2)) == pytest.approx(np.sqrt(np.mean(expected**2)), rel=0.03)


@pytest.mark.parametrize('suffix', ['wav', 'flac', 'ogg', 'mp3', 'aiff', 'opus'])
def test_decoding_block_by_block_is_what_librosa_makes_of_the_whole(
    folder: Path, suffix: str
) -> None:
    expected, _ = librosa.load(folder / f'a.{suffix}', sr=16000, mono=True, res_type='soxr_hq')
    sound = decoding.load(folder / f'a.{suffix}')
    assert len(sound) == len(expected)
    assert np.abs(sound - expected).max() < 1e-4


@pytest.mark.parametrize('suffix', FORMATS)
def test_a_part_is_that_part(folder: Path, suffix: str) -> None:
    whole = decoding.load(folder / f'a.{suffix}')
    part = decoding.load(folder / f'a.{suffix}', 5, 7.5)
    expected = whole[5 * 16000 : 7 * 16000 + 8000]
    assert len(part) == len(expected)
    assert abs(lag_s(part, expected)) < 0.03
    if suffix not in ('m4a', 'aac', 'webm', 'mp4'):  # whose times are in whole frames or ms
        inside = slice(200, -200)  # the resampler hears nothing before the part
        assert np.abs(part[inside] - expected[inside]).max() < 1e-3


@pytest.mark.parametrize('suffix', FORMATS)
@pytest.mark.parametrize(('beg_s', 'end_s'), [(0, None), (1, 11.5), (5.001, 5.0011)])
def test_blocks_are_the_whole_in_pieces(
    folder: Path, suffix: str, beg_s: float, end_s: float | None
) -> None:
    path = folder / f'a.{suffix}'
    pieces = list(decoding.blocks(path, beg_s, end_s))
    assert all(0 < len(piece) <= decoding.MAX_BLOCK_S * 16000 for piece in pieces)
    assert {piece.dtype for piece in pieces} == {np.dtype(np.float32)}
    assert all(piece.ndim == 1 for piece in pieces)
    np.testing.assert_array_equal(np.concatenate(pieces), decoding.load(path, beg_s, end_s))


def test_blocks_are_decoded_as_they_are_asked_for(tmp_path: Path) -> None:
    path = write_tone(tmp_path / 'long.wav', 60)
    first = next(decoding.blocks(path))
    np.testing.assert_array_equal(first, decoding.load(path, 0, 10))
    missing = decoding.blocks(tmp_path / 'gone.wav')
    with pytest.raises(AudioError, match=r'gone\.wav cannot be read'):
        next(missing)


def test_a_part_that_reaches_beyond_the_end_is_what_there_is(folder: Path) -> None:
    assert len(decoding.load(folder / 'a.wav', 11, 20)) == 16000


def test_a_part_behind_the_end_is_refused(folder: Path) -> None:
    for suffix in FORMATS:
        with pytest.raises(AudioError, match=rf'a.{suffix} ends before 40 s'):
            decoding.load(folder / f'a.{suffix}', 40)


def test_the_limit_of_duration(folder: Path) -> None:
    for suffix in FORMATS:
        with pytest.raises(AudioError, match=rf'a.{suffix} lasts more than 5 s'):
            decoding.load(folder / f'a.{suffix}', max_duration_s=5)
    with pytest.raises(AudioError, match='lasts more than 5 s'):
        decoding.load(folder / 'a.wav', 0, 6, max_duration_s=5)
    assert len(decoding.load(folder / 'a.wav', 0, 5, max_duration_s=5)) == 5 * 16000


def test_16_khz_mono_is_read_as_it_is(tmp_path: Path) -> None:
    samples = np.random.default_rng(1).uniform(-1, 1, 16000).astype(np.float32)
    soundfile.write(tmp_path / 'a.wav', samples, 16000, subtype='FLOAT')
    assert np.array_equal(decoding.load(tmp_path / 'a.wav'), samples)


def test_no_samples_is_an_error(tmp_path: Path) -> None:
    soundfile.write(tmp_path / 'a.wav', np.zeros(0), 16000)
    with pytest.raises(AudioError, match=r'a.wav holds no sound \(0 samples\)'):
        decoding.load(tmp_path / 'a.wav')


@pytest.mark.parametrize('name', ['text.mp3', 'text.wav', 'picture.m4a', 'list.m3u8', 'list.m4a'])
def test_what_is_not_audio_says_so_and_nothing_else(
    tmp_path: Path, folder: Path, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    contents = {
        'text': b'hello world, this is text\n' * 200,
        'picture': b'\x89PNG\r\n\x1a\n' + bytes(2000),
        'list': f'#EXTM3U\n#EXTINF:10,\n{folder}/a.m4a\n#EXT-X-ENDLIST\n'.encode(),
    }
    (tmp_path / name).write_bytes(contents[name.split('.')[0]])
    with pytest.raises(AudioError, match=f'{name} is not audio that can be decoded'):
        decoding.load(tmp_path / name)
    assert capfd.readouterr() == ('', '')


def test_video_without_sound_has_no_audio_track(tmp_path: Path) -> None:
    with av.open(str(tmp_path / 'silent.mp4'), 'w') as container:
        stream = container.add_stream('mpeg4', rate=10)
        stream.width = stream.height = 32
        for _ in range(5):
            picture = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format='rgb24')
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    with pytest.raises(AudioError, match='silent.mp4 has no audio track'):
        decoding.load(tmp_path / 'silent.mp4')


def test_half_a_file_is_its_first_half_or_an_error(folder: Path, tmp_path: Path) -> None:
    for suffix in FORMATS:
        whole = (folder / f'a.{suffix}').read_bytes()
        (tmp_path / f'half.{suffix}').write_bytes(whole[: len(whole) // 2])
        try:
            sound = decoding.load(tmp_path / f'half.{suffix}')
        except AudioError as error:
            assert f'half.{suffix}' in str(error)
        else:
            assert 0 < len(sound) < 0.9 * SECONDS * 16000


def test_a_missing_file_is_an_audio_error(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match='gone.wav cannot be read'):
        decoding.load(tmp_path / 'gone.wav')


def test_long_files_do_not_need_memory_for_their_rate_and_channels(tmp_path: Path) -> None:
    import tracemalloc

    path = write_tone(tmp_path / 'long.wav', 120, rate_hz=48000)
    tracemalloc.start()
    sound = decoding.load(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 * sound.nbytes
