"""Which of many files are indexed already, over executors that are a dict."""

import asyncio
import os
from pathlib import Path

import pytest

from audio_search.errors import Kind, RequestError
from audio_search.service.requests import ClipRequest
from audio_search.service.views import KnownClip
from tests.service.fake_pipeline import Running, running


@pytest.fixture
def here(tmp_path: Path) -> Running:
    return running(tmp_path)


def index(here: Running, *requests: ClipRequest) -> None:
    asyncio.run(here.service.index(requests))


def known(here: Running, *requests: ClipRequest) -> list[KnownClip]:
    return asyncio.run(here.service.known(requests))


def path_of(here: Running, uri: str) -> Path:
    (root, *_) = here.service.settings.roots
    return Path(root / uri)


def test_what_became_of_files_since_they_were_indexed(here: Running) -> None:
    names = ('same.wav', 'new.wav', 'longer.wav', 'other.wav', 'touched.wav', 'gone.wav')
    same, _, longer, other, touched, gone = (here.write(name) for name in names)
    index(here, *(ClipRequest(uri=u, tags={'n': 1}) for u in (same, longer, other, touched, gone)))
    path_of(here, longer).write_bytes(b'a longer sound')
    size = path_of(here, other).stat().st_size
    path_of(here, other).write_bytes(b'x' * size)
    for uri in (other, touched):
        os.utime(path_of(here, uri), (1, 1))
    path_of(here, gone).unlink()
    here.pipeline.encoded.clear()
    found = known(here, *(ClipRequest(uri=str(path_of(here, name))) for name in names))
    assert [clip.state for clip in found] == [
        'unchanged', 'new', 'changed', 'changed', 'unchanged', 'missing',
    ]  # fmt: skip
    assert [clip.uri for clip in found if clip.state != 'new'] == [
        same, longer, other, touched, gone,
    ]  # fmt: skip
    assert [clip.tags for clip in found] == [{'n': 1}, None, *[{'n': 1}] * 4]
    assert 'does not exist' in str(found[-1].error)
    assert [clip.error for clip in found[:-1]] == [None] * 5
    assert here.pipeline.encoded == []


def test_a_clip_with_an_id_of_its_own_is_known_by_its_file_and_by_its_id(here: Running) -> None:
    uri = here.write('a.wav')
    index(here, ClipRequest(id='mine', uri=uri))
    by_file, by_id, by_both = known(
        here, ClipRequest(uri=uri), ClipRequest(id='mine'), ClipRequest(id='no', uri=uri)
    )
    assert (by_file.id, by_file.state) == ('mine', 'unchanged')
    assert (by_id.id, by_id.state) == ('mine', 'stored')
    assert (by_both.id, by_both.state) == ('mine', 'unchanged')


def test_a_part_is_another_clip_than_its_file(here: Running) -> None:
    uri = here.write('a.wav')
    index(here, ClipRequest(uri=f'{uri}#t=1,2'))
    whole, part = known(here, ClipRequest(uri=uri), ClipRequest(uri=f'{uri}#t=1.0,2'))
    assert (whole.state, part.state) == ('new', 'unchanged')


def test_a_file_that_cannot_be_used_says_why(here: Running) -> None:
    (outside,) = known(here, ClipRequest(uri='/etc/passwd'))
    assert outside.state == 'new'
    assert 'AUDIO_SEARCH_ROOTS' in str(outside.error)


def test_an_index_that_cannot_be_read_knows_nothing_and_says_so(here: Running) -> None:
    here.pipeline.disk_full = True
    with pytest.raises(RequestError) as refused:
        known(here, ClipRequest(uri=here.write('a.wav')))
    assert refused.value.kind is Kind.STORAGE
