"""Long recordings, as the service divides them for the executors."""

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from docarray import DocList

from audio_search.audio import sources
from audio_search.audio.pieces import PIECE_S
from audio_search.documents import AudioChunk, AudioClip, Tags
from audio_search.roots import Roots
from audio_search.service.pipeline import ENCODERS, Batch, ExecutorDown, Pipeline
from audio_search.service.recordings import BATCH_CLIPS, PART_PIECES, Dispatch, plan, send
from audio_search.service.requests import Item
from audio_search.service.uploads import Upload
from audio_search.settings import Settings

RATE_HZ = 1000
PART_S = PART_PIECES * PIECE_S


def item(folder: Path, name: str, seconds: float, fragment: str = '') -> Item:
    path = folder / name
    if not path.exists():
        soundfile.write(path, np.zeros(round(seconds * RATE_HZ)), RATE_HZ, 'PCM_16')
    source = sources.resolve(f'{name}{fragment}', Roots((folder.resolve(),)))
    return Item(AudioClip(id=source.id, uri=f'{name}{fragment}'), source)


def planned(*items: Item, index: bool = True, **settings: str) -> list[str | None]:
    environment = {f'AUDIO_SEARCH_{name}': value for name, value in settings.items()}
    plan(items, Settings.from_env(environment), index=index)
    return [one.clip.error for one in items]


Sent = list[tuple[str | None, list[int] | None]]


def numbers(batch: Batch) -> tuple[str | None, Sent]:
    return batch.only, [(clip.uri, clip.piece) for clip in batch.docs]


def encoded(batch: Batch, version: int = 0) -> DocList[AudioClip]:
    """As pieces come from the encoder, with a chunk each."""
    for clip in batch.docs:
        clip.source = Tags({'path': clip.uri, 'mtime_ns': version})
        clip.chunks = DocList[AudioChunk]([AudioChunk(offset=(clip.piece or [0])[0])])
    return batch.docs


def stored(part: AudioClip, chunk_count: int | None = None) -> AudioClip:
    """As parts come from the indexer."""
    return AudioClip(id=part.id, uri=part.uri, tags=part.tags, chunk_count=chunk_count)


def test_a_long_recording_is_sent_in_pieces_between_others(tmp_path: Path) -> None:
    items = [
        item(tmp_path, 'a.wav', 10),
        item(tmp_path, 'long.wav', 4.5 * PIECE_S),
        item(tmp_path, 'b.wav', 10),
        item(tmp_path, 'c.wav', 10),
    ]
    assert planned(*items) == [None] * 4
    assert [numbers(batch) for batch in Dispatch(items).batches()] == [
        (None, [('a.wav', None)]),
        *((ENCODERS, [('long.wav', [number, 5])]) for number in range(5)),
        (None, [('b.wav', None), ('c.wav', None)]),
    ]


def test_the_pieces_of_ten_minutes_are_stored_as_one_part(tmp_path: Path) -> None:
    one = item(tmp_path, 'long.wav', 2.1 * PART_S)
    one.clip.tags = Tags({'place': 'pond'})
    planned(one)
    dispatch, parts = Dispatch([one]), []
    for batch in dispatch.batches():
        if part := dispatch.take(encoded(batch)):
            parts.append(part)
            dispatch.keep(stored(part))
    assert [part.part for part in parts] == [[0, 3], [1, 3], [2, 3]]
    chunks = [[chunk.offset for chunk in part.chunks] for part in parts]
    assert chunks == [list(range(10)), list(range(10, 20)), [20]]
    for part in parts:
        assert (part.id, part.uri, part.tags) == (one.clip.id, 'long.wav', {'place': 'pond'})
        assert part.source == {'path': 'long.wav', 'mtime_ns': 0}


def test_short_clips_come_in_batches(tmp_path: Path) -> None:
    items = [item(tmp_path, f'{n}.wav', 1) for n in range(BATCH_CLIPS + 1)]
    planned(*items)
    assert [len(batch.docs) for batch in Dispatch(items).batches()] == [BATCH_CLIPS, 1]


def test_a_part_of_a_recording_is_as_long_as_it_says(tmp_path: Path) -> None:
    short = item(tmp_path, 'long.wav', 5 * PIECE_S, f'#t=10,{10 + PIECE_S}')
    long = item(tmp_path, 'long.wav', 5 * PIECE_S, '#t=10')
    beyond = item(tmp_path, 'long.wav', 5 * PIECE_S, f'#t={4 * PIECE_S},99999')
    assert planned(short, long, beyond) == [None] * 3
    assert [one.piece_count for one in (short, long, beyond)] == [1, 5, 1]
    assert beyond.duration_s == PIECE_S


@pytest.mark.parametrize('change', ['none', 'file', 'count'])
def test_parts_that_are_there_are_not_sent_again(tmp_path: Path, change: str) -> None:
    one = item(tmp_path, 'long.wav', 2.5 * PART_S)
    assert one.source
    source = one.source.version()
    if change == 'file':
        source['size'] += 1
    count = 4 if change == 'count' else 3
    one.kept_parts = {'numbers': [0, 2], 'count': count, 'source': source}
    planned(one)
    assert list(one.parts) == ([1] if change == 'none' else [0, 1, 2])


def test_parts_that_are_missing_are_sent_with_all_of_their_pieces(tmp_path: Path) -> None:
    one = item(tmp_path, 'long.wav', 2.1 * PART_S)
    assert one.source
    one.kept_parts = {'numbers': [0], 'count': 3, 'source': one.source.version()}
    planned(one)
    sent = [batch.docs[0].piece for batch in Dispatch([one]).batches()]
    assert sent == [[number, 21] for number in range(PART_PIECES, 21)]


def test_the_answer_of_a_recording_is_that_of_its_last_part(tmp_path: Path) -> None:
    one = item(tmp_path, 'long.wav', 2.5 * PART_S)
    planned(one)
    dispatch = Dispatch([one])
    for batch in dispatch.batches():
        assert one.clip.chunk_count is None
        if part := dispatch.take(encoded(batch)):
            is_last = part.part == [2, 3]
            dispatch.keep(stored(part, 749 if is_last else None))
    dispatch.finish()
    assert (one.clip.error, one.clip.chunk_count, one.clip.part) == (None, 749, None)


@pytest.mark.parametrize('where', ['encoder', 'indexer'])
def test_a_recording_that_failed_is_sent_no_further(tmp_path: Path, where: str) -> None:
    items = [item(tmp_path, 'long.wav', 2.5 * PART_S), item(tmp_path, 'a.wav', 1)]
    planned(*items)
    dispatch, sent, error = Dispatch(items), [], 'long.wav is damaged; replace it'
    for batch in dispatch.batches():
        sent.append(batch.docs[0].piece)
        docs = encoded(batch)
        if where == 'encoder' and len(sent) == 2:
            docs[0].error = error
        if part := dispatch.take(docs):
            kept = stored(part)
            kept.error = error
            dispatch.keep(kept)
    dispatch.finish()
    pieces = 2 if where == 'encoder' else PART_PIECES
    assert sent == [*([number, 25] for number in range(pieces)), None]
    assert items[0].clip.error == error
    assert items[1].clip.error is None


@pytest.mark.parametrize('within', ['a part', 'the whole'])
def test_a_recording_that_changed_on_the_way_says_so(tmp_path: Path, within: str) -> None:
    """Pieces of two versions make no part, and parts of two versions never make a whole."""
    one = item(tmp_path, 'long.wav', 2.5 * PART_S)
    planned(one)
    dispatch, parts = Dispatch([one]), 0
    for number, batch in enumerate(dispatch.batches()):
        changed = number >= (2 if within == 'a part' else PART_PIECES)
        if part := dispatch.take(encoded(batch, version=changed)):
            parts += 1
            dispatch.keep(stored(part))
    dispatch.finish()
    assert one.clip.error == 'long.wav changed while it was read; index it again'
    assert parts == (0 if within == 'a part' else 3)


def test_what_is_too_long_says_what_to_do(tmp_path: Path) -> None:
    hour = item(tmp_path, 'hour.wav', 3700)
    assert planned(hour) == [None]
    hour = item(tmp_path, 'hour.wav', 3700)
    assert planned(hour, MAX_DURATION_S='3600') == [
        'hour.wav lasts 3700 s, more than 3600 s; take a part of it, as in hour.wav#t=0,3600, or '
        'raise AUDIO_SEARCH_MAX_DURATION_S'
    ]
    upload = item(tmp_path, 'hour.wav', 3700)
    upload.upload = Upload('0/hour.wav', '0/hour.wav', 'mine.wav', is_new=True)
    assert planned(upload) == [
        'mine.wav lasts 3700 s, more than 3600 s; take a part of it, as in mine.wav#t=0,3600, or '
        'raise AUDIO_SEARCH_MAX_UPLOAD_S'
    ]
    query = item(tmp_path, 'hour.wav', 3700)
    (error,) = planned(query, index=False)
    assert error is not None
    assert error.endswith('or index it, and search inside it')
    assert planned(item(tmp_path, 'hour.wav', 3700, '#t=0,60'), index=False) == [None]


def test_a_small_file_is_measured_where_the_limit_is_small(tmp_path: Path) -> None:
    six = item(tmp_path, 'six.wav', 6)
    (error,) = planned(six, MAX_DURATION_S='5')
    assert error is not None
    assert 'lasts 6 s, more than 5 s' in error
    assert planned(item(tmp_path, 'six.wav', 6), MAX_DURATION_S='6') == [None]


def test_a_file_that_is_no_sound_is_left_to_the_segmenter(tmp_path: Path) -> None:
    (tmp_path / 'text.wav').write_bytes(b'no sound at all' * 100_000)
    source = sources.resolve('text.wav', Roots((tmp_path.resolve(),)))
    text = Item(AudioClip(id='a', uri='text.wav'), source)
    assert planned(text) == [None]
    assert [len(batch.docs) for batch in Dispatch([text]).batches()] == [1]


def test_a_recording_that_another_request_made_whole_is_sent_no_further(tmp_path: Path) -> None:
    one = item(tmp_path, 'long.wav', 4.5 * PART_S)
    planned(one)
    dispatch, sent = Dispatch([one]), 0
    for batch in dispatch.batches():
        sent += 1
        if part := dispatch.take(encoded(batch)):
            dispatch.keep(stored(part, 1349))
    dispatch.finish()
    assert (sent, one.clip.error, one.clip.chunk_count) == (PART_PIECES, None, 1349)


def test_vectors_of_one_part_are_not_answered_as_those_of_the_whole(tmp_path: Path) -> None:
    one = item(tmp_path, 'long.wav', 1.5 * PART_S)
    planned(one)
    dispatch = Dispatch([one])
    for batch in dispatch.batches():
        if part := dispatch.take(encoded(batch)):
            part.chunk_count = 449 if part.part == [1, 2] else None
            dispatch.keep(part)
    assert (len(one.clip.chunks), one.clip.chunk_count) == (0, 449)
    assert one.clip.note is not None
    assert 'audio-search export' in one.clip.note


def test_nothing_goes_on_where_a_part_cannot_be_stored(tmp_path: Path) -> None:
    one = item(tmp_path, 'long.wav', 1.5 * PART_S)
    planned(one)

    class WithoutIndexer(Pipeline):
        async def post(
            self, endpoint: str, docs: Any = None, parameters: Any = None, only: str | None = None
        ) -> Any:
            if only == 'indexer':
                raise ExecutorDown('indexer')
            if docs[0].piece[0] >= PART_PIECES:
                await asyncio.Event().wait()
            return encoded(Batch(docs)), {}

    async def run() -> int:
        with pytest.raises(ExecutorDown) as failure:
            await send(WithoutIndexer(None, {}, lambda *_: None), '/index', [one], {})
        for _ in range(3):  # turns of the loop, in which a task that was ended hears of it
            await asyncio.sleep(0)
        assert failure.value.args == ('indexer',)
        return len(asyncio.all_tasks())

    assert asyncio.run(run()) == 1  # this one
