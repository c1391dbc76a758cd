"""How a request's clips are divided into batches for the executors."""

from collections.abc import Iterator, Sequence

from docarray import DocList

from audio_search.documents import AudioClip
from audio_search.service.requests import Item

# A batch holds at most this many clips and about this much sound, so that a request's memory does
# not grow with its length: 16 kHz float32 is 64 kB/s, and the slowest common codecs 4 kB/s.
BATCH_CLIPS = 16
BATCH_S = 1200.0
SLOWEST_BYTES_PER_S = 4000


def batches(items: Sequence[Item]) -> Iterator[DocList[AudioClip]]:
    """The items' clips in order, a batch at a time."""
    batch, seconds = DocList[AudioClip](), 0.0
    for item in items:
        max_s = _max_duration_s(item)
        if batch and (len(batch) == BATCH_CLIPS or seconds + max_s > BATCH_S):
            yield batch
            batch, seconds = DocList[AudioClip](), 0.0
        batch.append(item.clip)
        seconds += max_s
    if batch:
        yield batch


def _max_duration_s(item: Item) -> float:
    """How much sound may be in a file, without opening it."""
    if item.source is None or item.clip.chunk_count:
        return 0.0
    if item.source.end_s is not None:
        return item.source.end_s - item.source.beg_s
    return item.source.size / SLOWEST_BYTES_PER_S
