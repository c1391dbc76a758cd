"""How long a search will take, from how long searches with sounds took before."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from audio_search.audio import sources
from audio_search.audio.decoding import AudioError
from audio_search.audio.headers import read_duration_s
from audio_search.page.asked import Asked, Example
from audio_search.roots import Roots

LEAST_S = 60.0  # of sound, from which on the sound decides how long a search takes
NEWER = 0.5  # weight of the last search among those before


class Pace:
    """Seconds of sound that are searched with in a second."""

    def __init__(self, roots: Roots) -> None:
        self.roots = roots
        self._rate: float | None = None

    async def sound_s(self, asked: Asked) -> float:
        """How long the sounds are that have to be listened to; stored ones need not be."""
        examples = [one for one in (*asked.like, *asked.unlike) if one.kind in ('uri', 'own')]
        return await asyncio.to_thread(self._sound_s, examples) if examples else 0.0

    def expected_s(self, sound_s: float) -> float | None:
        """About how long a search with so much sound takes; None for a short one, and where none
        was measured before."""
        return sound_s / self._rate if self._rate and sound_s >= LEAST_S else None

    def learn(self, sound_s: float, took_s: float) -> None:
        """From a search that was finished."""
        if sound_s < LEAST_S or took_s <= 0:
            return
        rate = sound_s / took_s
        self._rate = rate if self._rate is None else NEWER * rate + (1 - NEWER) * self._rate

    def _sound_s(self, examples: Sequence[Example]) -> float:
        return sum(self._duration_s(one) for one in examples)

    def _duration_s(self, example: Example) -> float:
        try:
            if example.path:
                return read_duration_s(Path(example.path))
            source = sources.resolve(example.value, self.roots)
            end_s = source.end_s or read_duration_s(source.path)
            return max(0.0, end_s - source.beg_s)
        except (sources.MediaError, AudioError, OSError):  # which the search itself says
            return 0.0
