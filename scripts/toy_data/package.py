"""Sounds that come with Debian packages."""

import io
import struct
import zipfile
from pathlib import Path

import numpy as np
import soundfile

from .waveform import SAMPLE_RATE_HZ, Wave, repitched

SONIC_PI = Path('/usr/share/sonic-pi/samples')
OPENSFX = Path('/usr/share/games/openttd/baseset/opensfx/opensfx.cat')
UFOAI = Path('/usr/share/games/ufoai/base/0snd.pk3')
ASTERISK = Path('/usr/share/asterisk/sounds')
ROTARY_PHONE = Path('/usr/share/libjs-jsxc/sound/Rotary-Phone6.mp3')
FLUID_GM = Path('/usr/share/sounds/sf2/FluidR3_GM.sf2')
FLUID_GS = Path('/usr/share/sounds/sf2/FluidR3_GS.sf2')

PACKAGE_OF = {
    SONIC_PI: 'sonic-pi-samples',
    OPENSFX: 'openttd-opensfx',
    UFOAI: 'ufoai-sound',
    ASTERISK / 'en_US_f_Allison': 'asterisk-core-sounds-en-wav',
    ASTERISK / 'fr_CA_f_June': 'asterisk-core-sounds-fr-wav',
    ASTERISK / 'it_IT_m_Carlo': 'asterisk-core-sounds-it-wav',
    ASTERISK / 'ru_RU_f_IvrvoiceRU': 'asterisk-core-sounds-ru-wav',
    ROTARY_PHONE: 'libjs-jsxc',
    FLUID_GM: 'fluid-soundfont-gm',
    FLUID_GS: 'fluid-soundfont-gs',
    Path('/usr/bin/fluidsynth'): 'fluidsynth',
    Path('/usr/bin/espeak-ng'): 'espeak-ng',
}


def missing_packages() -> list[str]:
    """Names of the Debian packages whose files are not there."""
    return sorted(name for path, name in PACKAGE_OF.items() if not path.exists())


def decoded(source: Path | io.BytesIO) -> Wave:
    """The mono waveform of a sound file, trimmed of the silence around it."""
    samples, rate_hz = soundfile.read(source, always_2d=True)
    wave = samples.mean(axis=1)
    if rate_hz != SAMPLE_RATE_HZ:
        wave = repitched(wave, rate_hz / SAMPLE_RATE_HZ)
    loud = np.flatnonzero(np.abs(wave) > 0.003 * np.abs(wave).max())
    return wave[loud[0] : loud[-1] + 1]


def sonic_pi(name: str) -> Wave:
    """A sample of Sonic Pi."""
    return decoded(SONIC_PI / f'{name}.flac')


def opensfx(index: int) -> Wave:
    """A sound of OpenSFX, by its place in the catalogue file."""
    catalogue = OPENSFX.read_bytes()
    offset, size = struct.unpack_from('<II', catalogue, index * 8)
    offset &= 0x7FFFFFFF  # the top bit marks the newer file format
    # the name is stored before the sound, after a byte with its length
    begin = offset + 1 + catalogue[offset]
    return decoded(io.BytesIO(catalogue[begin : begin + size]))


def ufoai(name: str) -> Wave:
    """A sound of UFO: Alien Invasion."""
    with zipfile.ZipFile(UFOAI) as archive:
        return decoded(io.BytesIO(archive.read(f'sound/{name}.ogg')))


def asterisk(voice: str, prompt: str) -> Wave:
    """A recorded prompt of Asterisk."""
    return decoded(ASTERISK / voice / f'{prompt}.wav')


def rotary_phone() -> Wave:
    """A bell telephone, recorded."""
    return decoded(ROTARY_PHONE)
