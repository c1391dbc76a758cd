"""The rows whose distance from a query is nearest to a given one: those that are hard to tell."""

from collections.abc import Sequence

import numkong
import numpy as np

from audio_search.store.vectors.blocks import BLOCK_ROWS, Block, look_up
from audio_search.store.vectors.nearest import Nearest, TopK, exact_cosines
from audio_search.store.vectors.scan import Selected, selected_rows


def search_around(
    blocks: Sequence[Block],
    query: np.ndarray,
    distance: float,
    limit: int,
    *,
    selected: Selected = None,
) -> Nearest:
    """Of each clip the row whose distance from `query`, int8 [dimensions], is nearest to
    `distance`; and of these the `limit` nearest to it, nearest first.

    Ties: by clip number, then chunk. A zero vector is at no distance.
    """
    top = TopK(limit, distinct=True)
    packed = numkong.dots_pack(np.ascontiguousarray(query[np.newaxis]))
    square_norm = _square_norm(query)
    out = numkong.empty((BLOCK_ROWS, 1), dtype='int32')
    products = np.asarray(out)
    for block in blocks:
        rows = selected_rows(block, selected)
        if not len(rows):
            continue
        numkong.dots_packed(block.vectors, packed, out=out, start_row=0, end_row=block.count)
        cosines = exact_cosines(products[rows, 0], block.square_norms[rows], square_norm)
        # -inf of a silent row stays -inf, and is taken by no TopK.
        top.add(-np.abs(cosines - (1 - distance)), block.clips[rows], block.ordinals[rows])
    found = top.nearest()
    if not len(found.clips):
        return found
    _, vectors, square_norms = look_up(blocks, found.clips, found.ordinals)
    wide = vectors.astype(np.int64) @ query.astype(np.int64)
    cosines = exact_cosines(wide, square_norms, square_norm)
    return Nearest(found.clips, found.ordinals, cosines)


def _square_norm(query: np.ndarray) -> int:
    wide = query.astype(np.int64)
    return int(wide @ wide)
