"""Waveforms as mp3, in memory: small sounds for a report, and what coding does to a query."""

import io

import av
import numpy as np

from audio_search.vggish.parameters import SAMPLE_RATE_HZ


def encode(waveform: np.ndarray, bits_per_s: int) -> bytes:
    """float32 [samples], mono, 16 kHz -> an mp3 file (LAME, through FFmpeg)."""
    file = io.BytesIO()
    with av.open(file, 'w', format='mp3') as container:
        stream = container.add_stream('libmp3lame', rate=SAMPLE_RATE_HZ, layout='mono')
        stream.bit_rate = bits_per_s
        planar = np.clip(waveform, -1, 1).astype(np.float32)[np.newaxis]
        frame = av.AudioFrame.from_ndarray(planar, format='fltp', layout='mono')
        frame.sample_rate = SAMPLE_RATE_HZ
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    return file.getvalue()
