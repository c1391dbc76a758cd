import executors  # noqa: F401  first: it prepares the process for docarray and jina
