"""A durable index of clips and their embeddings, with exact search. Knows nothing of Jina."""

from executors.index.backup import backup
from executors.index.configuration import Configuration
from executors.index.errors import IndexFileError, StorageError
from executors.index.filters import FilterError
from executors.index.index import Index
from executors.index.opening import check
from executors.index.records import Clip, Entry, Excluded, Neighbour

__all__ = [
    'Clip',
    'Configuration',
    'Entry',
    'Excluded',
    'FilterError',
    'Index',
    'IndexFileError',
    'Neighbour',
    'StorageError',
    'backup',
    'check',
]
