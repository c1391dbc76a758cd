"""What a document changes in the store, within a transaction."""

from collections.abc import Callable, Mapping
from typing import Any

from docarray import DocList

from audio_search.documents import SILENT, AudioClip, Tags, fail
from audio_search.errors import Kind
from audio_search.store import Clip, Entry, FilterError, StorageError
from audio_search.store.interface import ClipStore, StoreTransaction
from audio_search.store.records import check_json, version_of
from executors.clip_records import fill_entry
from executors.clip_words import ClipWords

Change = Callable[[StoreTransaction, Entry, AudioClip], object]


class MissingClip(ValueError):
    """There is no such clip."""

    kind = Kind.MISSING

    def __init__(self, name: str | None) -> None:
        super().__init__(f'there is no clip {name!r}; see /clips for those there are')


def put(
    transaction: StoreTransaction, doc: AudioClip, record: Clip, words: ClipWords
) -> Clip | Entry | None:
    """Store a clip, and give back what is stored: nothing yet for a part that is not the last one
    to come. Without tags it gets those of the clip whose place it takes."""
    if doc.part:
        entry = transaction.find(record.id)
        # Of two requests for one recording the first one that is done has made it whole.
        if (
            entry
            and entry.id == record.id
            and version_of(entry.source) == version_of(record.source)
        ):
            keep_known(transaction, doc)
            return entry
        whole = transaction.keep_part(record, *doc.part)
        if whole is None:
            return None
        record = whole
        doc.note = None if record.embeddings.any() else SILENT  # and not that of its last part
    if doc.tags is None:
        former = transaction.find(record.id, record.uri)
        # `find` also knows a clip by its sound, which `put` leaves where it is.
        if former and (former.id == record.id or (record.uri and former.uri == record.uri)):
            record.tags = former.tags
        doc.tags = Tags(record.tags)
    record.words = words.of(record.embeddings)
    transaction.put(record)
    return record


def keep_known(transaction: StoreTransaction, doc: AudioClip) -> None:
    """Leave a clip that is stored already as it is, but for new tags."""
    entry = transaction.find(doc.id)
    if entry is None or entry.id != doc.id:
        fail(doc, ValueError(f'{doc.uri or doc.id} was deleted meanwhile; send it again'))
    elif doc.tags is None:
        doc.tags = Tags(entry.tags)
    else:
        transaction.replace_tags(entry.id, doc.tags)


def retag(transaction: StoreTransaction, entry: Entry, doc: AudioClip) -> None:
    """Give a stored clip the tags of a document that has some."""
    if doc.tags is None:
        doc.tags = Tags(entry.tags)
    else:
        transaction.replace_tags(entry.id, doc.tags)


def remove(transaction: StoreTransaction, entry: Entry, doc: AudioClip) -> None:
    """Remove a stored clip."""
    transaction.delete(entry.id)


def change(store: ClipStore, docs: DocList[AudioClip], do: Change) -> DocList[AudioClip]:
    """Do something to each stored clip that a document names."""
    try:
        with store.transaction() as transaction:
            for doc in docs:
                try:
                    check_json(doc.id, doc.uri, doc.tags)
                    entry = transaction.find(doc.id, doc.uri)
                    if entry is None:
                        raise MissingClip(doc.id or doc.uri)
                except ValueError as error:
                    fail(doc, error)
                    continue
                do(transaction, entry, doc)
                fill_entry(doc, entry)
    except StorageError as error:
        for doc in docs:
            fail(doc, error)
    return docs


def _removed(entry: Entry) -> AudioClip:
    """A clip that was removed, as it is answered."""
    doc = AudioClip(tags=Tags(entry.tags))
    fill_entry(doc, entry)
    return doc


def delete_selected(store: ClipStore, parameters: Mapping[str, Any]) -> DocList[AudioClip]:
    """Remove the clips that `filter` selects and whose uri begins with `prefix`: those removed, or
    one document that says why none was."""
    try:
        with store.transaction() as transaction:
            entries = transaction.delete_selected(
                filter=parameters.get('filter') or None, prefix=parameters.get('prefix') or None
            )
    except (FilterError, StorageError) as error:
        failed = AudioClip()
        fail(failed, error)
        return DocList[AudioClip]([failed])
    return DocList[AudioClip](_removed(entry) for entry in entries)
