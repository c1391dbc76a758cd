"""How many frames, examples and dimensions a sound of some length gives."""

from audio_search.vggish.parameters import (
    EMBEDDING_SIZE,
    EXAMPLE_FRAMES,
    EXAMPLE_LENGTH,
    FRAME_LENGTH,
    HOP_LENGTH,
    SAMPLE_RATE_HZ,
)


def frame_count(samples: int) -> int:
    """How many whole frames lie in so many samples; nothing is padded."""
    return 0 if samples < FRAME_LENGTH else 1 + (samples - FRAME_LENGTH) // HOP_LENGTH


def samples_of(example_count: int) -> int:
    """The fewest samples that give so many examples."""
    return (example_count * EXAMPLE_FRAMES - 1) * HOP_LENGTH + FRAME_LENGTH


def examples_of(window_s: float) -> int:
    """How many whole examples lie in a window. Raises ValueError where not even one does."""
    count = frame_count(round(window_s * SAMPLE_RATE_HZ)) // EXAMPLE_FRAMES
    if count < 1:
        raise ValueError(
            f'window_size is {window_s:g} s; '
            f'VGGish needs windows of {EXAMPLE_LENGTH / SAMPLE_RATE_HZ:g} s or more'
        )
    return count


def dimensions(pooling: str, window_s: float) -> int:
    """The size of the vector that a window becomes; `pooling` is one of `parameters.POOLINGS`.

    Raises ValueError for a window that is shorter than an example.
    """
    count = examples_of(window_s)
    return EMBEDDING_SIZE * (count if pooling == 'concat' else 1)
