"""A long recording, read a piece at a time."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from audio_search.audio import decoding
from audio_search.audio.decoding import SAMPLE_RATE_HZ
from audio_search.audio.sources import Source
from audio_search.audio.windows import windows

# 4 MB of waveform, of which every process that it passes holds several copies: pieces of ten
# minutes took 700 MB on their way through the Flow, and came no faster.
PIECE_S = 60
LEAST_DIVIDED_S = 180  # of a recording: a shorter one is sent in one piece, with others
MAX_UNDIVIDED_S = 3600  # of a sound that is decoded at once: 230 MB of waveform
MAX_OPEN = 4  # as many recordings as the service lets requests work at once


class Piece(NamedTuple):
    """The windows of a recording that begin in one of its pieces.

    `waveform` is float32 [samples] at 16 kHz and starts `start` samples into the recording. The
    windows are numbered from `first_window` on; `windows` are [start, end) in samples of the
    recording, and none where the recording ends before the piece.
    """

    waveform: np.ndarray
    start: int
    first_window: int
    windows: list[tuple[int, int]]


def piece_count(duration_s: float) -> int:
    """How many pieces a recording has; 1 where dividing it is not worth while."""
    return math.ceil(duration_s / PIECE_S) if duration_s > LEAST_DIVIDED_S else 1


class PieceReader:
    """Reads pieces of recordings, whose windows are those of the whole recording, bit for bit where
    the pieces are read in order.

    Pieces that follow one another continue the decoding: each sample is decoded once. For any other
    piece the file is sought, see `decoding.blocks`. `window` and `stride` are in samples at 16 kHz.
    """

    def __init__(self, window: int, stride: int, piece_s: float = PIECE_S) -> None:
        self._window = window
        self._stride = stride
        self._piece = round(piece_s * SAMPLE_RATE_HZ)
        self._open: list[_Reading] = []  # the one that was used last is the last

    def read(self, source: Source, piece: int, count: int) -> Piece:
        """Piece `piece` of `count`. The last one goes to the end of the recording, however long
        that was thought to be.

        Raises AudioError for a file that is not sound, or damaged there.
        """
        first, stop = (math.ceil(edge * self._piece / self._stride) for edge in (piece, piece + 1))
        # A window that ends with the recording may begin up to a stride before the next one would.
        start = max(0, (first - 1) * self._stride)
        is_last = piece == count - 1
        end = None if is_last else (stop - 1) * self._stride + self._window
        # Of two pieces that are sent at once the second may come first: then one lies in between.
        fitting = (
            one
            for one in self._open
            if one.source == source and one.start <= start <= one.end + self._piece
        )
        reading = next(fitting, None)
        if reading is None:
            reading = _Reading(source, start)
        else:
            self._open.remove(reading)
        waveform = reading.read(start, end)
        if not is_last:
            self._open.append(reading)
            del self._open[:-MAX_OPEN]
        goes_on = end is not None and len(waveform) == end - start
        found = self._windows(first, stop, None if goes_on else start + len(waveform))
        if not found:
            return Piece(waveform[:0], start, first, [])
        # The front end computes frames from where the waveform begins, as it does in the whole.
        return Piece(waveform[found[0][0] - start :], found[0][0], first, found)

    def _windows(self, first: int, stop: int, total: int | None) -> list[tuple[int, int]]:
        """Those of a piece; `total` is the length of the recording, None for more than that."""
        if total is None:
            starts = range(first * self._stride, stop * self._stride, self._stride)
            return [(start, start + self._window) for start in starts]
        return windows(total, self._window, self._stride)[first:] if total else []


class _Reading:
    """A recording that is being decoded: what was decoded and may still be needed is held."""

    def __init__(self, source: Source, start: int) -> None:
        self.source = source
        self.start = start
        self._held = np.zeros(0, np.float32)
        self._blocks: Iterator[np.ndarray] = decoding.blocks(
            source.path, source.beg_s, source.end_s, start
        )

    @property
    def end(self) -> int:
        return self.start + len(self._held)

    def read(self, start: int, end: int | None) -> np.ndarray:
        """[start, end) in samples of the recording, or what there is of it; what lies before
        `start` is forgotten."""
        pieces, reached = [self._held], self.end
        while end is None or reached < end:
            block = next(self._blocks, None)
            if block is None:
                break
            pieces.append(block)
            reached += len(block)
        self._held, self.start = np.concatenate(pieces)[start - self.start :], start
        return self._held if end is None else self._held[: end - start]
