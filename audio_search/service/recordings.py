"""How a request's clips are divided for the executors: in batches of clips, and long recordings in
parts, so that memory does not grow with the length of either."""

from collections import deque
from collections.abc import Iterator, Sequence

from docarray import DocList

from audio_search.audio.decoding import AudioError
from audio_search.audio.headers import read_duration_s
from audio_search.audio.parts import PART_S, part_count
from audio_search.audio.sources import Source, shorten
from audio_search.documents import AudioChunk, AudioClip, Integers
from audio_search.service.progress import report
from audio_search.service.requests import Item
from audio_search.settings import Settings

# A batch holds at most this many clips and about this much sound: 16 kHz float32 is 64 kB/s.
BATCH_CLIPS = 16
BATCH_S = 240.0
# A file of fewer bytes is not opened here. Most codecs have at least 4 kB/s, which makes it two
# minutes; at 6 kbit/s, the least there is, it is eleven, which can be decoded at once too.
SMALL_BYTES = 500_000
USUAL_BYTES_PER_S = 4000
LEAST_BYTES_PER_S = 750
WITHOUT_VECTORS = 'the vectors of a recording this long are not answered; see audio-search export'
MAX_QUERY_S = 3600.0  # each window of a query is a search


def plan(items: Sequence[Item], settings: Settings, *, index: bool) -> None:
    """Find out how long each sound is: too long a one becomes an error, and a long recording that
    is to be indexed gets the numbers of those parts that are not there yet."""
    for item in items:
        if item.clip.error or item.source is None or item.clip.chunk_count is not None:
            continue
        limit_s, setting = settings.max_duration_s, 'AUDIO_SEARCH_MAX_DURATION_S'
        if item.upload and settings.max_upload_s < limit_s:
            limit_s, setting = settings.max_upload_s, 'AUDIO_SEARCH_MAX_UPLOAD_S'
        advice = f'raise {setting}'
        if not index and limit_s > MAX_QUERY_S:
            limit_s, advice = MAX_QUERY_S, 'index it, and search inside it'
        try:
            duration_s = _duration_s(item.source, limit_s)
        except AudioError:
            continue  # the segmenter says it of this clip
        item.duration_s = duration_s
        if duration_s > limit_s + 0.5:  # half a second over is a codec's padding
            name = shorten(item.upload.name if item.upload else str(item.clip.uri))
            item.fail(
                ValueError(
                    f'{name} lasts {duration_s:.0f} s, more than {limit_s:g} s; take a part of it, '
                    f'as in {name}#t=0,{limit_s:g}, or {advice}'
                )
            )
        elif index and (count := part_count(duration_s)) > 1:
            item.part_count = count
            item.parts = [part for part in range(count) if part not in _kept(item)]


class Dispatch:
    """Turns items into batches of documents, and gives each item what was answered for it."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._items = items
        self._sent: deque[Item] = deque()
        self._total = sum(len(item.parts) or 1 for item in items)
        self._taken = 0

    def batches(self) -> Iterator[DocList[AudioClip]]:
        """The items' clips in order, a batch at a time; each part of a recording is one.

        A recording that failed in the meantime, or that another request has made whole, is sent no
        further.
        """
        batch, seconds = DocList[AudioClip](), 0.0
        for item in self._items:
            max_s = BATCH_S if item.parts else item.duration_s
            if batch and (len(batch) == BATCH_CLIPS or seconds + max_s > BATCH_S):
                yield batch
                batch, seconds = DocList[AudioClip](), 0.0
            for part in item.parts:
                if item.clip.error or item.clip.chunk_count is not None:
                    break
                self._sent.append(item)
                yield DocList[AudioClip]([_part_of(item, part)])
            if not item.parts:
                self._sent.append(item)
                batch.append(item.clip)
                seconds += max_s
        if batch:
            yield batch

    def take(self, batch: DocList[AudioClip]) -> bool:
        """The answers of the next batch; whether it was a part of a recording."""
        self._taken += len(batch)
        report(self._taken / self._total)
        items = [self._sent.popleft() for _ in batch]
        for item, clip in zip(items, batch, strict=True):
            if not item.parts:
                item.clip = clip
            elif not item.clip.error and (clip.error or clip.chunk_count is not None):
                if clip.chunks:
                    clip.chunks = DocList[AudioChunk]()  # those of one part
                    clip.note = clip.note or WITHOUT_VECTORS
                clip.part = None
                item.clip = clip
        return any(item.parts for item in items)

    def finish(self) -> None:
        """Whoever has no answer now is a recording of which another version came in between."""
        for item in self._items:
            if item.parts and not item.clip.error and item.clip.chunk_count is None:
                name = shorten(str(item.clip.uri))
                item.fail(ValueError(f'{name} changed while it was read; index it again'))


def _part_of(item: Item, part: int) -> AudioClip:
    clip = item.clip
    numbers = Integers([part, item.part_count])
    return AudioClip(id=clip.id, uri=clip.uri, tags=clip.tags, part=numbers)


def _duration_s(source: Source, limit_s: float) -> float:
    """Of the part of a file that a clip is; a rough one where the file is small."""
    end_s = source.end_s
    if end_s is not None and end_s - source.beg_s <= min(limit_s, PART_S):
        return end_s - source.beg_s
    if end_s is None and source.size < min(SMALL_BYTES, limit_s * LEAST_BYTES_PER_S):
        return source.size / USUAL_BYTES_PER_S
    file_s = read_duration_s(source.path)
    return max(0.0, min(file_s, end_s or file_s) - source.beg_s)


def _kept(item: Item) -> Sequence[int]:
    """The numbers of the parts that are there, of this version of the file."""
    kept = item.kept_parts or {}
    is_same = item.source is not None and kept.get('source') == item.source.version()
    return kept['numbers'] if is_same and kept.get('count') == item.part_count else ()
