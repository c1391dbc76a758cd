from pathlib import Path

import numpy as np
from docarray import DocList
from docarray.utils.create_dynamic_doc_class import (
    create_base_doc_from_schema,
    create_pure_python_type_model,
)
from hypothesis import given
from hypothesis import strategies as st

from audio_search.documents import AudioChunk, AudioClip, Embedding, Match, from_files
from tests.conftest import write_tone

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda values: st.lists(values) | st.dictionaries(st.text(), values),
    max_leaves=10,
)


def travelled(clip: AudioClip) -> AudioClip:
    return DocList[AudioClip].from_protobuf(DocList[AudioClip]([clip]).to_protobuf())[0]


@given(st.dictionaries(st.text(), JSON))
def test_tags_travel_unchanged(tags: dict[str, object]) -> None:
    assert travelled(AudioClip(tags=tags)).tags == tags


def test_embeddings_travel_as_bytes_and_lose_nothing() -> None:
    values = np.arange(-128, 128, dtype=np.float32) / 128
    clip = AudioClip(chunks=[AudioChunk(embedding=values)])
    arrived = travelled(clip).chunks[0].embedding
    assert arrived is not None
    assert arrived.dtype == np.float32
    assert np.array_equal(arrived, values)
    assert np.array_equal(Embedding.from_int8(arrived.to_int8()), values)
    assert len(clip.to_bytes()) < 600  # as float32 the values alone are 1024


def test_matches_two_lists_deep_travel() -> None:
    match = Match(id='m', parent_id='c', uri='u', tags={'n': 2**53}, scores={'cosine': 0.25})
    clip = AudioClip(chunks=[AudioChunk(matches=[match])])
    arrived = travelled(clip).chunks[0].matches[0]
    assert arrived == match


def test_no_id_is_made_up() -> None:
    assert AudioClip().id is None
    assert travelled(AudioClip()).id is None


def test_documents_do_not_share_tags_or_chunks() -> None:
    first, second = AudioChunk(), AudioChunk()
    first.tags['a'] = 1
    assert second.tags == {}
    clip, other = AudioClip(), AudioClip()
    clip.chunks.append(first)
    assert len(other.chunks) == 0
    assert other.tags is None


def test_from_files_finds_sorted_clips(tmp_path: Path) -> None:
    for name in ('b.wav', 'a.wav', 'c.txt'):
        write_tone(tmp_path / 'b.wav', 0.1) if name == 'b.wav' else (tmp_path / name).touch()
    pattern = str(tmp_path / '*.wav')
    found = [str(tmp_path / 'a.wav'), str(tmp_path / 'b.wav')]
    assert [clip.uri for clip in from_files(pattern)] == found
    assert [clip.uri for clip in from_files([pattern, str(tmp_path / 'a.*')])] == found
    assert len(from_files(str(tmp_path / 'nothing*'))) == 0


def test_jina_can_rebuild_a_clip_from_its_schema() -> None:
    """As the gateway does with what the executors tell it, or the Flow does not start."""
    rebuilt = create_base_doc_from_schema(
        create_pure_python_type_model(AudioClip).model_json_schema(), 'AudioClip'
    )
    assert set(rebuilt.model_fields) == set(AudioClip.model_fields)
    rebuilt.model_json_schema()
