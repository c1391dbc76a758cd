"""A part of a sound file as a WAV file."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

from audio_search.audio import decoding
from audio_search.audio.decoding import MAX_BLOCK_S, AudioError, open_sndfile, seek

# How samples are copied unchanged; what other encodings decode to is written in 16 bits.
DTYPES = {'PCM_16': 'int16', 'PCM_24': 'int32', 'PCM_32': 'int32', 'FLOAT': 'float32',
          'DOUBLE': 'float64'}  # fmt: skip
DEFAULT_SUBTYPE = 'PCM_16'


def cut(path: Path, beg_s: float, end_s: float, target: Path) -> None:
    """Write the sound of `path` from `beg_s` to `end_s` to the new file `target`, as WAV.

    It keeps its rate, its channels and, where WAV has them, its samples if libsndfile reads it;
    else (m4a, webm, mp4) it is what the service hears: mono at 16 kHz. A part that reaches over an
    end of the file stops there.

    Raises AudioError for what is no sound or has nothing there, FileExistsError where there is a
    `target`, OSError. Then no `target` is left.
    """
    beg_s = max(0.0, beg_s)
    if file := open_sndfile(path):
        with file:
            subtype = file.subtype if file.subtype in DTYPES else DEFAULT_SUBTYPE
            dtype = DTYPES.get(file.subtype, 'float32')
            blocks = _blocks(file, path, beg_s, end_s, dtype)
            _write(target, blocks, file.samplerate, file.channels, subtype)
    else:
        blocks = decoding.blocks(path, beg_s, end_s)
        _write(target, blocks, decoding.SAMPLE_RATE_HZ, 1, DEFAULT_SUBTYPE)


def _blocks(
    file: soundfile.SoundFile, path: Path, beg_s: float, end_s: float, dtype: str
) -> Iterator[np.ndarray]:
    start, end = round(beg_s * file.samplerate), round(end_s * file.samplerate)
    try:
        position = seek(file, start)
        while position < end:
            count = min(MAX_BLOCK_S * file.samplerate, end - position)
            block = file.read(count, dtype=dtype, always_2d=True)
            if not len(block):
                return
            position += len(block)
            yield block
    except soundfile.LibsndfileError as error:
        reason = error.error_string.rstrip('.')
        raise AudioError(f'{path.name} is damaged: {reason}; replace it') from None


def _write(
    target: Path, blocks: Iterator[np.ndarray], rate_hz: int, channels: int, subtype: str
) -> None:
    with target.open('xb') as raw:
        try:
            first = next(blocks, None)
            if first is None:
                raise AudioError('the file ends before that part; index it again')
            with soundfile.SoundFile(raw, 'w', rate_hz, channels, subtype, format='WAV') as made:
                made.write(first)
                for block in blocks:
                    made.write(block)
        except BaseException:
            target.unlink()
            raise
