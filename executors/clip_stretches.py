"""How near stored clips are to a sound, in a few numbers from the beginning to the end of each."""

from dataclasses import asdict
from typing import Any

from docarray import DocList

from audio_search.documents import AudioChunk, AudioClip, Rows
from audio_search.store.interface import ClipStore
from audio_search.stretches import stretches
from executors.clip_changes import MissingClip
from executors.clip_records import embeddings_of
from executors.match_args import parse_limit


def fill_stretches(store: ClipStore, doc: AudioClip, count: Any) -> None:
    """Give the stored clip that a document names by its id its `stretches`, at most `count` of
    them; the chunks of the document, which it loses, are the sound. Raises MissingClip, ValueError
    where there is no sound, and what the store does."""
    clip = store.clip(str(doc.id))
    if clip is None:
        raise MissingClip(doc.id)
    sound = embeddings_of(doc, store.configuration.dimensions)
    doc.chunks = DocList[AudioChunk]()
    doc.stretches = Rows(asdict(one) for one in stretches(clip, sound, parse_limit(count)))
