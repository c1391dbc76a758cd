"""How a request's clips are divided for the executors: in batches of clips, and long recordings in
pieces, so that memory does not grow with the length of either. The pieces of ten minutes are stored
as one part."""

import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import aclosing
from typing import Any

from docarray import DocList

from audio_search.audio.decoding import AudioError
from audio_search.audio.headers import read_duration_s
from audio_search.audio.pieces import PIECE_S, piece_count
from audio_search.audio.sources import Source, shorten
from audio_search.documents import AudioChunk, AudioClip, Integers
from audio_search.service.pipeline import ENCODERS, Batch, Pipeline
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
PART_PIECES = 10  # of a part, which the store keeps: ten minutes
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
        elif index and (count := piece_count(duration_s)) > 1:
            item.piece_count = count
            parts = range(_part_count(item))
            item.parts = [part for part in parts if part not in _kept(item)]


async def send(
    pipeline: Pipeline,
    endpoint: str,
    items: Sequence[Item],
    parameters: dict[str, Any],
    only: str | None = None,
    going_on: Callable[[], None] = lambda: None,
) -> None:
    """Send items through the executors, or through `only` some, and give each what was answered
    for it. `going_on` is called whenever another piece of a recording is there.

    Raises as Pipeline does.
    """
    dispatch = Dispatch(items, only)
    # Closed at once where storing a part fails or takes too long: nothing goes on behind it.
    async with aclosing(pipeline.stream(endpoint, dispatch.batches(), parameters)) as answers:
        async for docs in answers:
            part = dispatch.take(docs)
            if docs[0].piece:
                going_on()
            if part is not None:
                docs = DocList[AudioClip]([part])
                (kept,), _ = await pipeline.post(endpoint, docs, parameters, 'indexer')
                dispatch.keep(kept)
    dispatch.finish()


class Dispatch:
    """Turns items into batches of documents, and gives each item what was answered for it."""

    def __init__(self, items: Sequence[Item], only: str | None = None) -> None:
        self._items = items
        self._only = only
        self._sent: deque[Item] = deque()
        self._pieces: list[AudioClip] = []  # of the part that is being encoded
        self._part_of: Item | None = None  # whose part was made whole last
        self._total = sum(len(_pieces_of(item)) or 1 for item in items)
        self._taken = 0

    def batches(self) -> Iterator[Batch]:
        """The items' clips in order, a batch at a time; each piece of a recording is one.

        A recording that failed in the meantime, or that another request has made whole, is sent no
        further.
        """
        batch, seconds = DocList[AudioClip](), 0.0
        for item in self._items:
            max_s = BATCH_S if item.parts else item.duration_s
            if batch and (len(batch) == BATCH_CLIPS or seconds + max_s > BATCH_S):
                yield Batch(batch, self._only)
                batch, seconds = DocList[AudioClip](), 0.0
            for number in _pieces_of(item):
                if _is_done(item):
                    break
                self._sent.append(item)
                piece = Integers([number, item.piece_count])
                clip = AudioClip(id=item.clip.id, uri=item.clip.uri, piece=piece)
                yield Batch(DocList[AudioClip]([clip]), ENCODERS)
            if not item.parts:
                self._sent.append(item)
                batch.append(item.clip)
                seconds += max_s
        if batch:
            yield Batch(batch, self._only)

    def take(self, batch: DocList[AudioClip]) -> AudioClip | None:
        """The answers of the next batch. Gives back the part of a recording that is whole now, for
        the indexer."""
        self._taken += len(batch)
        report(self._taken / self._total)
        for clip in batch:
            item = self._sent.popleft()
            if not item.parts:
                item.clip = clip
            elif _is_done(item):
                self._pieces.clear()
            elif clip.error:
                self._pieces.clear()
                self._answer(item, clip)
            elif self._pieces and _version_of(self._pieces[0]) != _version_of(clip):
                self._pieces.clear()
                _fail_changed(item)
            else:
                self._pieces.append(clip)
                number, count = clip.piece or (0, 1)
                if (number + 1) % PART_PIECES == 0 or number + 1 == count:
                    return self._part(item, number // PART_PIECES)
        return None

    def _part(self, item: Item, number: int) -> AudioClip:
        pieces, self._pieces, self._part_of = self._pieces, [], item
        return AudioClip(
            id=item.clip.id,
            uri=item.clip.uri,
            tags=item.clip.tags,
            source=pieces[-1].source,
            part=Integers([number, _part_count(item)]),
            chunks=DocList[AudioChunk](
                _kept_of(chunk) for piece in pieces for chunk in piece.chunks
            ),
        )

    def keep(self, part: AudioClip) -> None:
        """What the indexer answered for the last part: it is an answer for the whole recording
        where that failed, or is stored with it."""
        item = self._part_of
        if item and not _is_done(item) and (part.error or part.chunk_count is not None):
            self._answer(item, part)

    @staticmethod
    def _answer(item: Item, clip: AudioClip) -> None:
        if clip.chunks:
            clip.chunks = DocList[AudioChunk]()  # those of one part
            clip.note = clip.note or WITHOUT_VECTORS
        clip.part = clip.piece = None
        clip.tags = item.clip.tags if clip.error else clip.tags
        item.clip = clip

    def finish(self) -> None:
        """Whoever has no answer now is a recording of which another version came in between."""
        for item in self._items:
            if item.parts and not _is_done(item):
                _fail_changed(item)


def _is_done(item: Item) -> bool:
    return bool(item.clip.error) or item.clip.chunk_count is not None


def _kept_of(chunk: AudioChunk) -> AudioChunk:
    """What the indexer keeps of a chunk; those of answers are of a class that Jina made."""
    return AudioChunk(
        offset=chunk.offset,
        location=chunk.location,
        beg_in_ms=chunk.beg_in_ms,
        end_in_ms=chunk.end_in_ms,
        tags=chunk.tags,
        embedding=chunk.embedding,
    )


def _fail_changed(item: Item) -> None:
    name = shorten(str(item.clip.uri))
    item.fail(ValueError(f'{name} changed while it was read; index it again'))


def _version_of(piece: AudioClip) -> dict[str, Any]:
    """Of its file; only the last piece has a hash too."""
    return {name: value for name, value in (piece.source or {}).items() if name != 'sha256'}


def _part_count(item: Item) -> int:
    return math.ceil(item.piece_count / PART_PIECES)


def _pieces_of(item: Item) -> list[int]:
    """The numbers of the pieces that the parts have which are to be sent."""
    return [
        piece
        for part in item.parts
        for piece in range(PART_PIECES * part, PART_PIECES * (part + 1))
        if piece < item.piece_count
    ]


def _duration_s(source: Source, limit_s: float) -> float:
    """Of the part of a file that a clip is; a rough one where the file is small."""
    end_s = source.end_s
    if end_s is not None and end_s - source.beg_s <= min(limit_s, PIECE_S):
        return end_s - source.beg_s
    if end_s is None and source.size < min(SMALL_BYTES, limit_s * LEAST_BYTES_PER_S):
        return source.size / USUAL_BYTES_PER_S
    file_s = read_duration_s(source.path)
    return max(0.0, min(file_s, end_s or file_s) - source.beg_s)


def _kept(item: Item) -> Sequence[int]:
    """The numbers of the parts that are there, of this version of the file."""
    kept = item.kept_parts or {}
    is_same = item.source is not None and kept.get('source') == item.source.version()
    return kept['numbers'] if is_same and kept.get('count') == _part_count(item) else ()
