import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from docarray import DocList

from audio_search.documents import AudioChunk, AudioClip, Embedding, Tags
from audio_search.vggish import features
from audio_search.vggish.postprocessing import quantize
from executors.encoder import VGGishAudioEncoder
from executors.segmenter import cut

ROOT = Path(__file__).parents[2]
RATE = 16000
WINDOW = 4 * RATE


def make(**settings: Any) -> VGGishAudioEncoder:
    settings = {'model_path': str(ROOT / 'models'), 'weights': 'compact', **settings}
    return VGGishAudioEncoder(**{'precision': 'float32', **settings})


@pytest.fixture(scope='module')
def encoder() -> VGGishAudioEncoder:
    return make()


@pytest.fixture(scope='module')
def published_encoder() -> VGGishAudioEncoder:
    return make(padding='silence', lift_to_dbfs=None, silence='as_published')


@pytest.fixture(scope='module')
def log_mel_encoder() -> VGGishAudioEncoder:
    return make(load_input_from='log_mel')


def tones(seconds: float, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * RATE)) / RATE
    waveform = 0.02 * rng.standard_normal(len(t))
    for hz in rng.uniform(100, 5000, 6):
        waveform += 0.1 * np.sin(2 * np.pi * hz * t) * (t % 1.7 < 0.8)
    return waveform.astype(np.float32)


def clip_of(waveform: np.ndarray, uri: str = 'clip.wav', begin: int = 0) -> AudioClip:
    clip = AudioClip(uri=uri)
    cut(clip, waveform, begin, WINDOW, 2 * RATE)
    return clip


def sent(tensor: np.ndarray | None, uri: str = 'sent.wav', **tags: Any) -> AudioClip:
    """A clip with one chunk whose sound a client sends itself."""
    chunk = AudioChunk(tensor=tensor, tags=Tags(tags))
    return AudioClip(uri=uri, chunks=DocList[AudioChunk]([chunk]))


def encode(encoder: VGGishAudioEncoder, *clips: AudioClip) -> DocList[AudioClip]:
    return encoder.encode(DocList[AudioClip](clips))


def embedding(encoder: VGGishAudioEncoder, clip: AudioClip) -> Embedding:
    (clip,) = encode(encoder, clip)
    assert clip.error is None
    return clip.chunks[0].embedding


def levels_moved(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.abs(Embedding.to_int8(a).astype(int) - Embedding.to_int8(b))


def test_every_chunk_gets_four_vectors_and_the_sound_is_dropped(
    encoder: VGGishAudioEncoder,
) -> None:
    (clip,) = encode(encoder, clip_of(tones(10)))
    assert len(clip.chunks) == 4
    assert clip.error is None
    assert clip.tensor is None
    for chunk in clip.chunks:
        assert chunk.tensor is None
        assert chunk.embedding.shape == (512,)
        assert chunk.embedding.dtype == np.float32
        on_the_wire = chunk.embedding.to_int8()
        np.testing.assert_array_equal(Embedding.from_int8(on_the_wire), chunk.embedding)
    assert len({chunk.embedding.tobytes() for chunk in clip.chunks}) == 4


def test_the_embedding_is_the_model_applied_to_the_chunk_alone(encoder: VGGishAudioEncoder) -> None:
    waveform = tones(10)
    (clip,) = encode(encoder, clip_of(waveform, begin=5 * RATE))
    for chunk, beg in zip(clip.chunks, (0, 32000, 64000, 96000), strict=True):
        some = features.examples(features.log_mel(waveform[beg : beg + WINDOW]))
        projected = np.clip(encoder.model.project(some), -2, 2)
        expected = np.trunc((projected + 2) * 255 / 4).reshape(-1) - 128
        moved = np.abs(chunk.embedding * 128 - expected)
        assert moved.max() <= 1
        assert (moved > 0).mean() <= 0.01


def test_uri_waveform_and_log_mel_of_the_same_sound_give_the_same(
    encoder: VGGishAudioEncoder, log_mel_encoder: VGGishAudioEncoder, tmp_path: Path
) -> None:
    waveform = (tones(10) * 32768).round().astype(np.int16)
    soundfile.write(tmp_path / 'sound.wav', waveform, RATE)
    floats = (waveform / 32768).astype(np.float32)
    (by_waveform,) = encode(encoder, clip_of(floats))

    by_uri_encoder = make(load_input_from='uri', roots=str(tmp_path))
    without_sound = clip_of(floats, uri=str(tmp_path / 'sound.wav'))
    without_sound.tensor = None
    (by_uri,) = encode(by_uri_encoder, without_sound)

    windows = [floats[beg : beg + WINDOW] for beg in (0, 32000, 64000, 96000)]
    chunks = DocList[AudioChunk](
        AudioChunk(tensor=features.examples(features.log_mel(window))) for window in windows
    )
    (by_log_mel,) = encode(log_mel_encoder, AudioClip(uri='sound.wav', chunks=chunks))

    assert by_uri.error is None
    assert by_log_mel.error is None
    for one, two, three in zip(by_waveform.chunks, by_uri.chunks, by_log_mel.chunks, strict=True):
        np.testing.assert_array_equal(two.embedding, one.embedding)
        np.testing.assert_array_equal(three.embedding, one.embedding)


def test_a_part_of_a_file_is_counted_from_its_beginning(
    encoder: VGGishAudioEncoder, tmp_path: Path
) -> None:
    waveform = tones(12)
    soundfile.write(tmp_path / 'long.wav', waveform, RATE, subtype='FLOAT')
    uri = f'{tmp_path}/long.wav#t=5,10'
    clip = clip_of(waveform[5 * RATE : 10 * RATE], uri=uri, begin=5 * RATE)
    expected = embedding(encoder, clip_of(waveform[5 * RATE : 10 * RATE]))
    clip.tensor = None
    by_uri = make(load_input_from='uri', roots=str(tmp_path))
    np.testing.assert_array_equal(embedding(by_uri, clip), expected)


@pytest.mark.parametrize('form', ['int16', 'int64', 'float64', 'first', 'last', 'stereo int16'])
def test_sound_is_understood_by_what_it_is(encoder: VGGishAudioEncoder, form: str) -> None:
    as_int16 = (tones(4) * 32767).round().astype(np.int16)
    floats = (as_int16 / 32768).astype(np.float32)
    tensor = {
        'int16': as_int16,
        'int64': as_int16.astype(np.int64),
        'float64': floats.astype(np.float64),
        'first': np.stack([floats, floats]),
        'last': np.stack([floats, floats], axis=1),
        'stereo int16': np.stack([as_int16, as_int16], axis=1),
    }[form]
    expected = embedding(encoder, sent(floats, sample_rate=RATE))
    np.testing.assert_array_equal(embedding(encoder, sent(tensor, sample_rate=RATE)), expected)


def test_another_rate_sounds_nearly_the_same(encoder: VGGishAudioEncoder) -> None:
    def sweep(rate_hz: int) -> np.ndarray:
        t = np.arange(4 * rate_hz) / rate_hz
        return 0.3 * np.sin(2 * np.pi * 900 * t * (1 + t / 4))

    one = embedding(encoder, sent(sweep(44100), sample_rate=44100))
    two = embedding(encoder, sent(sweep(RATE), sample_rate=RATE))
    assert one @ two / np.linalg.norm(one) / np.linalg.norm(two) > 0.98


def test_a_longer_sound_uses_the_first_vectors(encoder: VGGishAudioEncoder) -> None:
    waveform = tones(9)
    expected = embedding(encoder, sent(waveform[: 4 * RATE], sample_rate=RATE))
    np.testing.assert_array_equal(embedding(encoder, sent(waveform, sample_rate=RATE)), expected)


@pytest.mark.parametrize('seconds', [1, 2, 3])
def test_a_shorter_sound_is_repeated_and_flagged(
    encoder: VGGishAudioEncoder, log_mel_encoder: VGGishAudioEncoder, seconds: float
) -> None:
    waveform = tones(seconds)
    (clip,) = encode(encoder, sent(waveform, sample_rate=RATE))
    assert clip.chunks[0].tags['padded'] is True
    repeated = np.resize(waveform, 4 * RATE)
    (whole,) = encode(encoder, sent(repeated, sample_rate=RATE))
    assert 'padded' not in whole.chunks[0].tags
    np.testing.assert_array_equal(clip.chunks[0].embedding, whole.chunks[0].embedding)
    some = features.examples(features.log_mel(waveform))
    (short,) = encode(log_mel_encoder, sent(some))
    assert short.chunks[0].tags['padded'] is True
    (all_of_it,) = encode(log_mel_encoder, sent(np.resize(some, (4, 96, 64))))
    assert 'padded' not in all_of_it.chunks[0].tags
    np.testing.assert_array_equal(short.chunks[0].embedding, all_of_it.chunks[0].embedding)


@pytest.mark.parametrize('count', [1, 2, 399, 8000])
def test_less_than_one_example_is_repeated_too(encoder: VGGishAudioEncoder, count: int) -> None:
    waveform = tones(1)[:count]
    (clip,) = encode(encoder, sent(waveform, sample_rate=RATE))
    assert clip.error is None
    assert clip.chunks[0].tags['padded'] is True
    filled = embedding(encoder, sent(np.resize(waveform, 4 * RATE), sample_rate=RATE))
    np.testing.assert_array_equal(clip.chunks[0].embedding, filled)


def test_silence_has_the_vector_zero(encoder: VGGishAudioEncoder) -> None:
    half = tones(10)
    half[: 4 * RATE] = 0
    silent, half_silent = encode(encoder, clip_of(np.zeros(10 * RATE, np.float32)), clip_of(half))
    assert silent.error is None
    assert [bool(chunk.embedding.any()) for chunk in silent.chunks] == [False] * 4
    assert [bool(chunk.embedding.any()) for chunk in half_silent.chunks] == [False] + [True] * 3


def test_silence_as_published_is_a_sound_like_any_other(
    published_encoder: VGGishAudioEncoder,
) -> None:
    (clip,) = encode(published_encoder, clip_of(np.zeros(10 * RATE, np.float32)))
    assert clip.error is None
    first = clip.chunks[0].embedding
    assert first.any()
    for chunk in clip.chunks:
        np.testing.assert_array_equal(chunk.embedding, first)


@pytest.mark.parametrize('seconds', [0.5, 1.5, 10])
def test_with_every_step_off_vectors_are_as_published(
    published_encoder: VGGishAudioEncoder, seconds: float
) -> None:
    """Window by window what the published steps give: zeros behind a sound that is too short,
    log-mel examples, network, PCA, 8 bits."""
    waveform = (0.05 * tones(seconds)).astype(np.float32)
    (clip,) = encode(published_encoder, clip_of(waveform))
    filled = np.pad(waveform, (0, max(0, 4 * RATE - len(waveform))))
    examples = [
        features.examples(features.log_mel(filled[start : start + 4 * RATE]))
        for start in range(0, len(filled) - 4 * RATE + 1, 2 * RATE)
    ]
    vectors = (
        quantize(published_encoder.model.project(np.concatenate(examples))).astype(np.int16) - 128
    )
    embeddings = np.stack([chunk.embedding.to_int8() for chunk in clip.chunks])
    # Exact in the examples (tests/vggish/test_front_end.py); the network's batches differ here.
    assert (levels_moved(embeddings / 128, vectors.reshape(-1, 512) / 128) <= 1).all()


def test_one_sound_has_one_vector_through_every_door(
    encoder: VGGishAudioEncoder, tmp_path: Path
) -> None:
    uri_encoder = make(load_input_from='uri', roots=str(tmp_path))
    for seconds in (0.5, 1, 3, 4, 10):
        _check_doors(seconds, encoder, uri_encoder, tmp_path)


def _check_doors(
    seconds: float, encoder: VGGishAudioEncoder, uri_encoder: VGGishAudioEncoder, tmp_path: Path
) -> None:
    waveform = (0.02 * tones(seconds)).astype(np.float32)
    soundfile.write(tmp_path / 'tones.wav', waveform, RATE, subtype='FLOAT')
    (cut,) = encode(encoder, clip_of(waveform))
    (client,) = encode(encoder, sent(waveform[: 4 * RATE], sample_rate=RATE))
    of_file = clip_of(waveform, uri=str(tmp_path / 'tones.wav'))
    of_file.tensor = None
    (by_uri,) = encode(uri_encoder, of_file)
    expected = cut.chunks[0].embedding
    for clip in (client, by_uri):
        assert clip.error is None
        assert (levels_moved(clip.chunks[0].embedding, expected) <= 1).all()


@pytest.mark.parametrize('gain_db', [-20, -40])
def test_a_quieter_sound_has_the_vector_it_has_when_loud(
    encoder: VGGishAudioEncoder, gain_db: float
) -> None:
    loud = embedding(encoder, clip_of(tones(4)))
    quiet = embedding(encoder, clip_of((tones(4) * 10 ** (gain_db / 20)).astype(np.float32)))
    assert loud @ quiet / np.linalg.norm(loud) / np.linalg.norm(quiet) > 0.95


@pytest.mark.parametrize(
    ('clip', 'reason'),
    [
        (
            clip_of(np.full(10 * RATE, np.nan, np.float32)),
            'Chunk 0 of clip.wav holds NaN or infinite',
        ),
        (
            clip_of(np.full(10 * RATE, np.inf, np.float32)),
            'Chunk 0 of clip.wav holds NaN or infinite',
        ),
        (sent(np.zeros(0, np.float32), sample_rate=RATE), 'Chunk 0 of sent.wav has 0 samples'),
        (sent(tones(4)), 'Chunk 0 of sent.wav has the sample_rate None; give one'),
        (sent(tones(4), sample_rate=-1), 'Chunk 0 of sent.wav has the sample_rate -1; give one'),
        (
            sent(np.zeros((4, 96, 64)), sample_rate=RATE),
            'has the shape [4, 96, 64]; send [samples]',
        ),
        (sent(None), 'has neither a waveform nor an embedding; send it as its tensor'),
    ],
)
def test_a_clip_that_is_no_sound_gets_an_error_and_the_others_go_on(
    encoder: VGGishAudioEncoder, clip: AudioClip, reason: str
) -> None:
    clip, good = encode(encoder, clip.model_copy(deep=True), clip_of(tones(5), uri='good.wav'))
    assert reason in clip.error
    assert '\n' not in clip.error
    assert len(clip.chunks) == 0
    assert clip.tensor is None
    assert good.error is None
    assert good.chunks[0].embedding is not None


def test_trouble_with_a_later_chunk_takes_the_whole_clip(encoder: VGGishAudioEncoder) -> None:
    clip = clip_of(tones(10))
    clip.chunks[3].location = [999 * RATE, 1003 * RATE]
    clip, good = encode(encoder, clip, clip_of(tones(5)))
    assert (
        'Chunk 3 of clip.wav has the location [15984000, 16048000], which is no part' in clip.error
    )
    assert len(clip.chunks) == 0
    assert good.chunks[0].embedding is not None


@pytest.mark.parametrize(
    ('tensor', 'reason'),
    [
        (None, 'needs a log-mel tensor [n, 96, 64] and has none'),
        (np.zeros(64000, np.float32), 'has one of the shape [64000]; send that, or set'),
        (np.zeros((96, 64), np.float32), 'has one of the shape [96, 64]'),
        (np.zeros((0, 96, 64), np.float32), 'is empty or not finite'),
        (np.full((4, 96, 64), np.nan), 'is empty or not finite'),
        (np.full((4, 96, 64), 1e300), 'is empty or not finite'),
        (np.full((4, 96, 64), 'a'), 'is empty or not finite'),
    ],
)
def test_a_tensor_that_is_no_log_mel_is_refused(
    log_mel_encoder: VGGishAudioEncoder, tensor: np.ndarray | None, reason: str
) -> None:
    (clip,) = encode(log_mel_encoder, sent(tensor))
    assert reason in clip.error


@pytest.mark.parametrize(
    ('uri', 'reason'),
    [
        ('missing.wav', 'missing.wav does not exist'),
        ('/etc/hostname', 'is outside the folders'),
        ('text.wav', 'text.wav is not audio'),
        (None, 'has no uri; give the path of an audio file'),
    ],
)
def test_a_uri_that_is_no_sound_is_refused(tmp_path: Path, uri: str | None, reason: str) -> None:
    (tmp_path / 'text.wav').write_text('no sound')
    by_uri = make(load_input_from='uri', roots=str(tmp_path))
    clip = AudioClip(uri=uri, chunks=DocList[AudioChunk]([AudioChunk(location=[0, WINDOW])]))
    (clip,) = encode(by_uri, clip)
    assert reason in clip.error


def test_a_file_beyond_the_limit_of_duration_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / 'long.wav', tones(6), RATE)
    by_uri = make(load_input_from='uri', roots=str(tmp_path), max_duration_s='5')
    clip = AudioClip(uri='long.wav', chunks=DocList[AudioChunk]([AudioChunk(location=[0, WINDOW])]))
    (clip,) = encode(by_uri, clip)
    assert clip.error is not None
    assert clip.error.startswith('long.wav lasts more than 5 s; take parts of it')


def test_what_needs_no_encoding_passes_untouched(encoder: VGGishAudioEncoder) -> None:
    failed = clip_of(tones(5), uri='failed.wav')
    failed.error = 'failed before'
    known = AudioClip(uri='known.wav', chunk_count=4)
    given = Embedding.from_int8(np.arange(-128, 128, dtype=np.int8))
    encoded = AudioClip(chunks=DocList[AudioChunk]([AudioChunk(embedding=given)]))
    before = [clip.model_copy(deep=True) for clip in (failed, known, encoded)]
    after = encode(encoder, failed, known, encoded)
    assert [clip.error for clip in after] == ['failed before', None, None]
    assert after[1] == before[1]
    np.testing.assert_array_equal(after[2].chunks[0].embedding, given)
    assert len(encoder.encode(DocList[AudioClip]())) == 0


def test_chunks_of_a_request_share_batches_and_keep_their_places(
    encoder: VGGishAudioEncoder,
) -> None:
    """More chunks than a batch holds, of clips of different lengths."""
    waveforms = [tones(seconds, seed) for seed, seconds in enumerate([10, 4, 17, 1, 12, 9, 6, 13])]
    together = encode(encoder, *(clip_of(waveform) for waveform in waveforms))
    assert sum(len(clip.chunks) for clip in together) > 16
    for waveform, clip in zip(waveforms, together, strict=True):
        (alone,) = encode(encoder, clip_of(waveform))
        moved = [
            levels_moved(a.embedding, b.embedding)
            for a, b in zip(clip.chunks, alone.chunks, strict=True)
        ]
        assert np.max(moved) <= 1
        assert np.mean(np.array(moved) > 0) <= 0.001


def test_mean_pooling_gives_a_quarter_of_the_size(encoder: VGGishAudioEncoder) -> None:
    mean = make(pooling='mean')
    waveform = tones(4)
    pooled = embedding(mean, clip_of(waveform))
    assert pooled.shape == (128,)
    assert pooled.dtype == np.float32
    projected = encoder.model.project(features.examples(features.log_mel(waveform)))
    parts = [waveform[start : start + 15600] for start in range(0, 4 * 15360, 15360)]
    weights = np.sqrt([np.sqrt((part**2).mean()) for part in parts])
    mean_of_four = np.average(projected, axis=0, weights=weights)
    expected = (np.clip(mean_of_four, -2, 2) + 2) * 255 / 4 - 128
    np.testing.assert_allclose(pooled * 128, expected, atol=0.501)
    np.testing.assert_array_equal(pooled * 128, pooled.to_int8())


def test_mean_pooling_leaves_silence_out() -> None:
    mean = make(pooling='mean', precision='float32')
    waveform = tones(4)
    waveform[2 * 15360 :] = 0
    pooled = embedding(mean, clip_of(waveform))
    alone = embedding(make(pooling='mean', precision='float32', min_duration=2), clip_of(waveform))
    assert (levels_moved(pooled, alone) <= 1).all()


def test_min_duration_is_the_number_of_vectors(encoder: VGGishAudioEncoder) -> None:
    two = make(min_duration=2)
    waveform = tones(4)
    expected = embedding(encoder, clip_of(waveform))
    assert (levels_moved(embedding(two, clip_of(waveform)), expected[:256]) <= 1).all()


def test_every_other_endpoint_hands_documents_on(encoder: VGGishAudioEncoder) -> None:
    clips = DocList[AudioClip]([clip_of(tones(5))])
    assert encoder.pass_on(clips) is clips
    assert clips[0].chunks[0].embedding is None
    assert {'/index', '/search', '/default'} <= set(encoder.requests)


@pytest.mark.parametrize(
    ('settings', 'reason'),
    [
        (
            {'load_input_from': 'file'},
            "load_input_from 'file' is unknown; choose uri or waveform or",
        ),
        ({'pooling': 'max'}, "pooling 'max' is unknown; choose concat or mean"),
        ({'precision': 'float16'}, "precision 'float16' is unknown; choose one of auto, float32"),
        ({'device': '/GPU:9'}, "device '/GPU:9' is not there; this machine has /CPU:0"),
        ({'traversal_paths': ['r']}, "traversal_paths ['r'] is unknown; choose ['c']"),
        ({'min_duration': 0}, 'min_duration is 0; set it to a whole number of at least 1'),
        ({'batch_size': 2.5}, 'batch_size is 2.5; set it to a whole number'),
        ({'weights': 'best'}, "weights 'best' are neither auto, official, compact nor"),
    ],
)
def test_settings_that_are_unknown_are_refused_by_name(
    settings: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)):
        make(**settings)


def test_the_published_traversal_path_is_accepted() -> None:
    assert make(traversal_paths=['c']).min_duration == 4


def test_it_starts_and_encodes_without_a_word_on_the_terminal() -> None:
    code = (
        'from audio_search.documents import AudioClip, DocList\n'
        'import numpy as np\n'
        'from executors.segmenter import cut\n'
        'from executors.encoder import VGGishAudioEncoder\n'
        'clip = AudioClip(uri="noise.wav")\n'
        'cut(clip, np.ones(99999, np.float32) / 2, 0, 64000, 32000)\n'
        'VGGishAudioEncoder().encode(DocList[AudioClip]([clip]))\n'
        'print(clip.chunks[0].embedding.shape)\n'
    )
    command = [sys.executable, '-c', code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ('(512,)\n', '', 0)


def test_a_clip_in_which_nothing_can_be_heard_says_so(encoder: VGGishAudioEncoder) -> None:
    noise = np.random.default_rng(0).standard_normal(10 * RATE).astype(np.float32)
    half_silent = tones(10)
    half_silent[: 6 * RATE] = 0
    silent, hiss, half, short, quiet = encode(
        encoder,
        clip_of(np.zeros(10 * RATE, np.float32)),
        clip_of(1e-8 * noise),
        clip_of(half_silent),
        clip_of(np.zeros(RATE // 2, np.float32)),
        clip_of(0.01 * tones(10)),
    )
    for clip in (silent, hiss, short):
        assert 'silent' in (clip.note or '')
        assert clip.error is None
        assert all(chunk.embedding is not None for chunk in clip.chunks)
    assert half.note is None
    assert quiet.note is None
