"""How a clip is divided into overlapping windows."""

from audio_search.audio.decoding import SAMPLE_RATE_HZ


def in_ms(samples: int) -> int:
    """A place in a file, from samples at 16 kHz to ms."""
    return round(samples * 1000 / SAMPLE_RATE_HZ)


def windows(n_samples: int, window: int, stride: int) -> list[tuple[int, int]]:
    """[start, end) of each window over `n_samples`, all in samples.

    There are floor((n - window) / stride) + 1 windows. If they leave at least half a stride at the
    end uncovered, one more follows that ends with the clip; a shorter rest stays uncovered. A clip
    that is shorter than a window gets one window, which reaches beyond its end.
    """
    if n_samples <= window:
        return [(0, window)]
    starts = list(range(0, n_samples - window + 1, stride))
    uncovered = n_samples - (starts[-1] + window)
    if 2 * uncovered >= stride:
        starts.append(n_samples - window)
    return [(start, start + window) for start in starts]
