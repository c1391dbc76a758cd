"""Which of the names is heard in a clip, and how surely."""

import numpy as np

from audio_search.vggish.parameters import EMBEDDING_SIZE
from audio_search.words.vocabulary import Vocabulary

COUNT = 5
BATCH_ROWS = 4096  # with 521 logits each: 8 MB
LEVEL = np.float32(4 / 255)  # of the 8 bits of a vector, which span [-2, 2]


def heard(vocabulary: Vocabulary, embeddings: np.ndarray) -> list[tuple[str, float]]:
    """COUNT names with their probabilities, the most telling first; none for silence.

    `embeddings` is int8 [windows, examples * 128] as an index keeps them. A probability is the mean
    over the examples in which something can be heard; 0.1 already means something. The order is by
    p * -log(prior): by p alone Animal and Vehicle would hide Dog and Helicopter. The formulas are
    those of models/README.md.
    """
    rows = embeddings.reshape(-1, EMBEDDING_SIZE)
    rows = rows[rows.any(axis=1)]
    if not len(rows):
        return []
    total = np.zeros(len(vocabulary.names), np.float64)
    for start in range(0, len(rows), BATCH_ROWS):
        levels = (rows[start : start + BATCH_ROWS].astype(np.float32) + 1) * LEVEL
        logits = levels @ vocabulary.weights.T + vocabulary.bias
        total += (1 / (1 + np.exp(-logits))).sum(axis=0)
    probabilities = total / len(rows)
    order = np.argsort(probabilities * np.log(vocabulary.prior + 1e-5), kind='stable')[:COUNT]
    return [(vocabulary.names[n], round(float(probabilities[n]), 3)) for n in order]
