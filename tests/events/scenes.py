"""Recordings as vectors, without sound: a background, and sounds that are heard above it."""

from dataclasses import dataclass, field

import numpy as np

from audio_search.events import Examples, of_windows

SIZE = 128
EXAMPLE_S = 0.96
WINDOW_S = 4.0
STRIDE_S = 2.0
LOUD = 6.0  # how much louder a sound is than the background


def direction(seed: int) -> np.ndarray:
    vector = np.random.default_rng(seed).normal(size=SIZE)
    return np.asarray(vector / np.linalg.norm(vector))


@dataclass
class Sound:
    """Parts of EXAMPLE_S each, one direction after the other, from `begin_s` on."""

    begin_s: float
    parts: list[np.ndarray]

    @property
    def end_s(self) -> float:
        return self.begin_s + len(self.parts) * EXAMPLE_S

    def heard(self, begin_s: float) -> np.ndarray:
        """What of it is in the example that begins then."""
        vector = np.zeros(SIZE)
        for number, part in enumerate(self.parts):
            apart_s = abs(self.begin_s + number * EXAMPLE_S - begin_s)
            vector += max(0.0, 1 - apart_s / EXAMPLE_S) * part
        return vector


@dataclass
class Scene:
    """`length_s` of background; with `is_silent` of nothing."""

    length_s: float
    sounds: list[Sound] = field(default_factory=list)
    is_silent: bool = False
    seed: int = 0

    def starts(self) -> np.ndarray:
        """When the windows begin; the last one ends with the recording."""
        begins = np.arange(0, self.length_s - WINDOW_S + 1e-9, STRIDE_S)
        if self.length_s - WINDOW_S - begins[-1] >= STRIDE_S / 2:
            begins = np.append(begins, self.length_s - WINDOW_S)
        return begins

    def embeddings(self, starts: np.ndarray, pooling: str = 'concat') -> np.ndarray:
        """int8 [windows, dimensions]"""
        usual, rng = direction(10**6), np.random.default_rng([10**6, self.seed])
        rows = []
        for start in starts:
            examples = []
            for begin_s in start + EXAMPLE_S * np.arange(4):
                vector = LOUD * sum((s.heard(begin_s) for s in self.sounds), np.zeros(SIZE))
                if not self.is_silent:
                    vector = vector + usual + rng.normal(scale=0.05, size=SIZE)
                examples.append(vector / max(np.linalg.norm(vector), 1e-9))
            if pooling == 'mean':
                examples = [np.mean(examples, axis=0)]
            rows.append(np.concatenate(examples))
        return np.rint(np.stack(rows) * 127).astype(np.int8)

    def examples(self, pooling: str = 'concat') -> Examples:
        starts = self.starts()
        return of_windows(
            self.embeddings(starts, pooling), starts, starts + WINDOW_S, pooling, WINDOW_S
        )


def query_of(parts: list[np.ndarray], pooling: str = 'concat') -> tuple[Examples, float]:
    """What is compared of a sound that was sent alone, and how long it is."""
    sound = Sound(0.0, parts)
    if sound.end_s > WINDOW_S:
        scene = Scene(sound.end_s, [sound], is_silent=True)
        return scene.examples(pooling), sound.end_s
    repeated = Sound(0.0, (parts * 4)[:4])  # as the front end fills up a window
    embeddings = Scene(WINDOW_S, [repeated], is_silent=True).embeddings(np.zeros(1), pooling)
    ends = np.array([sound.end_s])
    return of_windows(embeddings, np.zeros(1), ends, pooling, WINDOW_S), sound.end_s
