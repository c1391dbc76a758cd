"""Begin and end of events more exactly: the sound around them is read and encoded again."""

import asyncio
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np
from docarray import DocList

from audio_search.audio import decoding, sources
from audio_search.audio.windows import in_ms
from audio_search.documents import AudioChunk, AudioClip, Rows, Tags, fail
from audio_search.events import (
    AROUND_S,
    MARGIN_S,
    Event,
    Examples,
    heard,
    of_windows,
    profile,
    refined,
    shifted_windows,
)
from audio_search.roots import Roots
from audio_search.service.pipeline import Pipeline
from audio_search.service.views import Status
from audio_search.vggish.features import mel_magnitudes
from audio_search.vggish.parameters import SAMPLE_RATE_HZ

MAX_EVENT_S = 120  # of one that is refined: a longer one is read to no purpose
BATCH_EVENTS = 8  # read at once; each is some 10 s of sound
FRAME = SAMPLE_RATE_HZ // 100  # windows that begin on a frame of the spectrogram share it
UNREFINED = 'begin and end of {count} events could not be told more exactly: {reason}'
WHOLE_WINDOWS = (
    'the index keeps one mean of each window, so begin and end cannot be told more exactly; leave '
    'out refine, or index with AUDIO_SEARCH_POOLING=concat'
)


class Around(NamedTuple):
    """The sound around an event."""

    clip: AudioClip  # with the windows to encode, or an error
    magnitudes: np.ndarray  # float64 [frames, 64]; none of what is not read
    first_s: float  # when it begins


async def refine(pipeline: Pipeline, query: AudioClip, made: Status, roots: Roots) -> None:
    """Refine the events of a query, whose chunks have their embeddings; in place.

    Events whose sound cannot be read stay as they are, and the query's `note` says so.
    """
    if made.pooling == 'mean':
        query.note = WHOLE_WINDOWS
        return
    rows = query.events or []
    events = [_event(row) for row in rows]
    problems: list[str] = []
    sound, query_s = _query(query, made)
    span_s = query_s if query_s > made.window_s else None
    for start in range(0, len(rows), BATCH_EVENTS):
        batch = range(start, min(start + BATCH_EVENTS, len(rows)))
        read = [
            asyncio.to_thread(_read, rows[number], span_s, made.window_s, roots) for number in batch
        ]
        around = await asyncio.gather(*read)
        sent = DocList[AudioClip](clip for clip, *_ in around if clip.chunks)
        done = iter((await pipeline.post('/search', sent, only='encoder'))[0] if sent else ())
        for number, (clip, magnitudes, first_s) in zip(batch, around, strict=True):
            event = events[number]
            if clip.chunks:
                clip = next(done)
            if clip.error:
                problems.append(clip.error)
                continue
            if clip.chunks:
                near = profile(sound, _examples(clip, made), query_s, made.window_s)
                event = refined(event, near)
            if span_s is None:
                others = _near(events, rows, number)
                event = await asyncio.to_thread(heard, event, magnitudes, first_s, others)
            rows[number].update(_as_row(event))
    query.events = Rows(rows)
    if problems:
        unrefined = UNREFINED.format(count=len(problems), reason=problems[0])
        query.note = f'{query.note}; {unrefined}' if query.note else unrefined


def _query(query: AudioClip, made: Status) -> tuple[Examples, float]:
    begins = [chunk.beg_in_ms or 0 for chunk in query.chunks]
    ends = [
        round(1000 * made.window_s) if chunk.end_in_ms is None else chunk.end_in_ms
        for chunk in query.chunks
    ]
    return _examples(query, made), (max(ends) - min(begins)) / 1000


def _examples(clip: AudioClip, made: Status) -> Examples:
    """Of a clip whose chunks have embeddings, float32, as they are stored."""
    vectors = np.stack([np.asarray(chunk.embedding) for chunk in clip.chunks])
    begin_s = np.array([chunk.beg_in_ms or 0 for chunk in clip.chunks]) / 1000
    end_s = [
        begin + made.window_s if chunk.end_in_ms is None else chunk.end_in_ms / 1000
        for begin, chunk in zip(begin_s, clip.chunks, strict=True)
    ]
    return of_windows(vectors, begin_s, np.array(end_s), made.pooling, made.window_s)


def _near(events: list[Event], rows: list[dict[str, Any]], number: int) -> list[Event]:
    """The other events of a recording that are near one of them."""
    event, id_ = events[number], rows[number]['id']
    return [
        other
        for other, row in zip(events, rows, strict=True)
        if row['id'] == id_
        and other is not event
        and other.beg_s < event.end_s + 2 * AROUND_S
        and other.end_s > event.beg_s - 2 * AROUND_S
    ]


def _read(row: dict[str, Any], span_s: float | None, window_s: float, roots: Roots) -> Around:
    """Without windows where there is nothing to gain."""
    event = _event(row)
    clip = AudioClip(id=f'{row["id"]}@{event.beg_s}', uri=row['uri'])
    if event.end_s - event.beg_s > MAX_EVENT_S:
        return Around(clip, mel_magnitudes(np.empty(0)), 0.0)
    around_s = max(MARGIN_S + 2 * window_s, AROUND_S)
    try:
        if not clip.uri:
            raise sources.MediaError('the recording was indexed without a file')
        source = sources.resolve(clip.uri, roots)
        first_s = max(source.beg_s, event.beg_s - around_s)
        last_s = event.end_s + around_s + (span_s or 0)
        if source.end_s is not None:
            last_s = min(last_s, source.end_s)
        first = round(first_s * SAMPLE_RATE_HZ)
        waveform = decoding.load(source.path, first / SAMPLE_RATE_HZ, last_s)
    except (sources.MediaError, decoding.AudioError) as error:
        fail(clip, error)
        return Around(clip, mel_magnitudes(np.empty(0)), 0.0)
    last = first + len(waveform)
    begins = shifted_windows(event, span_s, window_s, first / SAMPLE_RATE_HZ, last / SAMPLE_RATE_HZ)
    starts = first + np.rint((begins * SAMPLE_RATE_HZ - first) / FRAME).astype(int) * FRAME
    window = round(window_s * SAMPLE_RATE_HZ)
    clip.chunks = DocList[AudioChunk](
        AudioChunk(
            offset=offset,
            location=[start, start + window],
            beg_in_ms=in_ms(start),
            end_in_ms=in_ms(start + window),
            tags=Tags(sample_rate=SAMPLE_RATE_HZ),
        )
        for offset, start in enumerate(starts.tolist())
        if start + window <= last
    )
    if clip.chunks:  # the encoder counts from the first of them
        clip.tensor = waveform[clip.chunks[0].location[0] - first :]
    magnitudes = mel_magnitudes(waveform if span_s is None else waveform[:0])
    return Around(clip, magnitudes, first / SAMPLE_RATE_HZ)


def _event(row: dict[str, Any]) -> Event:
    return Event(row['beg_s'], row['end_s'], row['peak_s'], row['distance'])


def _as_row(event: Event) -> dict[str, float]:
    return {name: round(value, 3) for name, value in asdict(event).items()}
