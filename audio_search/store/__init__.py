"""What is kept of clips, and how it is asked for. Knows nothing of Jina."""

from audio_search.store.configuration import Configuration
from audio_search.store.errors import IndexFileError, StorageError
from audio_search.store.filters import FilterError
from audio_search.store.interface import ClipStore, StoreTransaction
from audio_search.store.records import Clip, ClipRef, Entry, KeptParts, Neighbour, Sample

__all__ = [
    'Clip',
    'ClipRef',
    'ClipStore',
    'Configuration',
    'Entry',
    'FilterError',
    'IndexFileError',
    'KeptParts',
    'Neighbour',
    'Sample',
    'StorageError',
    'StoreTransaction',
]
