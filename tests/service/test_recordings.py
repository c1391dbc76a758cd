"""Long recordings, as the service divides them for the executors."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from docarray import DocList

from audio_search.audio import sources
from audio_search.audio.parts import PART_S
from audio_search.documents import AudioChunk, AudioClip
from audio_search.roots import Roots
from audio_search.service.recordings import BATCH_CLIPS, Dispatch, plan
from audio_search.service.requests import Item
from audio_search.service.uploads import Upload
from audio_search.settings import Settings

RATE_HZ = 1000


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


def numbers(batches: list[DocList[AudioClip]]) -> list[list[tuple[str | None, list[int] | None]]]:
    return [[(clip.uri, clip.part) for clip in batch] for batch in batches]


def test_a_long_recording_is_sent_in_parts_between_others(tmp_path: Path) -> None:
    items = [
        item(tmp_path, 'a.wav', 10),
        item(tmp_path, 'long.wav', 2.5 * PART_S),
        item(tmp_path, 'b.wav', 10),
        item(tmp_path, 'c.wav', 10),
    ]
    assert planned(*items) == [None] * 4
    dispatch = Dispatch(items)
    batches = numbers(list(dispatch.batches()))
    assert batches == [
        [('a.wav', None)],
        [('long.wav', [0, 3])],
        [('long.wav', [1, 3])],
        [('long.wav', [2, 3])],
        [('b.wav', None), ('c.wav', None)],
    ]


def test_short_clips_come_in_batches(tmp_path: Path) -> None:
    items = [item(tmp_path, f'{n}.wav', 1) for n in range(BATCH_CLIPS + 1)]
    planned(*items)
    assert [len(batch) for batch in Dispatch(items).batches()] == [BATCH_CLIPS, 1]


def test_a_part_of_a_recording_is_as_long_as_it_says(tmp_path: Path) -> None:
    short = item(tmp_path, 'long.wav', 3 * PART_S, f'#t=10,{10 + PART_S}')
    long = item(tmp_path, 'long.wav', 3 * PART_S, '#t=10')
    beyond = item(tmp_path, 'long.wav', 3 * PART_S, f'#t={2 * PART_S},99999')
    assert planned(short, long, beyond) == [None] * 3
    assert [one.part_count for one in (short, long, beyond)] == [1, 3, 1]
    assert beyond.duration_s == PART_S


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


def test_the_answer_of_a_recording_is_that_of_its_last_part(tmp_path: Path) -> None:
    one = item(tmp_path, 'long.wav', 2.5 * PART_S)
    planned(one)
    dispatch = Dispatch([one])
    for count, batch in enumerate(dispatch.batches()):
        assert one.clip.chunk_count is None
        if count == 2:
            batch[0].chunk_count = 149
        dispatch.take(batch)
    dispatch.finish()
    assert (one.clip.error, one.clip.chunk_count, one.clip.part) == (None, 149, None)


def test_a_recording_that_failed_is_sent_no_further(tmp_path: Path) -> None:
    items = [item(tmp_path, 'long.wav', 4.5 * PART_S), item(tmp_path, 'a.wav', 1)]
    planned(*items)
    dispatch, sent = Dispatch(items), []
    for batch in dispatch.batches():
        sent.append([clip.part for clip in batch])
        if len(sent) == 2:
            batch[0].error = 'long.wav is damaged; replace it'
        dispatch.take(batch)
    dispatch.finish()
    assert sent == [[[0, 5]], [[1, 5]], [None]]
    assert items[0].clip.error == 'long.wav is damaged; replace it'
    assert items[1].clip.error is None


def test_a_recording_that_changed_on_the_way_says_so(tmp_path: Path) -> None:
    """Its parts are of two versions then, and never make a whole."""
    one = item(tmp_path, 'long.wav', 2.5 * PART_S)
    planned(one)
    dispatch = Dispatch([one])
    for batch in dispatch.batches():
        dispatch.take(batch)
    dispatch.finish()
    assert one.clip.error == 'long.wav changed while it was read; index it again'


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
    assert [len(batch) for batch in Dispatch([text]).batches()] == [1]


def test_a_recording_that_another_request_made_whole_is_sent_no_further(tmp_path: Path) -> None:
    one = item(tmp_path, 'long.wav', 4.5 * PART_S)
    planned(one)
    dispatch, sent = Dispatch([one]), 0
    for batch in dispatch.batches():
        sent += 1
        batch[0].chunk_count = 269
        assert dispatch.take(batch)
    dispatch.finish()
    assert (sent, one.clip.error, one.clip.chunk_count) == (1, None, 269)


def test_vectors_of_one_part_are_not_answered_as_those_of_the_whole(tmp_path: Path) -> None:
    one = item(tmp_path, 'long.wav', 4.5 * PART_S)
    planned(one)
    dispatch = Dispatch([one])
    for number, batch in enumerate(dispatch.batches()):
        batch[0].chunks = DocList[AudioChunk]([AudioChunk(offset=number)])
        batch[0].chunk_count = 269 if number == 4 else None
        dispatch.take(batch)
    assert (len(one.clip.chunks), one.clip.chunk_count) == (0, 269)
    assert one.clip.note is not None
    assert 'audio-search export' in one.clip.note
