"""Clips -> overlapping windows."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from docarray import DocList
from jina import requests

from audio_search.audio import decoding, sources
from audio_search.audio.decoding import SAMPLE_RATE_HZ
from audio_search.audio.pieces import MAX_UNDIVIDED_S, PieceReader
from audio_search.audio.sources import Source
from audio_search.audio.windows import in_ms, windows
from audio_search.documents import AudioChunk, AudioClip, Tags, fail
from audio_search.settings import split_roots
from executors.base import FlowExecutor

SOUND_TAGS = {'sample_rate': SAMPLE_RATE_HZ}
PADDED_TAG = {'padded': True}


class AudioSegmenter(FlowExecutor):
    """Decodes each clip's uri and cuts it into windows of `window_size` s every `stride` s.

    `roots` are the folders audio may be read from, separated as in PATH. `media` is the folder of
    uploads; reading there is always allowed. Clips longer than `max_duration_s` are refused. A clip
    that cannot be used gets an `error`; the others go on.

    Of a clip with a `piece` only the windows that begin there are cut, numbered and placed as in
    the whole recording. Pieces in order are decoded once, see `audio.pieces`.
    """

    def __init__(
        self,
        window_size: float = 4,
        stride: float = 2,
        roots: str = '.',
        media: str = 'workspace/media',
        max_duration_s: float = 86400,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not 0 < stride <= window_size:
            raise ValueError(
                f'AudioSegmenter: window_size {window_size} s and stride {stride} s; '
                'the stride must be above 0 and at most the window'
            )
        self.window = round(window_size * SAMPLE_RATE_HZ)
        self.stride = round(stride * SAMPLE_RATE_HZ)
        self.roots = split_roots(roots).with_folder(Path(media).resolve())
        self.max_duration_s = float(max_duration_s)
        self.pieces = PieceReader(self.window, self.stride)

    @requests(on=['/index', '/search'])
    def segment(self, docs: DocList[AudioClip], **kwargs: Any) -> DocList[AudioClip]:
        for clip in docs:
            if needs_chunks(clip):
                self._segment(clip)
        return docs

    def _segment(self, clip: AudioClip) -> None:
        uri = str(clip.uri)
        try:
            source = sources.resolve(uri, self.roots)
            begin = round(source.beg_s * SAMPLE_RATE_HZ)
            if clip.piece:
                self._segment_piece(clip, source, begin)
                return
            max_s = min(self.max_duration_s, MAX_UNDIVIDED_S)
            waveform = decoding.load(source.path, source.beg_s, source.end_s, max_s)
            clip.source = source.fingerprint()
            cut(clip, waveform, begin, self.window, self.stride)
        except (sources.MediaError, decoding.AudioError) as error:
            fail(clip, error)
        except OSError as error:
            clip.error = f'{sources.shorten(uri)} cannot be read ({error.strerror or error})'

    def _segment_piece(self, clip: AudioClip, source: Source, begin: int) -> None:
        number, count = clip.piece or (0, 1)
        piece = self.pieces.read(source, number, count)
        # The file is read once more for its hash: at the end, and not for every piece.
        clip.source = source.fingerprint() if number == count - 1 else source.version()
        first = begin + piece.start
        set_chunks(clip, piece.waveform, first, piece.windows, begin, piece.first_window)


def needs_chunks(clip: AudioClip) -> bool:
    """False for a clip that failed, is stored already, has only an id, or has its chunks."""
    return bool(clip.uri) and not clip.error and clip.chunk_count is None and not clip.chunks


def cut(clip: AudioClip, waveform: np.ndarray, begin: int, window: int, stride: int) -> None:
    """Set the clip's `tensor` and `chunks`.

    `waveform` is float32 [samples] at 16 kHz and starts `begin` samples into its file, which is
    where all times are counted from; `window` and `stride` are in samples.
    """
    set_chunks(clip, waveform, begin, windows(len(waveform), window, stride), begin)


def set_chunks(
    clip: AudioClip,
    waveform: np.ndarray,
    start: int,
    windows: Sequence[tuple[int, int]],
    begin: int,
    first_offset: int = 0,
) -> None:
    """Set the clip's `tensor`, and a chunk for each of `windows`.

    `waveform` is float32 [samples] at 16 kHz and starts `start` samples into its file; `windows`
    are [start, end) in samples from `begin` of the file on. The chunk of a waveform that is shorter
    than a window reaches beyond its end, and the chunk's tags say so (`padded`): the encoder fills
    up the window (`vggish.front_end`).
    """
    file_end = start + len(waveform)
    clip.tensor = waveform
    clip.chunks = DocList[AudioChunk](
        AudioChunk(
            parent_id=clip.id,
            uri=clip.uri,
            offset=offset,
            location=[begin + first, begin + last],
            beg_in_ms=in_ms(begin + first),
            end_in_ms=in_ms(min(begin + last, file_end)),
            tags=Tags(SOUND_TAGS | (PADDED_TAG if begin + last > file_end else {})),
        )
        for offset, (first, last) in enumerate(windows, start=first_offset)
    )
