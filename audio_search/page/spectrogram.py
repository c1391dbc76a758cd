"""Pictures of sounds: mel spectrograms as small PNGs."""

import io
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from audio_search.audio import decoding
from audio_search.vggish.parameters import (
    FFT_LENGTH,
    FRAME_LENGTH,
    HOP_LENGTH,
    LOG_OFFSET,
    MEL_COUNT,
    MEL_MAX_HZ,
    MEL_MIN_HZ,
    SAMPLE_RATE_HZ,
)

MAX_COLUMNS = 600  # wider than the page shows them
RANGE_DB = 61.0  # below the loudest point; what is fainter looks silent
FLOOR_DB = 20 * np.log10(LOG_OFFSET)  # of silence: the offset that is added before the logarithm
MIN_PEAK_DB = FLOOR_DB + RANGE_DB / 2  # so that near silence is not stretched into a bright picture
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
    """The picture of float32 [samples] at 16 kHz that begin at `beg_s` of their file.

    It shows the bands that VGGish hears.
    """
    columns = _at_most(_decibels(waveform), MAX_COLUMNS)
    loudest = max(float(columns.max()), MIN_PEAK_DB)
    darkest = max(loudest - RANGE_DB, FLOOR_DB)
    levels = np.clip((columns - darkest) / (loudest - darkest), 0, 1) * (LEVELS - 1)
    lasts_s = max(len(waveform), HOP_LENGTH) / SAMPLE_RATE_HZ
    return Picture(beg_s, beg_s + lasts_s, np.ascontiguousarray(levels.T[::-1]).astype(np.uint8))


def _decibels(waveform: np.ndarray) -> np.ndarray:
    """Mel magnitudes of float32 [samples], in dB: float32 [frames, 64], at least one frame."""
    # Here, because it loads a compiler: 170 MB and 2 s, which `warm_up` spends in time.
    import librosa

    magnitudes = librosa.feature.melspectrogram(
        y=np.pad(waveform, (0, max(0, FFT_LENGTH - len(waveform)))),
        sr=SAMPLE_RATE_HZ,
        n_fft=FFT_LENGTH,
        win_length=FRAME_LENGTH,
        hop_length=HOP_LENGTH,
        center=False,
        power=1.0,
        n_mels=MEL_COUNT,
        fmin=MEL_MIN_HZ,
        fmax=MEL_MAX_HZ,
        htk=True,
        norm=None,
    )
    return librosa.amplitude_to_db(magnitudes + LOG_OFFSET, ref=1.0, top_db=None).T


def warm_up() -> None:
    """Load what drawing needs, so that the first picture does not have to wait for it."""
    draw(np.zeros(SAMPLE_RATE_HZ, np.float32))


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
