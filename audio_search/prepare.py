"""Prepares a process for docarray and jina when it is imported, so it comes before them.

`audio_search.documents`, `audio_search.flow` and `executors` import it, so that nobody else has to.
"""

import os
import sys
import warnings

from pydantic.warnings import PydanticDeprecationWarning

from audio_search.settings import apply_defaults

apply_defaults()

# Jina and Gradio report each start to their makers unless told not to.
os.environ.setdefault('JINA_OPTOUT_TELEMETRY', '1')
os.environ.setdefault('GRADIO_ANALYTICS_ENABLED', 'False')
# Executors listen on every interface, without authentication, unless this says otherwise.
os.environ.setdefault('JINA_DEFAULT_HOST', '127.0.0.1')

# Below errors Jina tells at which random port each process listens, and each time it looked before
# one did.
os.environ.setdefault('JINA_LOG_LEVEL', 'ERROR')

# gRPC reports each connection that closes, as information.
os.environ.setdefault('GRPC_VERBOSITY', 'ERROR')

# docarray and jina are written for pydantic 1 and 2 at once; pydantic tells their users, at length.
warnings.filterwarnings('ignore', category=PydanticDeprecationWarning, module='docarray|jina')
warnings.filterwarnings('ignore', message='Valid config keys have changed in V2')
# In a notebook, whose event loop runs already, jina makes coroutines and then takes another way.
warnings.filterwarnings('ignore', message="coroutine 'Flow.* was never awaited", module='jina')


def _import_docarray_alone() -> None:
    """docarray imports every tensor framework it finds, for tensor types we do not use: TensorFlow
    costs 4 s and 400 MB in each process. It takes an import that fails as "not installed", so the
    frameworks are hidden while docarray loads, and only then."""
    hidden = [name for name in ('tensorflow', 'torch', 'jax') if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        import docarray  # noqa: F401
    finally:
        for name in hidden:
            del sys.modules[name]


_import_docarray_alone()
