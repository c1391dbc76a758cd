"""What a sound file says of itself, without decoding it."""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from audio_search.audio.decoding import AudioError, open_ffmpeg, open_sndfile


@dataclass(frozen=True)
class Header:
    duration_s: float
    rate_hz: int
    channels: int


def read_duration_s(path: Path) -> float:
    """The length of the whole file, to a few ms, also where its container does not say it.

    Raises AudioError for what is no sound.
    """
    try:
        if file := open_sndfile(path):
            with file:
                return float(file.frames / file.samplerate)
        opened, container = open_ffmpeg(path)
        with closing(opened), container:
            stream = container.streams.audio[0]
            packets = container.demux(stream)  # read, but not decoded: 3 s for ten hours of m4a
            return float(sum(packet.duration or 0 for packet in packets) * stream.time_base)
    except OSError as error:
        raise AudioError(f'{path.name} cannot be read ({error.strerror or error})') from None


def read_header(path: Path) -> Header:
    """Length, rate and channels of the whole file.

    Of m4a, aac, webm and mp4 the length is what their container says, which may be some ms more
    than there is to hear. Raises AudioError for what is no sound or does not say its length.
    """
    try:
        if file := open_sndfile(path):
            with file:
                return Header(file.frames / file.samplerate, file.samplerate, file.channels)
        opened, container = open_ffmpeg(path)
        with closing(opened), container:
            stream = container.streams.audio[0]
            if stream.duration is not None:
                seconds = float(stream.duration * stream.time_base)
            elif container.duration is not None:
                seconds = container.duration / 1e6  # FFmpeg's AV_TIME_BASE: microseconds
            else:
                raise AudioError(f'{path.name} does not say how long it is; convert it to wav')
            return Header(seconds, stream.rate, stream.channels)
    except OSError as error:
        raise AudioError(f'{path.name} cannot be read ({error.strerror or error})') from None
