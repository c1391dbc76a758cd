"""Notes, played by FluidSynth on the Fluid sound fonts."""

import struct
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import soundfile

from . import package
from .waveform import Wave, length_of

TICKS_PER_S = 960
DRUM_CHANNEL = 9
TIMEOUT_S = 60


@dataclass(frozen=True)
class Note:
    """One key, held from start_s for hold_s."""

    start_s: float
    hold_s: float
    key: int
    velocity: int = 96
    channel: int = 0


@dataclass(frozen=True)
class Preset:
    """The instrument of a channel."""

    program: int
    bank: int = 0


def played(
    notes: list[Note],
    presets: dict[int, Preset],
    duration_s: float,
    font: Path = package.FLUID_GM,
) -> Wave:
    """duration_s of the notes, dry."""
    with tempfile.TemporaryDirectory() as folder:
        song, sound = Path(folder, 'song.mid'), Path(folder, 'song.wav')
        song.write_bytes(_file_of(notes, presets, duration_s))
        subprocess.run(
            ['fluidsynth', '-niq', '-g', '0.6', '-R', '0', '-C', '0', '-o',
             'synth.midi-bank-select=gs', '-r', '44100', '-F', sound, font, song],
            check=True, capture_output=True, timeout=TIMEOUT_S,
        )  # fmt: skip
        wave = _untrimmed(sound)
    result = wave[: length_of(duration_s)]
    if len(result) < length_of(duration_s):
        raise RuntimeError(f'fluidsynth rendered {len(result)} samples only')
    return result


def sustained(preset: Preset, key: int, duration_s: float, font: Path = package.FLUID_GM) -> Wave:
    """One key held for duration_s."""
    return played([Note(0, duration_s, key, 110)], {0: preset}, duration_s, font)


def _untrimmed(path: Path) -> Wave:
    return soundfile.read(path, always_2d=True)[0].mean(axis=1)


def _file_of(notes: list[Note], presets: dict[int, Preset], duration_s: float) -> bytes:
    events: list[tuple[int, int, bytes]] = []
    for channel, preset in presets.items():
        events.append((0, 0, bytes([0xB0 | channel, 0, preset.bank])))
        events.append((0, 1, bytes([0xC0 | channel, preset.program])))
    for note in notes:
        if note.start_s >= duration_s:
            continue
        begin = round(note.start_s * TICKS_PER_S)
        end = round(min(note.start_s + note.hold_s, duration_s + 0.4) * TICKS_PER_S)
        events.append((begin, 3, bytes([0x90 | note.channel, note.key, note.velocity])))
        events.append((end, 2, bytes([0x80 | note.channel, note.key, 0])))
    # half a second more than is kept, for fluidsynth stops at the last event;
    # what came after the end of the track would keep it playing for ever
    events.append((round((duration_s + 0.5) * TICKS_PER_S), 4, b'\xff\x2f\x00'))
    track, now = b'', 0
    for tick, _, message in sorted(events):
        track += _variable_length(tick - now) + message
        now = tick
    # 480 ticks a quarter at the standard 120 quarters a minute are 960 ticks a second
    header = struct.pack('>4sIHHH', b'MThd', 6, 0, 1, 480)
    return header + struct.pack('>4sI', b'MTrk', len(track)) + track


def _variable_length(number: int) -> bytes:
    groups = [number & 0x7F]
    while number := number >> 7:
        groups.append(0x80 | number & 0x7F)
    return bytes(reversed(groups))
