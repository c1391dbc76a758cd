"""The Flow's processes. Importing this package prepares this one for docarray and jina."""

import audio_search.prepare  # noqa: F401
