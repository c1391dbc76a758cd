"""What a distance means in one recording."""

import numpy as np

SAMPLE = 10_000  # places of the recording, all of them where there are fewer
SEED = 0  # so that the same question has the same answer


def rarities(distances: np.ndarray, everywhere: np.ndarray) -> np.ndarray:
    """For each of `distances` the N of "1 in N random places is this near", int64 [n].

    `everywhere` has the distances of all places of the recording, [m]. N is at most the number of
    places that were drawn, which is also the answer where none of them is this near.
    """
    if len(everywhere) > SAMPLE:
        everywhere = np.random.default_rng(SEED).choice(everywhere, SAMPLE, replace=False)
    near = np.searchsorted(np.sort(everywhere), distances, side='right')
    return np.rint(len(everywhere) / np.maximum(near, 1)).astype(np.int64)
