from pathlib import Path

import numpy as np
import pytest
import soundfile
from docarray import DocList

from audio_search.documents import AudioChunk, AudioClip, Integers
from executors.segmenter import AudioSegmenter
from tests.conftest import write_tone


@pytest.fixture
def segmenter(tmp_path: Path) -> AudioSegmenter:
    return AudioSegmenter(roots=str(tmp_path), media=str(tmp_path / 'media'))


def segment(segmenter: AudioSegmenter, *clips: AudioClip) -> list[AudioClip]:
    return list(segmenter.segment(DocList[AudioClip](clips)))


def test_ten_seconds_give_four_chunks_that_say_where_they_are(
    segmenter: AudioSegmenter, tmp_path: Path
) -> None:
    write_tone(tmp_path / 'a.wav', 10)
    (clip,) = segment(segmenter, AudioClip(id='x', uri='a.wav', tags={'label': 'tone'}))
    assert clip.error is None
    assert clip.tensor.shape == (160000,)
    assert clip.tensor.dtype == np.float32
    assert [chunk.location for chunk in clip.chunks] == [
        [0, 64000], [32000, 96000], [64000, 128000], [96000, 160000],
    ]  # fmt: skip
    assert [chunk.offset for chunk in clip.chunks] == [0, 1, 2, 3]
    third = clip.chunks[2]
    assert (third.parent_id, third.uri) == ('x', 'a.wav')
    assert (third.beg_in_ms, third.end_in_ms) == (4000, 8000)
    assert third.tags == {'sample_rate': 16000}
    assert third.tensor is None
    assert third.embedding is None


def test_tags_of_a_chunk_are_its_own(segmenter: AudioSegmenter, tmp_path: Path) -> None:
    write_tone(tmp_path / 'a.wav', 10)
    (clip,) = segment(segmenter, AudioClip(uri='a.wav', tags={'label': 'tone'}))
    clip.chunks[0].tags['label'] = 'changed'
    assert clip.tags == {'label': 'tone'}
    assert clip.chunks[1].tags == {'sample_rate': 16000}


def test_a_short_clip_has_one_window_that_says_so(
    segmenter: AudioSegmenter, tmp_path: Path
) -> None:
    write_tone(tmp_path / 'a.wav', 1.5)
    (clip,) = segment(segmenter, AudioClip(uri='a.wav'))
    (chunk,) = clip.chunks
    assert chunk.location == [0, 64000]
    assert (chunk.beg_in_ms, chunk.end_in_ms) == (0, 1500)
    assert chunk.tags['padded'] is True
    assert clip.tensor.shape == (24000,)
    assert np.abs(clip.tensor).max() > 0.4


def test_times_of_a_part_are_those_of_the_whole_file(
    segmenter: AudioSegmenter, tmp_path: Path
) -> None:
    write_tone(tmp_path / 'a.wav', 20)
    (clip,) = segment(segmenter, AudioClip(uri='a.wav#t=5,11'))
    assert clip.tensor.shape == (96000,)
    assert [chunk.location for chunk in clip.chunks] == [[80000, 144000], [112000, 176000]]
    assert [chunk.beg_in_ms for chunk in clip.chunks] == [5000, 7000]


def test_a_part_beyond_37_hours_has_its_place(segmenter: AudioSegmenter, tmp_path: Path) -> None:
    """From there on samples at 16 kHz do not fit into 32 bits."""
    path = tmp_path / 'long.wav'
    with soundfile.SoundFile(path, 'w', 1000, 1, 'PCM_U8') as file:
        for _ in range(140):
            file.write(np.zeros(1_000_000, np.float32))
    early, late = segment(
        segmenter,
        AudioClip(id='early', uri='long.wav#t=130000,130004'),
        AudioClip(id='late', uri='long.wav#t=139000,139004'),
    )
    assert early.error is None
    assert early.chunks[0].location == [130000 * 16000, 130004 * 16000]
    (there,) = DocList[AudioClip].from_protobuf(DocList[AudioClip]([late]).to_protobuf())
    assert there.chunks[0].location == [139000 * 16000, 139004 * 16000]
    assert there.chunks[0].beg_in_ms == 139_000_000


def test_pieces_have_the_windows_of_the_whole(segmenter: AudioSegmenter, tmp_path: Path) -> None:
    """Of 250 s from 1.5 s on: numbers, places and times count on from piece to piece, and only
    the last knows the hash of the file."""
    with soundfile.SoundFile(tmp_path / 'long.wav', 'w', 16000, 1) as file:
        for second in range(252):
            file.write(np.random.default_rng(second).uniform(-0.1, 0.1, 16000))
    (whole,) = segment(segmenter, AudioClip(uri='long.wav#t=1.5,251.5'))
    pieces = [
        segment(segmenter, AudioClip(uri='long.wav#t=1.5,251.5', piece=Integers([n, 3])))[0]
        for n in range(3)
    ]
    chunks = [chunk for piece in pieces for chunk in piece.chunks]
    assert len(chunks) == 124
    for found, expected in zip(chunks, whole.chunks, strict=True):
        for name in ('offset', 'location', 'beg_in_ms', 'end_in_ms', 'tags'):
            assert getattr(found, name) == getattr(expected, name)
    for piece in pieces:
        first = piece.chunks[0].location[0] - 24000
        length = len(piece.tensor)
        np.testing.assert_array_equal(piece.tensor, whole.tensor[first : first + length])
    assert pieces[2].source == whole.source
    assert all('sha256' not in piece.source for piece in pieces[:2])


def test_a_piece_behind_the_end_is_empty(segmenter: AudioSegmenter, tmp_path: Path) -> None:
    write_tone(tmp_path / 'a.wav', 10)
    (clip,) = segment(segmenter, AudioClip(uri='a.wav', piece=Integers([1, 2])))
    assert clip.error is None
    assert len(clip.chunks) == 0


def test_one_bad_clip_does_not_stop_the_others(segmenter: AudioSegmenter, tmp_path: Path) -> None:
    write_tone(tmp_path / 'good.wav', 5)
    soundfile.write(tmp_path / 'no_samples.wav', np.zeros(0), 16000)
    (tmp_path / 'empty.wav').touch()
    (tmp_path / 'text.mp3').write_text('no sound at all ' * 99)
    expected = {
        'missing.wav': 'missing.wav does not exist',
        'empty.wav': 'empty.wav is empty (0 bytes)',
        'no_samples.wav': 'no_samples.wav holds no sound',
        'text.mp3': 'text.mp3 is not audio',
        '.': '. is a folder',
        '/etc/passwd': '/etc/passwd is outside',
    }
    *bad, good = segment(segmenter, *(AudioClip(uri=uri) for uri in [*expected, 'good.wav']))
    for clip in bad:
        assert str(clip.error).startswith(expected[str(clip.uri)])
        assert not clip.chunks
        assert clip.tensor is None
    assert good.error is None
    assert len(good.chunks) == 2


def test_what_needs_no_chunks_passes_untouched(segmenter: AudioSegmenter, tmp_path: Path) -> None:
    write_tone(tmp_path / 'a.wav', 5)
    clips = [
        AudioClip(uri='a.wav', chunk_count=1),
        AudioClip(id='stored'),
        AudioClip(uri='a.wav', error='refused before'),
        AudioClip(uri='a.wav', chunks=[AudioChunk(tensor=np.zeros(64000, np.float32))]),
    ]
    before = [clip.to_protobuf() for clip in clips]
    assert [clip.to_protobuf() for clip in segment(segmenter, *clips)] == before


def test_source_tells_one_version_of_a_file_from_another(
    segmenter: AudioSegmenter, tmp_path: Path
) -> None:
    path = write_tone(tmp_path / 'a.wav', 5)
    (clip,) = segment(segmenter, AudioClip(uri='a.wav'))
    assert clip.source is not None
    assert clip.source['path'] == str(path)
    assert clip.source['size'] == path.stat().st_size
    assert clip.source['mtime_ns'] == path.stat().st_mtime_ns
    assert len(clip.source['sha256']) == 64


def test_the_media_folder_is_always_a_root(segmenter: AudioSegmenter, tmp_path: Path) -> None:
    (tmp_path / 'elsewhere').mkdir()
    (tmp_path / 'media').mkdir()
    write_tone(tmp_path / 'media' / 'kept.wav', 5)
    other = AudioSegmenter(roots=str(tmp_path / 'elsewhere'), media=str(tmp_path / 'media'))
    (clip,) = segment(other, AudioClip(uri='kept.wav'))
    assert clip.error is None


@pytest.mark.parametrize(('window_size', 'stride'), [(4, 0), (4, 5), (0, 0), (4, -1)])
def test_windows_that_cannot_be_cut_are_refused(window_size: float, stride: float) -> None:
    with pytest.raises(ValueError, match=f'window_size {window_size} s and stride {stride} s'):
        AudioSegmenter(window_size=window_size, stride=stride)
