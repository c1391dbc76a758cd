"""Chunks -> embeddings."""

from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from docarray import DocList
from jina import requests

from audio_search.audio import decoding, sources
from audio_search.audio.pieces import MAX_UNDIVIDED_S
from audio_search.documents import SILENT, AudioChunk, AudioClip, Embedding, Tags, fail
from audio_search.logs import log
from audio_search.settings import split_roots
from audio_search.vggish import FrontEnd, Input, Sound, WaveformError
from audio_search.vggish.parameters import POOLINGS, SAMPLE_RATE_HZ
from executors.base import FlowExecutor

SOURCES = ('uri', 'waveform', 'log_mel')


class VGGishAudioEncoder(FlowExecutor):
    """Sets the embedding of every chunk that has none: `min_duration` VGGish vectors of 0.96 s.

    `load_input_from` says where a chunk's sound is: `waveform` in its own tensor or its clip's,
    `uri` in the file its uri names, `log_mel` in its tensor as log-mel examples. `pooling` concat
    puts the vectors behind one another, mean averages them. `padding`, `lift_to_dbfs` and
    `silence` say what is done to a window before the network (`vggish.FrontEnd`). `roots`, `media`
    and `max_duration_s` limit what `uri` may read, as in AudioSegmenter.

    A clip whose sound cannot be used gets an `error` and loses its chunks; the others go on.
    Waveforms end here. `processes` is how many such encoders share the cores of this machine: each
    computes with its part of them.
    """

    def __init__(
        self,
        model_path: str = 'models',
        weights: str = 'auto',
        load_input_from: str = 'waveform',
        min_duration: int = 4,
        device: str = 'auto',
        precision: str = 'auto',
        batch_size: int = 64,
        processes: int = 1,
        pooling: str = 'concat',
        padding: str = FrontEnd.padding,
        lift_to_dbfs: float | None = FrontEnd.lift_to_dbfs,
        silence: str = FrontEnd.silence,
        traversal_paths: list[str] | None = None,
        roots: str = '.',
        media: str = 'workspace/media',
        max_duration_s: float = 3600,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        # Here and not above: it loads TensorFlow, which only the process that encodes needs.
        from audio_search.vggish import VGGish
        from audio_search.vggish.runtime import threads_of_one

        _check_choice('load_input_from', load_input_from, SOURCES)
        _check_choice('pooling', pooling, POOLINGS)
        _check_choice('traversal_paths', traversal_paths or ['c'], [['c']])
        self.front_end = FrontEnd(padding, lift_to_dbfs, silence)
        self.load_input_from = load_input_from
        self.min_duration = _count('min_duration', min_duration)
        self.max_duration_s = min(float(max_duration_s), MAX_UNDIVIDED_S)
        self.roots = split_roots(roots).with_folder(Path(media).resolve())
        self.model = VGGish(
            Path(model_path),
            weights,
            device,
            precision,
            _count('batch_size', batch_size),
            pooling,
            threads_of_one(_count('processes', processes)),
        )
        # The network takes its memory, and a longer time, with the first batch: here, so that
        # neither surprises whoever sends it.
        self.model.warm_up()
        log.info(
            'model loaded',
            extra={
                'fields': {
                    'weights': self.model.weights.name,
                    'sha256': self.model.weights.sha256,
                    'precision': self.model.precision,
                    'device': self.model.device,
                    'threads': self.model.n_threads,
                }
            },
        )

    @requests(on=['/index', '/search'])
    def encode(self, docs: DocList[AudioClip], **kwargs: Any) -> DocList[AudioClip]:
        windows = self._windows(docs)
        while batch := list(islice(windows, max(1, self.model.batch_size // self.min_duration))):
            vectors = self.model.embed([window for _, window in batch])
            for (chunk, _), vector in zip(batch, vectors, strict=True):
                chunk.embedding = Embedding.from_int8(vector)
        return docs

    def _windows(self, docs: DocList[AudioClip]) -> Iterator[tuple[AudioChunk, Input]]:
        """Chunk after chunk, so that memory holds one clip's spectrogram and one batch."""
        for clip in docs:
            if clip.error or all(chunk.embedding is not None for chunk in clip.chunks):
                continue
            try:
                yield from self._windows_of(clip)
            except (WaveformError, decoding.AudioError, sources.MediaError) as error:
                fail(clip, error)
                clip.chunks = DocList[AudioChunk]()
            clip.tensor = None

    def _windows_of(self, clip: AudioClip) -> Iterator[tuple[AudioChunk, Input]]:
        sounds: dict[str | None, Sound] = {}
        silent = True
        for chunk in clip.chunks:
            if chunk.embedding is not None:
                continue
            try:
                window = self._window(clip, chunk, sounds)
            except WaveformError as error:
                name = sources.shorten(clip.uri or clip.id or 'a clip without uri')
                raise WaveformError(f'Chunk {chunk.offset} of {name} {error}') from None
            if window.padded:
                chunk.tags = Tags(chunk.tags | {'padded': True})
            chunk.tensor = None
            silent = silent and window.is_silent
            yield chunk, window
        if silent:
            clip.note = SILENT

    def _window(self, clip: AudioClip, chunk: AudioChunk, sounds: dict[str | None, Sound]) -> Input:
        if self.load_input_from == 'log_mel':
            tensor = None if chunk.tensor is None else np.asarray(chunk.tensor)
            return self.front_end.inputs_of_log_mel(tensor, self.min_duration)
        sound, location = self._sound(clip, chunk, sounds)
        return self.front_end.inputs(sound, location, self.min_duration)

    def _sound(
        self, clip: AudioClip, chunk: AudioChunk, sounds: dict[str | None, Sound]
    ) -> tuple[Sound, Sequence[int]]:
        """The sound a chunk is a part of, and where; `sounds` keeps what chunks of a clip share."""
        if self.load_input_from == 'uri':
            uri = chunk.uri or clip.uri
            if uri not in sounds:
                sounds[uri] = self._load(uri)
            return sounds[uri], chunk.location
        if chunk.tensor is not None:
            return Sound(np.asarray(chunk.tensor), chunk.tags.get('sample_rate')), []
        if clip.tensor is None:
            raise WaveformError('has neither a waveform nor an embedding; send it as its tensor')
        if None not in sounds:
            sounds[None] = Sound(np.asarray(clip.tensor), start=_start(clip))
        return sounds[None], chunk.location

    def _load(self, uri: str | None) -> Sound:
        if not uri:
            raise WaveformError('has no uri; give the path of an audio file')
        source = sources.resolve(uri, self.roots)
        waveform = decoding.load(source.path, source.beg_s, source.end_s, self.max_duration_s)
        return Sound(waveform, start=round(source.beg_s * SAMPLE_RATE_HZ))


def _start(clip: AudioClip) -> int:
    """Which sample of its file the first of the clip's tensor is."""
    return clip.chunks[0].location[0] if clip.chunks[0].location else 0


def _check_choice(name: str, value: Any, known: Collection[Any]) -> None:
    if value not in known:
        raise ValueError(
            f'VGGishAudioEncoder: {name} {value!r} is unknown; '
            f'choose {" or ".join(str(choice) for choice in known)}'
        )


def _count(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(
            f'VGGishAudioEncoder: {name} is {value!r}; set it to a whole number of at least 1'
        )
    return value
