"""Where the windows of a clip lie."""

from audio_search.audio.decoding import SAMPLE_RATE_HZ


def in_ms(samples: int) -> int:
    """A place in a file, from samples at 16 kHz to ms."""
    return round(samples * 1000 / SAMPLE_RATE_HZ)


def windows(n_samples: int, window: int, stride: int) -> list[tuple[int, int]]:
    """[begin, end) of each window over `n_samples`, all in samples.

    floor((n - window) / stride) + 1 windows. A last part of at least half a stride that none of
    them covers gets one more, aligned to the end; a shorter one stays uncovered. Fewer samples than
    a window give one window that reaches beyond them.
    """
    if n_samples <= window:
        return [(0, window)]
    begins = list(range(0, n_samples - window + 1, stride))
    uncovered = n_samples - (begins[-1] + window)
    if 2 * uncovered >= stride:
        begins.append(n_samples - window)
    return [(begin, begin + window) for begin in begins]
