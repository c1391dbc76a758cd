"""Changes to a Milvus collection: collected first, then made.

Milvus has no transactions. What it has is that one upsert is seen by searches as a whole or not at
all. So all new rows of a transaction go in one upsert, with the heads of the clips that they
replace marked as dead; then the rows of those are deleted. What ends in between leaves rows that no
reader takes for a clip, and that are deleted when the store is opened next. A transaction of more
rows than a request may have takes several, each of whole clips; of a clip that is larger than that
the head comes last.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from audio_search.store import filters
from audio_search.store.interface import StoreTransaction
from audio_search.store.judgements import Judgement, JudgementKey, SavedSearch
from audio_search.store.milvus import rows
from audio_search.store.milvus.beside import Beside, check_search
from audio_search.store.milvus.filter_expression import SET, literal, one_of
from audio_search.store.milvus.pending import PendingJudgements
from audio_search.store.milvus.reading import Reading
from audio_search.store.milvus.state import Parts, State
from audio_search.store.records import Clip, Entry, Words

REQUEST_BYTES = 40_000_000  # Milvus takes 64 MB; a row is its vector as float32 and some JSON
ROW_BYTES = 1000
DELETE_KEYS = 50_000


class Transaction(StoreTransaction):
    def __init__(
        self, reading: Reading, state: State, beside: Beside, numbers: rows.Numbers
    ) -> None:
        self._reading = reading
        self._state = state
        self._beside = beside
        self._numbers = numbers
        self._added: dict[int, Clip] = {}
        self._removed: dict[int, dict[str, Any]] = {}  # heads by number
        self._changed: dict[int, dict[str, Any]] = {}  # tags or words by number
        self._replaced: list[Clip] = []  # with the ids and uris of clips that are to be removed
        self._kept: dict[str, Parts] = {}  # by clip id
        self._without_parts: list[str] = []
        self._cleared = False
        self._judgements = PendingJudgements(beside)
        self._searches: dict[str, SavedSearch | None] = {}  # by name; None to delete

    def put(self, clip: Clip) -> None:
        rows.check(clip)
        self._forget_parts(clip.id)
        for number in self._new(clip.id, clip.uri):
            former = self._added.pop(number)
            if former.id != clip.id:
                self._judgements.hand_over(former.id, clip.id)
        self._replaced.append(clip)
        self._added[self._numbers.next()] = clip

    def keep_part(self, clip: Clip, number: int, count: int) -> Clip | None:
        former = self._kept.get(clip.id) or self._state.parts(clip.id)
        self._kept[clip.id] = kept = former.with_part(clip, number, count)
        if len(kept.parts) < count:
            return None
        self._forget_parts(clip.id)
        return kept.whole(clip)

    def find(self, clip_id: str | None = None, uri: str | None = None) -> Entry | None:
        head = self._find(clip_id, uri)
        return head if isinstance(head, Entry) or head is None else self._entry(head)

    def replace_tags(self, clip_id: str, tags: dict[str, Any]) -> bool:
        return self._change(clip_id, tags=tags)

    def replace_words(self, clip_id: str, words: Words) -> bool:
        return self._change(clip_id, words=words)

    def delete(self, clip_id: str) -> bool:
        self._forget_parts(clip_id)
        new, old = self._new(clip_id, None), list(self._stored(clip_id, None))
        for number in new:
            del self._added[number]
        self._remove(old)
        if new or old:
            self._judgements.forget(clip_id)
        return bool(new or old)

    def delete_selected(
        self, *, filter: Any | None = None, prefix: str | None = None
    ) -> list[Entry]:
        if filter is None and prefix is None:
            raise ValueError('Nothing says which clips to delete: give a filter or a prefix')
        if prefix is not None:
            filters.check_prefix(prefix)
        expression = self._reading.selection(filter, prefix)
        self.apply()  # so that the server's filter sees what came before
        removed = []
        for head in self._reading.all_heads(expression):
            self._removed[rows.number_of(head['id'])] = head
            removed.append(rows.entry_of(head))
            self._judgements.forget(removed[-1].id)
        return removed

    def clear(self) -> None:
        self._added.clear()
        self._removed.clear()
        self._changed.clear()
        self._replaced.clear()
        self._kept.clear()
        self._judgements.clear()
        self._cleared = True

    def put_judgement(self, judgement: Judgement) -> bool:
        clip_id = judgement.clip_id
        self._resolve()
        if not self._new(clip_id, None) and next(self._stored(clip_id, None), None) is None:
            return False
        self._judgements.put(judgement)
        return True

    def take_back(self, key: JudgementKey) -> bool:
        self._resolve()
        return self._judgements.take_back(key)

    def put_search(self, search: SavedSearch) -> None:
        check_search(search)
        self._searches[search.name] = search

    def delete_search(self, name: str) -> bool:
        known = self._searches.get(name, False)
        self._searches[name] = None
        return bool(self._beside.search(name) if known is False else known)

    def apply(self) -> None:
        """Make the changes. Raises StorageError; what was to be added is then there or not, each
        clip as a whole, and may be sent again."""
        self._resolve()
        if self._cleared:
            self._reading.delete_all()
            self._state.forget_all()
        for kept in self._kept.values():
            self._state.keep(kept)
        new: list[list[dict[str, Any]]] = [
            rows.rows_of(number, clip) for number, clip in self._added.items()
        ]
        new += [self._changed_rows(number) for number in self._changed]
        dead = [head | {'row': rows.DEAD} for head in self._full_heads(self._removed)]
        limit = self._rows_per_request()
        for batch in _batches(new, limit):
            self._reading.upsert(batch + dead)
            dead = []
        for start in range(0, len(dead), limit):
            self._reading.upsert(dead[start : start + limit])
        keys = [
            key
            for number, head in self._removed.items()
            for key in rows.keys(number, head['head']['chunk_count'])
        ]
        for start in range(0, len(keys), DELETE_KEYS):
            self._reading.delete(keys[start : start + DELETE_KEYS])
        self._state.forget(self._without_parts)
        self._judgements.apply()
        self._beside.put_searches(search for search in self._searches.values() if search)
        self._beside.delete_searches(name for name, one in self._searches.items() if not one)
        self.__init__(  # type: ignore[misc]
            self._reading, self._state, self._beside, self._numbers
        )

    def _rows_per_request(self) -> int:
        dimensions = self._reading.configuration.dimensions
        return REQUEST_BYTES // (4 * dimensions + ROW_BYTES)

    def _find(self, clip_id: str | None, uri: str | None) -> dict[str, Any] | Entry | None:
        """The head of a stored clip, or the entry of one that was added, as ClipStore.find."""
        self._resolve()
        tests: list[tuple[Callable[[Clip], bool], str]] = []
        if clip_id is not None:
            tests.append((lambda clip: clip.id == clip_id, f'clip_id == {literal(SET + clip_id)}'))
        if uri is not None:
            tests.append((lambda clip: clip.uri == uri, f'uri == {literal(SET + uri)}'))
        if clip_id is not None:
            tests.append(
                (
                    lambda clip: (clip.source or {}).get('sound') == clip_id,
                    f'sound == {literal(SET + clip_id)}',
                )
            )
        for holds, expression in tests:
            if not self._cleared:
                for head in self._reading.heads(expression):
                    if rows.number_of(head['id']) not in self._removed:
                        return head
            for clip in self._added.values():
                if holds(clip):
                    return _entry_of(clip)
        return None

    def _stored(self, clip_id: str | None, uri: str | None) -> Iterator[dict[str, Any]]:
        """The heads of the stored clips with that id or that uri."""
        self._resolve()
        terms = [
            f'{name} == {literal(SET + value)}'
            for name, value in (('clip_id', clip_id), ('uri', uri))
            if value is not None
        ]
        if terms and not self._cleared:
            for head in self._reading.heads(' or '.join(terms)):
                if rows.number_of(head['id']) not in self._removed:
                    yield head

    def _new(self, clip_id: str, uri: str | None) -> list[int]:
        """The numbers of the added clips with that id or that uri."""
        return [
            number
            for number, clip in self._added.items()
            if clip.id == clip_id or (uri is not None and clip.uri == uri)
        ]

    def _remove(self, heads: Iterable[dict[str, Any]]) -> None:
        for head in heads:
            self._removed[rows.number_of(head['id'])] = head
            self._changed.pop(rows.number_of(head['id']), None)

    def _resolve(self) -> None:
        """Look up what the clips that were put replace, all at once."""
        replaced, self._replaced = self._replaced, []
        if self._cleared or not replaced:
            return
        found: dict[str, list[dict[str, Any]]] = {'clip_id': [], 'uri': []}
        for field, values in (
            ('clip_id', [SET + clip.id for clip in replaced]),
            ('uri', [SET + clip.uri for clip in replaced if clip.uri is not None]),
        ):
            for start in range(0, len(values), rows.LOOK_UP):
                heads = self._reading.heads(one_of(field, values[start : start + rows.LOOK_UP]))
                self._remove(heads)
                found[field] += heads
        self._hand_over(replaced, found)

    def _hand_over(self, replaced: list[Clip], found: dict[str, list[dict[str, Any]]]) -> None:
        """Give what was judged of a clip to the one that took its place because of its uri; of
        several the first, since the next ones found nothing of it."""
        by = {
            field: {head[field]: (rows.number_of(head['id']), head) for head in heads}
            for field, heads in found.items()
        }
        gone: set[int] = set()
        for clip in replaced:
            if own := by['clip_id'].get(SET + clip.id):
                gone.add(own[0])
            if clip.uri is None or (former := by['uri'].get(SET + clip.uri)) is None:
                continue
            number, head = former
            if number not in gone and head['clip_id'] != SET + clip.id:
                self._judgements.hand_over(rows.entry_of(head).id, clip.id)
            gone.add(number)

    def _forget_parts(self, clip_id: str) -> None:
        self._kept.pop(clip_id, None)
        self._without_parts.append(clip_id)

    def _change(self, clip_id: str, **fields: Any) -> bool:
        found = False
        for clip in self._added.values():
            if clip.id == clip_id:
                vars(clip).update(fields)
                found = True
        for head in self._stored(clip_id, None):
            self._changed.setdefault(rows.number_of(head['id']), {}).update(fields)
            found = True
        return found

    def _changed_rows(self, number: int) -> list[dict[str, Any]]:
        clip = self._reading.clip_at(number)
        if clip is None:
            return []
        vars(clip).update(self._changed[number])
        return rows.rows_of(number, clip)

    def _full_heads(self, removed: dict[int, dict[str, Any]]) -> list[dict[str, Any]]:
        got = self._reading.fetch([head['id'] for head in removed.values()], ['*'])
        return [got[key] for key in sorted(got)]

    def _entry(self, head: dict[str, Any]) -> Entry:
        entry = rows.entry_of(head)
        changed = self._changed.get(rows.number_of(head['id']), {})
        return Entry(**{**vars(entry), **changed})


def _entry_of(clip: Clip) -> Entry:
    return Entry(clip.id, clip.uri, clip.tags, clip.source, clip.chunk_count, clip.words)


def _batches(clips: list[list[dict[str, Any]]], limit: int) -> Iterator[list[dict[str, Any]]]:
    """Whole clips of up to `limit` rows together. Of a larger one first a head that says that the
    others are coming, at last the head."""
    batch: list[dict[str, Any]] = []
    for clip in clips:
        if len(clip) > limit:
            head, *others = clip
            yield [head | {'row': rows.COMING}]
            for start in range(0, len(others), limit):
                yield others[start : start + limit]
            clip = [head]
        if batch and len(batch) + len(clip) > limit:
            yield batch
            batch = []
        batch += clip
    if batch:
        yield batch
