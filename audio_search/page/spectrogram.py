"""Pictures of sounds: log-mel spectrograms as small PNGs."""

import io
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from audio_search.audio import decoding
from audio_search.vggish.features import log_mel
from audio_search.vggish.parameters import HOP_LENGTH, LOG_OFFSET, MEL_COUNT, SAMPLE_RATE_HZ

MOST_COLUMNS = 600  # wider than the page shows them
RANGE = 7.0  # nats below the loudest point that are told apart: 61 dB
QUIETEST_PEAK = np.log(LOG_OFFSET) + RANGE / 2  # so that silence is not stretched into a picture
LEVELS = 128  # of the palette's 256; the others are the same colours dimmed
CACHED = 64  # pictures of 38 kB each
DIMMED = 0.42

# From silence to loud, as RGB: evenly brighter, so that it reads the same without colour.
COLOURS = ('0b0d24', '2a1a5e', '6b2480', 'b03a76', 'e8655a', 'fbaa5c', 'fdf3c0')


@dataclass(frozen=True)
class Picture:
    """A spectrogram from `beg_s` to `end_s` of its file; `levels` is uint8 [64, columns] below
    LEVELS, its first row the highest band."""

    beg_s: float
    end_s: float
    levels: np.ndarray

    def png(self, marked: tuple[float, float] | None = None) -> bytes:
        """The file of the picture. What lies outside `marked` (s of the file) is dimmed."""
        shown = self.levels
        if marked is not None:
            columns = shown.shape[1]
            times_s = self.beg_s + (np.arange(columns) + 0.5) * (self.end_s - self.beg_s) / columns
            outside = (times_s < marked[0]) | (times_s >= marked[1])
            shown = shown + (LEVELS * outside).astype(np.uint8)
        image = Image.fromarray(shown)
        image.putpalette(_palette())
        file = io.BytesIO()
        image.save(file, 'png', optimize=False, compress_level=6)
        return file.getvalue()


def draw(waveform: np.ndarray, beg_s: float = 0.0) -> Picture:
    """The picture of float32 [samples] at 16 kHz that begin at `beg_s` of their file."""
    frames = log_mel(waveform)
    if not len(frames):
        frames = np.full((1, MEL_COUNT), np.log(LOG_OFFSET), np.float32)
    columns = _at_most(frames, MOST_COLUMNS)
    loudest = max(float(columns.max()), QUIETEST_PEAK)
    levels = np.clip((columns - (loudest - RANGE)) / RANGE, 0, 1) * (LEVELS - 1)
    lasts_s = max(len(waveform), HOP_LENGTH) / SAMPLE_RATE_HZ
    return Picture(beg_s, beg_s + lasts_s, np.ascontiguousarray(levels.T[::-1]).astype(np.uint8))


@lru_cache(maxsize=CACHED)
def of_file(path: Path, mtime_ns: int, beg_s: float, end_s: float | None) -> Picture:
    """The picture of a part of a file; `mtime_ns` tells its versions apart. Raises AudioError."""
    return draw(decoding.load(path, beg_s, end_s), beg_s)


def _at_most(frames: np.ndarray, columns: int) -> np.ndarray:
    """Means of neighbouring frames, as few as make at most so many columns."""
    width = -(-len(frames) // columns)
    begins = np.arange(0, len(frames), width)
    counts = np.diff(np.append(begins, len(frames)))
    return np.add.reduceat(frames, begins, axis=0) / counts[:, np.newaxis]


@lru_cache(maxsize=1)
def _palette() -> list[int]:
    anchors = np.array([list(bytes.fromhex(colour)) for colour in COLOURS], float)
    places = np.linspace(0, 1, len(anchors))
    bright = np.stack(
        [np.interp(np.linspace(0, 1, LEVELS), places, channel) for channel in anchors.T], axis=1
    )
    return np.rint(np.concatenate([bright, bright * DIMMED])).astype(int).ravel().tolist()
