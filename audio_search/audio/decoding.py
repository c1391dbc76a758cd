"""Sound files -> mono float32 waveforms at 16 kHz, a block at a time."""

from collections.abc import Iterator
from contextlib import closing, nullcontext, suppress
from math import gcd
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import soundfile
import soxr

from audio_search.process import stderr_without
from audio_search.vggish.parameters import SAMPLE_RATE_HZ

MAX_BLOCK_S = 10  # decoded at once, so that memory does not grow with the file's rate and channels
PREROLL_S = 0.25  # decoded before a part and dropped: a frame of mp3 or opus needs those before it
# Decoded before what `blocks` is told to skip to: the resampler hears what lies before it, as it
# does in the whole. A whole second is a whole number of samples at every rate.
CONTEXT_S = 1

# First bytes of the files that libsndfile reads. It is not asked about any other file, because its
# libmpg123 takes each one for MPEG audio and writes its search for a frame to the terminal.
SNDFILE_MAGIC = (b'RIFF', b'RIFX', b'RF64', b'fLaC', b'OggS', b'FORM', b'caff', b'.snd', b'ID3')

MPG123_MESSAGE = b'[src/libmpg123/'

# What FFmpeg may open: containers that hold their own sound. Playlists (m3u8, concat) are left out,
# because they name other files and addresses, which FFmpeg would open without any check.
FFMPEG_CONTAINERS = (
    'mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,aac,asf,avi,flv,mpegts,mp3,amr,wv,ape,ogg,wav,flac,aiff'
)


class AudioError(ValueError):
    """A file that gives no sound; the message says which file, why, and what to do."""


def load(
    path: Path, beg_s: float = 0.0, end_s: float | None = None, max_duration_s: float = 3600.0
) -> np.ndarray:
    """The sound from `beg_s` to `end_s` (None: the end), mean of its channels, at 16 kHz.

    float32 [samples], nominally in [-1, 1]. libsndfile decodes what it knows (wav, flac, ogg, opus,
    mp3, aiff), FFmpeg through PyAV the rest (m4a, aac, webm, mp4). It takes twice the memory of the
    result at most, whatever the rate and the channels of the file.

    Raises AudioError if the file is not sound, the part is not in it, or lasts too long.
    """
    if end_s is not None and end_s - beg_s > max_duration_s:
        raise _too_long(path, max_duration_s)
    # Half a second over is a codec's padding, not a longer recording.
    max_samples = round(max_duration_s * SAMPLE_RATE_HZ) + SAMPLE_RATE_HZ // 2
    parts: list[np.ndarray] = []
    total = 0
    for block in blocks(path, beg_s, end_s):
        total += len(block)
        if total > max_samples:
            raise _too_long(path, max_duration_s)
        parts.append(block)
    return np.concatenate(parts)


def blocks(
    path: Path, beg_s: float = 0.0, end_s: float | None = None, skip: int = 0
) -> Iterator[np.ndarray]:
    """The same sound piece by piece: float32 [samples], mono, 16 kHz, of at least one sample.

    No block is longer than MAX_BLOCK_S, but most are shorter: what FFmpeg decodes comes in the
    frames of its codec, some 20 to 60 ms, and the resampler holds back a little of each block for
    the next. Put together they are what `load` returns.

    Decoding starts shortly before `beg_s`, and those samples are dropped; what lies behind `end_s`
    is not decoded. In m4a, aac, webm and mp4 a start is exact to a frame or a millisecond.

    With `skip` the first so many samples are left out, and the rest is what it is without `skip`.
    They are not decoded where libsndfile reads the file, since there a seek is exact to the sample;
    FFmpeg's is not, so there everything before is decoded and dropped. Nothing comes where the
    sound ends before.

    Raises AudioError at the first block for a file that is not sound, later for one that is damaged
    there, and at the end where the part had no sample.
    """
    missing = None if end_s is None else _samples(end_s) - _samples(beg_s) - skip
    is_empty = True
    try:
        for block in _resampled(path, beg_s, end_s, skip):
            part = block[:missing]  # the resampler rounds up at the end of a part
            if missing is not None:
                missing -= len(part)
            if len(part):
                is_empty = False
                yield part
    except OSError as error:
        raise AudioError(f'{path.name} cannot be read ({error.strerror or error})') from None
    if not is_empty or skip:
        return
    if beg_s > 0:
        raise AudioError(f'{path.name} ends before {beg_s:g} s; choose a part inside it')
    raise AudioError(f'{path.name} holds no sound (0 samples); replace it or leave it out')


def _samples(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE_HZ)


def _too_long(path: Path, max_duration_s: float) -> AudioError:
    return AudioError(
        f'{path.name} lasts more than {max_duration_s:g} s; take parts of it, as in '
        f'{path.name}#t=0,{max_duration_s:g}, or raise AUDIO_SEARCH_MAX_DURATION_S'
    )


def _resampled(path: Path, beg_s: float, end_s: float | None, skip: int) -> Iterator[np.ndarray]:
    rate_hz, skipped, blocks = _decoded(path, beg_s, end_s, skip)
    left = skip - skipped
    for block in blocks if rate_hz == SAMPLE_RATE_HZ else _at_16_khz(rate_hz, blocks):
        yield block[left:]
        left = max(0, left - len(block))


def _at_16_khz(rate_hz: int, blocks: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    stream = soxr.ResampleStream(rate_hz, SAMPLE_RATE_HZ, 1, dtype='float32', quality='HQ')
    for block in blocks:
        yield stream.resample_chunk(block)
    yield stream.resample_chunk(np.zeros(0, np.float32), last=True)


def _decoded(
    path: Path, beg_s: float, end_s: float | None, skip: int
) -> tuple[int, int, Iterator[np.ndarray]]:
    """The rate of the file, how many samples at 16 kHz were skipped, and what follows."""
    if file := open_sndfile(path):
        rate_hz = file.samplerate
        skipped = _skippable(skip, rate_hz)
        start = round(beg_s * rate_hz) + skipped * rate_hz // SAMPLE_RATE_HZ
        end = None if end_s is None else round(end_s * rate_hz)
        return rate_hz, skipped, _sndfile_blocks(file, path, start, end)
    rate_hz, blocks = _decoded_by_ffmpeg(path, beg_s, end_s)
    return rate_hz, 0, blocks


def _skippable(skip: int, rate_hz: int) -> int:
    """How many of `skip` samples at 16 kHz may be left undecoded: CONTEXT_S fewer, and so many that
    the first one that is decoded lies where a sample of 16 kHz does."""
    step = SAMPLE_RATE_HZ // gcd(SAMPLE_RATE_HZ, rate_hz)
    return max(0, skip - CONTEXT_S * SAMPLE_RATE_HZ) // step * step


def open_sndfile(path: Path) -> soundfile.SoundFile | None:
    """The file, opened for one pass from front to back, or None if libsndfile does not read it.

    Raises OSError.
    """
    with path.open('rb') as opened:
        head = opened.read(4)
    if head.startswith(SNDFILE_MAGIC) or _is_mpeg_audio(head):
        with suppress(soundfile.LibsndfileError):
            return _Sequential(path)
    return None


def _is_mpeg_audio(head: bytes) -> bool:
    """11 bits of frame sync and a layer (ISO 11172-3, 2.4.1.3); AAC's layer bits are 0."""
    return len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and head[1] & 0x06 != 0


class _Sequential(soundfile.SoundFile):
    """A file that says it cannot seek, so that soundfile does not.

    After each read soundfile seeks to where the file stands already. In mp3 that drops the state
    which the next frame needs, and leaves a click between blocks.
    """

    def seekable(self) -> bool:
        return False


def seek(file: soundfile.SoundFile, start: int) -> int:
    """Move to a sample of a file that was just opened, or to its end; where that is.

    PREROLL_S before it are decoded, since a frame of mp3 or opus needs those before it. The first
    one then has none, of which libmpg123 writes a complaint to stderr, whatever it is told.
    """
    start = min(start, file.frames)
    position = max(0, start - round(PREROLL_S * file.samplerate))
    if position:
        with stderr_without(MPG123_MESSAGE) if file.format == 'MP3' else nullcontext():
            file.seek(position)
            file.read(start - position)
    elif start:
        file.read(start)
    return start


def _sndfile_blocks(
    file: soundfile.SoundFile, path: Path, start: int, end: int | None
) -> Iterator[np.ndarray]:
    """[start, end) in samples of the file."""
    max_frames = MAX_BLOCK_S * file.samplerate
    with file:
        try:
            position = seek(file, start)
            while end is None or position < end:
                missing = max_frames if end is None else end - position
                block = file.read(min(max_frames, missing), dtype='float32', always_2d=True)
                if not len(block):
                    return
                position += len(block)
                yield block.mean(axis=1)
        except soundfile.LibsndfileError as error:
            raise AudioError(
                f'{path.name} is damaged: {error.error_string.rstrip(".")}; replace it'
            ) from None


def open_ffmpeg(path: Path) -> tuple[BinaryIO, Any]:
    """The opened file, and its container with an audio track; both are to be closed.

    Raises AudioError for what FFmpeg cannot open, OSError.
    """
    import av  # here, because it loads FFmpeg, which most files do not need

    file = path.open('rb')
    try:
        container = av.open(file, mode='r', options={'format_whitelist': FFMPEG_CONTAINERS})
    except (av.error.FFmpegError, ValueError):
        file.close()
        raise AudioError(
            f'{path.name} is not audio that can be decoded; '
            'give a wav, flac, ogg, opus, mp3, aiff, m4a, aac, webm or mp4 file'
        ) from None
    if not container.streams.audio or not container.streams.audio[0].rate:
        container.close()
        file.close()
        raise AudioError(f'{path.name} has no audio track; give a file with sound')
    return file, container


def _decoded_by_ffmpeg(
    path: Path, beg_s: float, end_s: float | None
) -> tuple[int, Iterator[np.ndarray]]:
    import av

    file, container = open_ffmpeg(path)

    def decoded() -> Iterator[np.ndarray]:
        with closing(file), container:
            try:
                yield from _ffmpeg_blocks(container, beg_s, end_s)
            except av.error.FFmpegError as error:
                raise AudioError(
                    f'{path.name} is damaged: {error.strerror or error}; replace it'
                ) from None

    return container.streams.audio[0].rate, decoded()


def _ffmpeg_blocks(container: Any, beg_s: float, end_s: float | None) -> Iterator[np.ndarray]:
    import av

    stream = container.streams.audio[0]
    rate_hz = stream.rate
    to_planar = av.AudioResampler(format='fltp', rate=rate_hz)
    if beg_s:
        container.seek(int(beg_s / stream.time_base), stream=stream)
    start, end = round(beg_s * rate_hz), None if end_s is None else round(end_s * rate_hz)
    position = None  # of the next sample; below 0 for the samples a codec starts up with
    for frame in container.decode(stream):
        if position is None:
            position = round((frame.time or 0.0) * rate_hz)
        for planar in to_planar.resample(frame):
            block = planar.to_ndarray().mean(axis=0)
            first, last = start - position, len(block) if end is None else end - position
            position += len(block)
            if last <= 0:
                return
            if first < len(block):
                yield block[max(first, 0) : last]
