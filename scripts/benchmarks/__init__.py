"""Measurements: each module has `run()`, which returns its figures, and `show(figures)`.

Importing this package prepares the process for docarray and jina.
"""

import audio_search.prepare  # noqa: F401
