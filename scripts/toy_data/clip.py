"""What a clip is, and the catalogue of them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .waveform import TARGET_RMS_DB, Rng, Wave, mastered, widened

Renderer = Callable[[Rng], Wave]


@dataclass(frozen=True)
class Source:
    """Where sound comes from, and on what terms."""

    name: str
    licence: str


OWN = Source('synthesis', 'CC0-1.0')
FLUID = Source('Fluid R3', 'MIT')
ESPEAK = Source('eSpeak NG', 'CC0-1.0')
SONIC_PI = Source('Sonic Pi', 'CC0-1.0')
ROTARY_PHONE = Source('old-phones', 'public domain')
OPENSFX = Source('OpenSFX', 'CC-BY-SA-3.0')
UFOAI = Source('UFO:AI', 'CC-BY-SA-3.0')
ALLISON = Source('Allison Smith', 'CC-BY-SA-3.0')
JUNE = Source('June Wallack', 'CC-BY-SA-3.0')
CARLO = Source('Carlo Flora', 'CC-BY-3.0')
MAXIM = Source('Maxim Topal', 'CC-BY-3.0')

# a mix is passed on under the strictest licence of its parts, the last of these
STRICTNESS = ('CC0-1.0', 'public domain', 'MIT', 'CC-BY-3.0', 'CC-BY-SA-3.0')


@dataclass(frozen=True)
class Clip:
    """One file of the corpus."""

    number: int
    label: str
    how: str
    sources: tuple[Source, ...]
    renderer: Renderer
    mixed_with: str | None
    stereo: bool
    rms_db: float

    @property
    def file_name(self) -> str:
        """<id>_<label>.mp3"""
        return f'{self.number}_{self.label}.mp3'

    @property
    def licence(self) -> str:
        """The strictest licence among the sources."""
        return max((source.licence for source in self.sources), key=STRICTNESS.index)

    def rendered(self) -> Wave:
        """The finished waveform, the same at every call."""
        wave = self.renderer(np.random.default_rng(self.number))
        if self.stereo:
            wave = widened(wave, np.random.default_rng(1000 + self.number))
        return mastered(wave, self.rms_db)


CATALOGUE: dict[int, Clip] = {}


def clip(
    number: int,
    label: str,
    how: str,
    *sources: Source,
    mixed_with: str | None = None,
    stereo: bool = False,
    rms_db: float = TARGET_RMS_DB,
) -> Callable[[Renderer], Renderer]:
    """Enter the decorated renderer in the catalogue; mixed_with marks the hard case."""

    def enter(renderer: Renderer) -> Renderer:
        if number in CATALOGUE:
            raise ValueError(f'two clips have the number {number}')
        CATALOGUE[number] = Clip(number, label, how, sources, renderer, mixed_with, stereo, rms_db)
        return renderer

    return enter
