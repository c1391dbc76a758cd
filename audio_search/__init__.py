"""Search sounds by sound.

What users need has its place here; it is imported when it is asked for, since docarray and jina
take a second and most of the command line does without.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audio_search.documents import AudioClip, from_files
    from audio_search.flow.loading import load_flow

__all__ = ['AudioClip', '__version__', 'from_files', 'load_flow']
__version__ = '1.0.0'

_MODULES = {
    'AudioClip': 'audio_search.documents',
    'from_files': 'audio_search.documents',
    'load_flow': 'audio_search.flow.loading',
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
