"""An index from one store into another, without encoding anything again."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from audio_search.store import Clip, ClipRef, ClipStore, Entry

PAGE = 1000
BATCH_CHUNKS = 5000  # of a transaction: 2.5 MB of vectors
SAMPLE = 20
LIMIT = 5
SEED = 0  # so that the same index is verified by the same searches


class MoveError(ValueError):
    """The index was not moved, or not as a whole; the message says why, and what to do."""


@dataclass(frozen=True)
class Moved:
    """How many clips were stored, how many were there already, and how many searches agreed; how
    many judgements and saved searches were copied."""

    stored: int
    unchanged: int
    searches: int
    judgements: int
    saved_searches: int


def move(source: ClipStore, target: ClipStore, tell: Callable[[int, int], None]) -> Moved:
    """Store every clip of `source` in `target`, in the same order, with what was judged of it, and
    the saved searches; and compare both afterwards.

    Clips that are in `target` already are left there, so a run that was ended goes on where it
    stopped. `tell(done, all)` is told how far it is. Nothing of `source` changes; it must not be
    written to meanwhile. Raises MoveError where `target` has other clips, or does not answer as
    `source` does; StorageError.
    """
    total = source.counts()[0]
    stored = unchanged = 0
    waiting: list[Clip] = []
    for entries in _pages(source):
        known = target.find_many([ClipRef(entry.id, None) for entry in entries])
        for entry, there in zip(entries, known, strict=True):
            if there == entry:
                unchanged += 1
            elif clip := source.clip(entry.id):
                waiting.append(clip)
                stored += 1
            if sum(one.chunk_count for one in waiting) >= BATCH_CHUNKS:
                _store(target, waiting)
        tell(unchanged + stored, total)
    _store(target, waiting)
    judgements, saved = _copy_judgements(source, target), _copy_searches(source, target)
    return Moved(stored, unchanged, _compare(source, target), judgements, saved)


def _pages(store: ClipStore) -> Iterator[list[Entry]]:
    """All clips, in the order they were stored."""
    offset = 0
    while entries := store.page(offset, PAGE)[0]:
        yield entries
        offset += len(entries)


def _store(target: ClipStore, clips: list[Clip]) -> None:
    if clips:
        with target.transaction() as transaction:
            for clip in clips:
                transaction.put(clip)
        clips.clear()


def _copy_judgements(source: ClipStore, target: ClipStore) -> int:
    """How many. Those of the source take the place of others in the target that say the same."""
    copied = 0
    while judgements := source.judgements(copied, PAGE)[0]:
        with target.transaction() as transaction:
            for judgement in judgements:
                transaction.put_judgement(judgement)
        copied += len(judgements)
    return copied


def _copy_searches(source: ClipStore, target: ClipStore) -> int:
    searches = source.searches()
    if searches:
        with target.transaction() as transaction:
            for search in searches:
                transaction.put_search(search)
    return len(searches)


def _compare(source: ClipStore, target: ClipStore) -> int:
    """How many searches had the same answer in both. Raises MoveError."""
    ours, theirs = source.counts(), target.counts()
    if ours != theirs:
        raise MoveError(
            f'{target.address} has {theirs[0]} clips with {theirs[1]} windows, and '
            f'{source.address} {ours[0]} with {ours[1]}: clear the target and move again, or '
            'stop what writes to them'
        )
    chosen = np.random.default_rng(SEED).permutation(ours[0])[:SAMPLE]
    for place in chosen.tolist():
        (entry,), _ = source.page(place, 1)
        clip = source.clip(entry.id)
        query = clip.embeddings[:1] if clip else np.zeros((0, 0), np.int8)
        if _answer(source, query) != _answer(target, query):
            raise MoveError(
                f'{target.address} answers a search by {entry.id} otherwise than '
                f'{source.address}: clear the target and move again'
            )
    return len(chosen)


def _answer(store: ClipStore, query: np.ndarray) -> list[list[tuple[str, float]]]:
    return [
        [(found.clip_id, found.distance) for found in neighbours]
        for neighbours in store.search(query, LIMIT)
    ]
