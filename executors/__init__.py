"""The executors that flow.yml names.

Importing one prepares the process for docarray and jina first, see audio_search.prepare.
"""

import audio_search.prepare  # noqa: F401
