"""What the service does with requests, over executors that are a dict."""

import asyncio
import base64
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from audio_search.errors import Kind, RequestError
from audio_search.service import listing
from audio_search.service.pipeline import ExecutorDown
from audio_search.service.requests import ChunkRequest, ClipRequest
from audio_search.service.uploads import Upload
from tests.service.fake_pipeline import NOISE, Running, running


@pytest.fixture
def here(tmp_path: Path) -> Running:
    return running(tmp_path)


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


def refused(work: Coroutine[Any, Any, Any]) -> RequestError:
    with pytest.raises(RequestError) as raised:
        run(work)
    return raised.value


def clips(*uris: str, **tags: Any) -> list[ClipRequest]:
    return [ClipRequest(uri=uri, tags=tags or None) for uri in uris]


def data_uri(sound: bytes) -> str:
    return f'data:audio/wav;base64,{base64.b64encode(sound).decode()}'


def upload(here: Running, sound: bytes, name: str = 'a.wav', keep: bool = True) -> Upload:
    result: Upload = run(here.service.receive([sound], name, keep=keep))
    return result


def test_answers_are_in_the_order_of_requests_across_batches(here: Running) -> None:
    uris = [here.write(f'{n}.wav') for n in range(50)]
    uris[20:20] = ['missing.wav']
    answers = run(here.service.index(clips(*uris)))
    assert [answer.uri for answer in answers] == uris
    assert [answer.error is not None for answer in answers] == [n == 20 for n in range(51)]
    assert here.pipeline.encoded == [uri for uri in uris if uri != 'missing.wav']


def test_of_one_id_twice_the_last_wins_and_both_are_answered(here: Running) -> None:
    a, b = here.write('a.wav'), here.write('b.wav')
    answers = run(
        here.service.index(
            [
                ClipRequest(id='x', uri=a, tags={'n': 1}),
                ClipRequest(id='y', uri=b),
                ClipRequest(id='x', uri=b, tags={'n': 2}),
            ]
        )
    )
    assert [answer.id for answer in answers] == ['x', 'y', 'x']
    assert [answer.chunk_count for answer in answers] == [1, 1, 1]
    assert [answer.tags for answer in answers] == [{'n': 1}, {}, {'n': 2}]
    assert here.pipeline.stored['x'].uri == b
    assert here.pipeline.encoded == [b, b]


def test_a_known_clip_is_not_encoded_again_until_its_file_changes(here: Running) -> None:
    uri = here.write('a.wav')
    (first,) = run(here.service.index(clips(uri)))
    (again,) = run(here.service.index(clips(uri)))
    assert (again.id, again.chunk_count) == (first.id, first.chunk_count)
    assert here.pipeline.encoded == [uri]
    here.write('a.wav', b'another sound')
    run(here.service.index(clips(uri)))
    assert here.pipeline.encoded == [uri, uri]


@pytest.mark.parametrize('changed', [False, True], ids=['same file', 'changed file'])
def test_absent_tags_leave_those_of_a_known_clip_and_empty_ones_remove_them(
    here: Running, changed: bool
) -> None:
    uri = here.write('a.wav')
    run(here.service.index(clips(uri, label='bell')))
    if changed:
        here.write('a.wav', b'another sound')
    (kept,) = run(here.service.index([ClipRequest(uri=uri)]))
    assert kept.tags == {'label': 'bell'}
    (emptied,) = run(here.service.index([ClipRequest(uri=uri, tags={})]))
    assert emptied.tags == {}
    assert here.pipeline.stored[str(kept.id)].tags == {}


def test_an_update_without_tags_changes_nothing(here: Running) -> None:
    uri = here.write('a.wav')
    run(here.service.index(clips(uri, label='bell')))
    (kept,) = run(here.service.update([ClipRequest(uri=uri)]))
    assert kept.tags == {'label': 'bell'}
    (changed,) = run(here.service.update([ClipRequest(uri=uri, tags={'label': 'gong'})]))
    assert changed.tags == {'label': 'gong'}
    (emptied,) = run(here.service.update([ClipRequest(uri=uri, tags={})]))
    assert emptied.tags == {}


def test_new_tags_are_for_clips_that_are_new(here: Running) -> None:
    def send(tags: dict[str, Any] | None) -> Any:
        request = ClipRequest(tags=tags, new_tags={'file': 'a'}, upload=upload(here, b'sound'))
        return run(here.service.index([request]))[0].tags

    assert send(None) == {'file': 'a'}
    assert send({'label': 'bell'}) == {'label': 'bell'}
    assert send(None) == {'label': 'bell'}


@pytest.mark.parametrize('endpoint', ['index', 'search'])
def test_a_request_whose_every_uri_is_outside_the_roots_is_refused(
    here: Running, endpoint: str
) -> None:
    ask = getattr(here.service, endpoint)
    error = refused(ask(clips('/etc/passwd', '../outside.wav')))
    assert error.kind is Kind.REFUSED
    assert error.detail.endswith('(and so are the other 1)')
    assert here.failures.clips == 2
    answers = run(ask(clips('/etc/passwd', here.write('a.wav'))))
    assert [answer.error_kind for answer in answers] == [Kind.REFUSED, None]


@pytest.mark.parametrize('endpoint', ['search', 'update', 'delete'])
def test_unknown_ids_are_missing(here: Running, endpoint: str) -> None:
    run(here.service.index([ClipRequest(id='known', uri=here.write('a.wav'))]))
    ask = getattr(here.service, endpoint)
    assert refused(ask([ClipRequest(id='nobody')])).kind is Kind.MISSING
    answers = run(ask([ClipRequest(id='nobody'), ClipRequest(id='known')]))
    assert [answer.error_kind for answer in answers] == [Kind.MISSING, None]


@pytest.mark.parametrize('endpoint', ['search', 'update', 'delete'])
def test_a_full_disk_is_no_missing_clip(here: Running, endpoint: str) -> None:
    run(here.service.index([ClipRequest(id='known', uri=here.write('a.wav'))]))
    here.pipeline.disk_full = True
    error = refused(getattr(here.service, endpoint)([ClipRequest(id='known')]))
    assert error.kind is Kind.STORAGE
    assert 'make room' in error.detail


def test_a_full_disk_is_each_indexed_clips_error(here: Running) -> None:
    here.pipeline.disk_full = True
    (answer,) = run(here.service.index(clips(here.write('a.wav'))))
    assert (answer.error_kind, answer.chunk_count) == (Kind.STORAGE, None)


@pytest.mark.parametrize(
    'ask',
    [
        lambda service: service.clips(0, 10),
        lambda service: service.clips(0, 10, missing=True),
        lambda service: service.status(),
        lambda service: service.stored('a'),
        lambda service: service.delete(prefix='a'),
    ],
    ids=['clips', 'missing clips', 'status', 'stored', 'delete by prefix'],
)
def test_an_unreadable_index_is_said(here: Running, ask: Callable[..., Any]) -> None:
    here.pipeline.disk_full = True
    assert refused(ask(here.service)).kind is Kind.STORAGE


def test_an_executor_that_is_down_is_named(here: Running) -> None:
    here.pipeline.down = 'encoder'
    with pytest.raises(ExecutorDown, match='encoder'):
        run(here.service.search(clips(here.write('a.wav'))))
    with pytest.raises(ExecutorDown, match='encoder'):
        run(here.service.ready())


@pytest.mark.parametrize(
    ('request_', 'kind', 'word'),
    [
        (ClipRequest(), Kind.UNUSABLE, 'give the uri'),
        (ClipRequest(uri='missing.wav'), Kind.UNUSABLE, 'does not exist'),
        (ClipRequest(uri='noise.wav'), Kind.UNUSABLE, 'not audio'),
        (ClipRequest(uri='data:,'), Kind.UNUSABLE, 'data: URI'),
        (ClipRequest(uri='http://example.org/a.wav'), Kind.UNUSABLE, 'http'),
        (ClipRequest(chunks=[ChunkRequest([0.0])]), Kind.UNUSABLE, 'add one'),
        (ClipRequest(id='a', chunks=[ChunkRequest([[1], [2, 3]])]), Kind.UNUSABLE, 'numbers'),
        (
            ClipRequest(id='a', chunks=[ChunkRequest([0.0], {'beg_in_ms': -1})]),
            Kind.UNUSABLE,
            'beg_in_ms of chunk 0',
        ),
    ],
)
def test_a_clip_that_cannot_be_used_fails_alone(
    here: Running, request_: ClipRequest, kind: Kind, word: str
) -> None:
    here.write('noise.wav', NOISE)
    bad, good = run(here.service.index([request_, *clips(here.write('a.wav'))]))
    assert word in bad.error
    assert bad.error_kind == kind
    assert bad.id
    assert good.error is None
    assert here.failures.clips == 1


def test_failures_are_counted_once(here: Running) -> None:
    run(here.service.index(clips('missing.wav', 'gone.wav', here.write('a.wav'))))
    assert here.failures.clips == 2
    run(here.service.search(clips('missing.wav')))
    assert here.failures.clips == 3


def test_an_indexed_upload_is_kept_until_its_clip_is_deleted(here: Running) -> None:
    kept = upload(here, b'sound', 'bell.wav')
    (answer,) = run(here.service.index([ClipRequest(upload=kept)]))
    assert answer.uri == kept.uri
    assert here.media() == [kept.uri]
    run(here.service.delete(ids=[answer.id]))
    assert here.media() == []


@pytest.mark.parametrize('by', ['filter', 'prefix'])
def test_uploads_of_clips_that_are_chosen_are_forgotten_too(here: Running, by: str) -> None:
    kept = upload(here, b'sound')
    run(here.service.index([ClipRequest(upload=kept, tags={'label': 'bell'})]))
    chosen: dict[str, Any] = {'filter': {'label': 'bell'}, 'prefix': kept.uri[:5]}
    assert [clip.uri for clip in run(here.service.delete(**{by: chosen[by]}))] == [kept.uri]
    assert here.media() == []


def test_an_upload_that_fails_is_dropped_unless_it_was_there_before(here: Running) -> None:
    noise = upload(here, NOISE)
    (answer,) = run(here.service.index([ClipRequest(upload=noise)]))
    assert answer.error
    assert here.media() == []
    run(here.service.index([ClipRequest(upload=upload(here, b'sound'))]))
    before = here.media()
    here.pipeline.stored.clear()
    here.pipeline.disk_full = True
    (answer,) = run(here.service.index([ClipRequest(upload=upload(here, b'sound'))]))
    assert answer.error
    assert here.media() == before


@pytest.mark.parametrize('filter', [None, {'a': {'$near': 1}}], ids=['searched', 'refused'])
def test_a_querys_sound_is_dropped(here: Running, filter: Any) -> None:
    query = ClipRequest(upload=upload(here, b'sound', 'query.wav', keep=False))
    embedded = ClipRequest(uri=data_uri(b'other'))
    if filter:
        assert refused(here.service.search([query], filter=filter)).kind is Kind.INVALID
    else:
        found, _ = run(here.service.search([query, embedded]))
        assert found.uri == 'query.wav'
    assert here.media() == []


def test_a_query_that_uploads_a_stored_sound_can_leave_that_out(here: Running) -> None:
    run(here.service.index([ClipRequest(upload=upload(here, b'sound'))]))
    query = ClipRequest(upload=upload(here, b'sound', keep=False))
    (found,) = run(here.service.search([query], exclude_self=True))
    assert list(found.matches) == []


def test_clearing_forgets_uploads(here: Running) -> None:
    run(here.service.index([ClipRequest(upload=upload(here, b'sound'))]))
    assert run(here.service.clear()) == []
    assert here.media() == []


def test_too_many_documents_are_refused_and_their_uploads_dropped(tmp_path: Path) -> None:
    here = running(tmp_path, MAX_DOCS='1')
    sent = [ClipRequest(upload=upload(here, sound)) for sound in (b'a', b'b')]
    error = refused(here.service.index(sent))
    assert error.kind is Kind.TOO_LARGE
    assert '2 documents are more than the 1' in error.detail
    assert here.media() == []


def test_whoever_calls_the_service_waits_for_a_place_and_then_is_told(tmp_path: Path) -> None:
    here = running(tmp_path, CONCURRENCY='1', QUEUE_WAIT_S='0.05')
    uri = here.write('a.wav')
    query = upload(here, b'sound', keep=False)
    kept = upload(here, b'sound')

    async def scenario() -> None:
        here.pipeline.gate = asyncio.Event()
        first = asyncio.create_task(here.service.search(clips(uri)))
        await here.pipeline.waiting.wait()
        for late in (
            here.service.search([ClipRequest(upload=query)]),
            here.service.index([ClipRequest(upload=kept)]),
            here.service.delete(ids=['a']),
            here.service.update(clips(uri)),
            here.service.clear(),
            here.service.clips(0, 10, missing=True),
        ):
            with pytest.raises(RequestError) as raised:
                await late
            assert raised.value.kind is Kind.BUSY
            assert raised.value.retry_after_s == 1
        assert (await here.service.status()).clips == 0
        here.pipeline.gate.set()
        await first
        await here.service.search(clips(uri))

    run(scenario())
    assert here.media() == []


def test_a_place_is_taken_once_however_often_it_is_asked_for(tmp_path: Path) -> None:
    """HTTP takes it before it reads a body, and then calls the service."""
    here = running(tmp_path, CONCURRENCY='1', QUEUE_WAIT_S='0.05')
    uri = here.write('a.wav')

    async def as_http() -> None:
        async with here.service.admission.place():
            await here.service.index(clips(uri))
            await here.service.search(clips(uri))
        await here.service.search(clips(uri))

    run(as_http())


def test_a_request_that_waits_gets_the_place_that_comes_free(tmp_path: Path) -> None:
    here = running(tmp_path, CONCURRENCY='1')
    uri = here.write('a.wav')

    async def scenario() -> None:
        here.pipeline.gate = asyncio.Event()
        both = [asyncio.create_task(here.service.search(clips(uri))) for _ in range(2)]
        await here.pipeline.waiting.wait()
        here.pipeline.gate.set()
        await asyncio.gather(*both)

    run(scenario())


def test_a_search_by_id_waits_for_no_encoder_and_leaves_its_place_to_others(tmp_path: Path) -> None:
    here = running(tmp_path, CONCURRENCY='2', QUEUE_WAIT_S='0.05')
    uri = here.write('a.wav')

    async def scenario() -> None:
        (stored,) = await here.service.index(clips(uri))
        here.pipeline.gate = asyncio.Event()  # the encoder is busy
        busy = asyncio.create_task(here.service.search(clips(uri)))
        await here.pipeline.waiting.wait()
        by_id = [ClipRequest(id=stored.id)]
        found = await asyncio.gather(*(here.service.search(by_id) for _ in range(9)))
        assert [[match.id for match in one.matches] for (one,) in found] == [[stored.id]] * 9
        assert not busy.done()
        here.pipeline.gate.set()
        await busy

    run(scenario())


def test_what_takes_too_long_is_given_up(tmp_path: Path) -> None:
    here = running(tmp_path, TIMEOUT_S='1', CONCURRENCY='1')
    query = upload(here, b'sound', keep=False)

    async def scenario() -> None:
        here.pipeline.gate = asyncio.Event()
        with pytest.raises(RequestError) as raised:
            await here.service.search([ClipRequest(upload=query)])
        assert raised.value.kind is Kind.LATE
        assert 'AUDIO_SEARCH_TIMEOUT_S' in raised.value.detail
        here.pipeline.gate.set()
        await here.service.search(clips(here.write('a.wav')))

    run(scenario())
    assert here.media() == []


def test_matches_and_clips_whose_file_is_gone_say_so(here: Running) -> None:
    there, gone = here.write('there.wav'), here.write('gone.wav')
    chunks = [ChunkRequest([0.0, 1.0], {'sample_rate': 16000})]
    run(here.service.index([*clips(there, gone), ClipRequest(id='cut', chunks=chunks)]))
    (here.folder / gone).unlink()
    (found,) = run(here.service.search(clips(there)))
    assert {match.uri: match.missing for match in found.matches} == {
        there: None,
        gone: True,
        None: None,
    }
    page = run(here.service.clips(0, 10))
    assert [(clip.uri, clip.missing) for clip in page.clips] == [
        (there, False),
        (gone, True),
        (None, False),
    ]


def test_clips_are_listed_by_filter_prefix_and_whether_their_file_is_gone(
    here: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, 'SCAN_CLIPS', 3)
    uris = [here.write(f'{folder}/{n}.wav') for folder in 'ab' for n in range(5)]
    run(here.service.index([ClipRequest(uri=uri, tags={'folder': uri[0]}) for uri in uris]))
    gone = uris[1::2]
    for uri in gone:
        (here.folder / uri).unlink()

    def found(offset: int = 0, limit: int = 100, **chosen: Any) -> tuple[list[str], int]:
        page = run(here.service.clips(offset, limit, **chosen))
        return [clip.uri for clip in page.clips], page.total

    assert found() == (uris, 10)
    assert found(prefix='b/') == (uris[5:], 5)
    assert found(filter={'folder': 'a'}) == (uris[:5], 5)
    assert found(filter={'folder': 'a'}, prefix='b/') == ([], 0)
    assert found(missing=True) == (gone, 5)
    assert found(missing=False) == (uris[::2], 5)
    assert found(1, 2, missing=True) == (gone[1:3], 5)
    assert found(prefix='b/', missing=True) == ([uri for uri in gone if uri[0] == 'b'], 3)


@pytest.mark.parametrize('chosen', [{'filter': {}}, {'prefix': ''}, {'filter': {}, 'prefix': ''}])
def test_an_empty_choice_does_not_delete_everything(here: Running, chosen: Any) -> None:
    run(here.service.index(clips(here.write('a.wav'))))
    error = refused(here.service.delete(**chosen))
    assert error.kind is Kind.INVALID
    assert '/clear' in error.detail
    assert len(here.pipeline.stored) == 1


def test_clips_are_either_named_or_chosen(here: Running) -> None:
    run(here.service.index(clips(here.write('a.wav'))))
    assert refused(here.service.delete(ids=['x'], prefix='b')).kind is Kind.INVALID
    assert refused(here.service.delete(filter={'a': {'$near': 1}})).kind is Kind.INVALID
    assert run(here.service.delete(prefix='b')) == []
    assert len(here.pipeline.stored) == 1
