import audio_search.prepare  # noqa: F401  prepares the process for docarray and jina
