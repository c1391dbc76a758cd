"""A store of clips on a Milvus server or cluster: `MilvusStore`. Needs requirements-milvus.txt."""
