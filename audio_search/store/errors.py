"""What can go wrong with an index, in sentences made for its user."""

from audio_search.errors import Kind


class IndexFileError(Exception):
    """The file cannot be served: of another kind or configuration, damaged, in use, not writable.

    Raised before anything was changed.
    """

    kind = Kind.STORAGE


class StorageError(Exception):
    """A read or write that the disk or the index refused. Of a write nothing was kept."""

    kind = Kind.STORAGE


class StoreDown(StorageError):
    """The server that keeps the clips does not answer. It is found again when it does."""

    kind = Kind.DOWN
