"""Clips -> overlapping windows."""

from pathlib import Path
from typing import Any

import numpy as np
from docarray import DocList
from jina import requests

from audio_search.audio import decoding, sources
from audio_search.audio.decoding import SAMPLE_RATE_HZ
from audio_search.audio.windows import in_ms, windows
from audio_search.documents import MAX_SAMPLE, AudioChunk, AudioClip, Tags, fail
from audio_search.settings import split_roots
from executors.base import FlowExecutor

SOUND_TAGS = {'sample_rate': SAMPLE_RATE_HZ}
PADDED_TAG = {'padded': True}


class AudioSegmenter(FlowExecutor):
    """Decodes each clip's uri and cuts it into windows of `window_size` s every `stride` s.

    `roots` are the folders audio may be read from, separated as in PATH. `media` is the folder of
    uploads; reading there is always allowed. Clips longer than `max_duration_s` are refused. A clip
    that cannot be used gets an `error`; the others go on.
    """

    def __init__(
        self,
        window_size: float = 4,
        stride: float = 2,
        roots: str = '.',
        media: str = 'workspace/media',
        max_duration_s: float = 3600,
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
            waveform = decoding.load(source.path, source.beg_s, source.end_s, self.max_duration_s)
            clip.source = source.fingerprint()
        except (sources.MediaError, decoding.AudioError) as error:
            fail(clip, error)
            return
        except OSError as error:
            clip.error = f'{sources.shorten(uri)} cannot be read ({error.strerror or error})'
            return
        begin = round(source.beg_s * SAMPLE_RATE_HZ)
        if begin + len(waveform) + self.window > MAX_SAMPLE:
            hours = MAX_SAMPLE // SAMPLE_RATE_HZ // 3600
            clip.error = (
                f'{sources.shorten(uri)} lies more than {hours} hours into its file; '
                'cut the recording into shorter files'
            )
            return
        cut(clip, waveform, begin, self.window, self.stride)


def needs_chunks(clip: AudioClip) -> bool:
    """False for a clip that failed, is stored already, has only an id, or has its chunks."""
    return bool(clip.uri) and not clip.error and clip.chunk_count is None and not clip.chunks


def cut(clip: AudioClip, waveform: np.ndarray, begin: int, window: int, stride: int) -> None:
    """Set the clip's `tensor` and `chunks`.

    `waveform` is float32 [samples] at 16 kHz and starts `begin` samples into its file, which is
    where all times are counted from; `window` and `stride` are in samples. The chunk of a waveform
    that is shorter than a window reaches beyond its end, and the chunk's tags say so (`padded`):
    the encoder fills up the window (`vggish.front_end`).
    """
    n_samples = len(waveform)
    clip.tensor = waveform
    clip.chunks = DocList[AudioChunk](
        AudioChunk(
            parent_id=clip.id,
            uri=clip.uri,
            offset=offset,
            location=[begin + first, begin + last],
            beg_in_ms=in_ms(begin + first),
            end_in_ms=in_ms(begin + min(last, n_samples)),
            tags=Tags(SOUND_TAGS | (PADDED_TAG if last > n_samples else {})),
        )
        for offset, (first, last) in enumerate(windows(n_samples, window, stride))
    )
