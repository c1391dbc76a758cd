"""Chunks -> embeddings."""

from collections.abc import Callable, Collection, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from docarray import DocList
from jina import requests

from audio_search.audio import decoding, sources
from audio_search.documents import AudioChunk, AudioClip, Embedding, Tags, fail
from audio_search.logs import log
from audio_search.settings import split_roots
from audio_search.vggish.features import examples, fill_up, samples_of
from audio_search.vggish.parameters import (
    EXAMPLE_FRAMES,
    EXAMPLE_LENGTH,
    MEL_COUNT,
    SAMPLE_RATE_HZ,
)
from audio_search.vggish.postprocessing import average, concatenate
from audio_search.vggish.sound import Sound
from audio_search.vggish.waveform import WaveformError, mono_16k
from executors.base import FlowExecutor

SOURCES = ('uri', 'waveform', 'log_mel')
LOG_MEL_MOST = 100.0  # the logarithm of no float32 sound is above it
POOLINGS: dict[str, Callable[[np.ndarray], np.ndarray]] = {'concat': concatenate, 'mean': average}


class Input(NamedTuple):
    """One chunk, ready for the network."""

    chunk: AudioChunk
    examples: np.ndarray  # float32 [min_duration, 96, 64]
    sounding: int  # how many of these are sound; zeros follow


class VGGishAudioEncoder(FlowExecutor):
    """Sets the embedding of every chunk that has none: `min_duration` VGGish vectors of 0.96 s.

    `pooling` concat puts the vectors behind one another, mean averages them. A clip whose sound
    cannot be used gets an `error` and loses its chunks; the others go on. Waveforms end here.
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
        pooling: str = 'concat',
        traversal_paths: list[str] | None = None,
        roots: str = '.',
        media: str = 'workspace/media',
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        # Here and not above: it brings TensorFlow, which only the process that encodes shall load.
        from audio_search.vggish.model import VGGish

        _check_choice('load_input_from', load_input_from, SOURCES)
        _check_choice('pooling', pooling, POOLINGS)
        _check_choice('traversal_paths', traversal_paths or ['c'], [['c']])
        self.load_input_from = load_input_from
        self.min_duration = _count('min_duration', min_duration)
        self.pool = POOLINGS[pooling]
        self.roots = (*split_roots(roots), Path(media).resolve())
        self.model = VGGish(
            Path(model_path), weights, device, precision, _count('batch_size', batch_size)
        )
        log.info(
            'model loaded',
            extra={
                'fields': {
                    'weights': self.model.weights.name,
                    'sha256': self.model.weights.sha256,
                    'precision': self.model.precision,
                    'device': self.model.device,
                }
            },
        )

    @requests(on=['/index', '/search'])
    def encode(self, docs: DocList[AudioClip], **kwargs: Any) -> DocList[AudioClip]:
        inputs = self._inputs(docs)
        while batch := list(islice(inputs, max(1, self.model.batch_size // self.min_duration))):
            projected = self.model.project(np.concatenate([item.examples for item in batch]))
            for item, vectors in zip(batch, np.split(projected, len(batch)), strict=True):
                # An average of sound and zeros would be of neither.
                pooled = self.pool(vectors[: item.sounding] if self.pool is average else vectors)
                item.chunk.embedding = Embedding._docarray_from_native(pooled)
        return docs

    def _inputs(self, docs: DocList[AudioClip]) -> Iterator[Input]:
        """Chunk after chunk, so that memory holds one clip's spectrogram and one batch."""
        for clip in docs:
            if clip.error or all(chunk.embedding is not None for chunk in clip.chunks):
                continue
            try:
                yield from self._inputs_of(clip)
            except (WaveformError, decoding.AudioError, sources.MediaError) as error:
                fail(clip, error)
                clip.chunks = DocList[AudioChunk]()
            clip.tensor = None

    def _inputs_of(self, clip: AudioClip) -> Iterator[Input]:
        sounds: dict[str | None, Sound] = {}
        for chunk in clip.chunks:
            if chunk.embedding is not None:
                continue
            try:
                if self.load_input_from == 'log_mel':
                    found = _examples_of_log_mel(chunk)
                else:
                    found = self._examples_of_sound(clip, chunk, sounds)
            except WaveformError as error:
                name = sources.shorten(clip.uri or clip.id or 'a clip without uri')
                raise WaveformError(f'Chunk {chunk.offset} of {name} {error}') from None
            if len(found) < self.min_duration:
                chunk.tags = Tags(chunk.tags | {'padded': True})
            chunk.tensor = None
            sounding = min(len(found), self.min_duration)
            yield Input(chunk, fill_up(found, self.min_duration), sounding)

    def _examples_of_sound(
        self, clip: AudioClip, chunk: AudioChunk, sounds: dict[str | None, Sound]
    ) -> np.ndarray:
        """`sounds` keeps what chunks of this clip share."""
        most = samples_of(self.min_duration)
        if self.load_input_from == 'uri':
            uri = chunk.uri or clip.uri
            if uri not in sounds:
                sounds[uri] = self._load(uri)
            sound, location = sounds[uri], chunk.location
        elif chunk.tensor is not None:
            waveform = mono_16k(np.asarray(chunk.tensor), chunk.tags.get('sample_rate'))
            sound, location = Sound(waveform), []
        elif clip.tensor is not None:
            if None not in sounds:
                sounds[None] = Sound(mono_16k(np.asarray(clip.tensor)), _begin(clip))
            sound, location = sounds[None], chunk.location
        else:
            raise WaveformError('has neither a waveform nor an embedding; send it as its tensor')
        if len(sound.waveform) < EXAMPLE_LENGTH:
            chunk.tags = Tags(chunk.tags | {'padded': True})
        return examples(sound.log_mel(location, most))

    def _load(self, uri: str | None) -> Sound:
        if not uri:
            raise WaveformError('has no uri; give the path of an audio file')
        source = sources.resolve(uri, self.roots)
        waveform = decoding.load(source.path, source.beg_s, source.end_s)
        return Sound(mono_16k(waveform), round(source.beg_s * SAMPLE_RATE_HZ))


def _begin(clip: AudioClip) -> int:
    """Where in its file the clip's tensor begins, in samples."""
    return clip.chunks[0].location[0] if clip.chunks[0].location else 0


def _examples_of_log_mel(chunk: AudioChunk) -> np.ndarray:
    values = None if chunk.tensor is None else np.asarray(chunk.tensor)
    if values is None or values.ndim != 3 or values.shape[1:] != (EXAMPLE_FRAMES, MEL_COUNT):
        form = 'none' if values is None else f'one of the shape {list(values.shape)}'
        raise WaveformError(
            f'needs a log-mel tensor [n, {EXAMPLE_FRAMES}, {MEL_COUNT}] and has {form}; '
            'send that, or set load_input_from to waveform'
        )
    numbers = values.dtype.kind in 'fiu' and len(values) > 0
    if not numbers or not np.abs(values).max() <= LOG_MEL_MOST:
        raise WaveformError('has a log-mel tensor that is empty or not finite; compute it again')
    return values.astype(np.float32, copy=False)


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
