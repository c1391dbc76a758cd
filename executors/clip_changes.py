"""What a document changes in the store, within a transaction."""

from collections.abc import Callable

from audio_search.documents import AudioClip, Tags, fail
from audio_search.errors import Kind
from audio_search.store import Clip, Entry
from audio_search.store.interface import StoreTransaction
from executors.clip_records import fill_entry

Change = Callable[[StoreTransaction, Entry, AudioClip], object]


class MissingClip(ValueError):
    """There is no such clip."""

    kind = Kind.MISSING

    def __init__(self, name: str | None) -> None:
        super().__init__(f'there is no clip {name!r}; see /clips for those there are')


def put(transaction: StoreTransaction, doc: AudioClip, record: Clip) -> Clip | None:
    """Store a clip, and give back what was stored: nothing yet for a part that is not the last one
    to come. Without tags it gets those of the clip whose place it takes."""
    if doc.part:
        whole = transaction.keep_part(record, *doc.part)
        if whole is None:
            return None
        record = whole
    if doc.tags is None:
        former = transaction.find(record.id, record.uri)
        # `find` also knows a clip by its sound, which `put` leaves where it is.
        if former and (former.id == record.id or (record.uri and former.uri == record.uri)):
            record.tags = former.tags
        doc.tags = Tags(record.tags)
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


def removed(entry: Entry) -> AudioClip:
    """A clip that was removed, as it is answered."""
    doc = AudioClip(tags=Tags(entry.tags))
    fill_entry(doc, entry)
    return doc
