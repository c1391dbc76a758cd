"""Windows that a client cut itself."""

from pathlib import Path
from typing import Any

import pytest

from audio_search.service.requests import ChunkRequest, ClipRequest, Item, resolve
from audio_search.service.uploads import Uploads


def resolved(tmp_path: Path, chunk: ChunkRequest) -> Item:
    return resolve(ClipRequest(id='a', chunks=[chunk]), Uploads(tmp_path), (tmp_path,), keep=True)


def test_times_come_from_the_location_unless_they_are_given(tmp_path: Path) -> None:
    tags = {'sample_rate': 8000, 'end_in_ms': 700.4}
    (chunk,) = resolved(tmp_path, ChunkRequest([0.5, 0], tags, [1600, 16000])).clip.chunks
    assert (chunk.beg_in_ms, chunk.end_in_ms) == (100, 700)
    assert chunk.tags == {'sample_rate': 8000}


def test_a_chunk_without_a_location_has_no_times(tmp_path: Path) -> None:
    (chunk,) = resolved(tmp_path, ChunkRequest([0.5, 0])).clip.chunks
    assert (chunk.location, chunk.beg_in_ms, chunk.end_in_ms) == ([], None, None)


@pytest.mark.parametrize('value', ['x', [1], 1e300, -5, True])
def test_a_time_that_is_none_fails_that_clip(tmp_path: Path, value: Any) -> None:
    item = resolved(tmp_path, ChunkRequest([0.5], {'beg_in_ms': value}))
    assert (item.clip.error or '').startswith('beg_in_ms of chunk 0 is ')


def test_a_tensor_that_is_no_array_of_numbers_fails_that_clip(tmp_path: Path) -> None:
    item = resolved(tmp_path, ChunkRequest(['x']))
    assert 'send tensors of numbers' in (item.clip.error or '')
