"""Exact nearest neighbours by parts: of two rows, the two parts that are nearest count."""

from collections.abc import Sequence

import numpy as np

from audio_search.store.vectors.blocks import Block
from audio_search.store.vectors.nearest import Nearest, TopK, exact_cosines
from audio_search.store.vectors.scan import Selected, selected_rows


def search_parts(
    blocks: Sequence[Block],
    queries: np.ndarray,
    limit: int,
    parts: int,
    *,
    distinct: bool = True,
    selected: Selected = None,
    excluded: Sequence[int | None] | None = None,
) -> list[Nearest]:
    """As Scanner.search, where a row's cosine is the highest of `parts` x `parts` pairs.

    `queries` is int8 [queries, dimensions], and `parts` divides the dimensions. A part that is zero
    is near to nothing. Each block is multiplied in float32, which has these integers exactly: the
    product of two int8 parts of up to 1024 dimensions is below 2^24.
    """
    tops = [TopK(limit, distinct, number) for number in excluded or [None] * len(queries)]
    size = queries.shape[1] // parts
    wanted = queries.reshape(-1, size).astype(np.float32)
    square_norms = np.einsum('ij,ij->i', wanted, wanted).astype(np.int64).reshape(-1, parts)
    for block in blocks:
        rows = selected_rows(block, selected)
        vectors = block.vectors[rows].reshape(-1, size).astype(np.float32)
        squares = np.einsum('ij,ij->i', vectors, vectors)
        products = (vectors @ wanted.T).reshape(len(vectors), len(queries), parts)
        for query, top in enumerate(tops):
            cosines = np.max(
                [
                    exact_cosines(products[:, query, part], squares, int(square))
                    for part, square in enumerate(square_norms[query])
                ],
                axis=0,
            )
            nearest = cosines.reshape(-1, parts).max(axis=1)
            top.add(nearest, block.clips[rows], block.ordinals[rows])
    return [top.nearest() for top in tops]
