"""What can go wrong with an index, in sentences made for its user."""

from audio_search.errors import Kind


class IndexFileError(Exception):
    """The file cannot be served: of another kind or configuration, damaged, in use, not writable.

    Raised before anything was changed.
    """


class StorageError(Exception):
    """A write that could not be finished, for example on a full disk. Nothing of it was kept."""

    kind = Kind.STORAGE
