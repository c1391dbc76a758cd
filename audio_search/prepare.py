"""Prepares a process for docarray and jina when it is imported, so it comes before them.

`audio_search.documents`, `audio_search.flow` and `executors` import it, so that nobody else has to.
"""

import sys
import warnings
from typing import Any, Generic

from pydantic.warnings import PydanticDeprecationWarning

from audio_search.process import hidden, set_defaults
from audio_search.settings import DEFAULTS

set_defaults(
    {
        **DEFAULTS,
        # Jina and Gradio report each start to their makers unless told not to.
        'JINA_OPTOUT_TELEMETRY': '1',
        'GRADIO_ANALYTICS_ENABLED': 'False',
        # Executors listen on every interface, without authentication, unless this says otherwise.
        'JINA_DEFAULT_HOST': '127.0.0.1',
        # Jina picks the ports of its processes, which listen some seconds later: by default from
        # those that the system gives to outgoing connections, one of which came first at times.
        'JINA_RANDOM_PORT_MIN': '16384',
        'JINA_RANDOM_PORT_MAX': '32767',
        # At lower levels Jina logs the random port of each process and every probe of it.
        'JINA_LOG_LEVEL': 'ERROR',
        # gRPC logs every closed connection at the information level.
        'GRPC_VERBOSITY': 'ERROR',
    }
)

# docarray and jina support pydantic 1 and 2 at once, so pydantic warns of deprecations at length.
warnings.filterwarnings('ignore', category=PydanticDeprecationWarning, module='docarray|jina')
warnings.filterwarnings('ignore', message='Valid config keys have changed in V2')
# In a notebook an event loop runs already: jina creates coroutines, drops them and uses a thread.
warnings.filterwarnings('ignore', message="coroutine 'Flow.* was never awaited", module='jina')


def _import_docarray_alone() -> None:
    """docarray imports every tensor framework it finds, for tensor types we do not use: TensorFlow
    costs 4 s and 400 MB in each process. It takes an import that fails as "not installed", so the
    frameworks are hidden while docarray loads, and only then."""
    with hidden('tensorflow', 'torch', 'jax'):
        import docarray.array.any_array
    if sys.version_info >= (3, 12):
        # docarray 0.41 subscripts a generic array with types.GenericAlias from Python 3.12 on.
        # typing takes such an alias apart and cannot put it together again, so `import jina` fails
        # ("DocList is not subscriptable"). Its own way for older Pythons works on newer ones too.
        docarray.array.any_array.GenericAlias = _subscript_generic  # type: ignore[misc,assignment]


def _subscript_generic(cls: type, item: Any) -> Any:
    return vars(Generic)['__class_getitem__'].__get__(None, cls)(item)


_import_docarray_alone()
