import audio_search.prepare  # noqa: F401  first: it prepares the process for docarray and jina
