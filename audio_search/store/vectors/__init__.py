"""Embeddings in memory, and the nearest of them. Knows nothing of where they are kept."""
