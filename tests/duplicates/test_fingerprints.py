from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audio_search.duplicates.fingerprints import fingerprint, has_features, similarity
from tests.conftest import write_tone
from tests.running import ROOT

RATE_HZ = 44100
BIRDS = ROOT / 'toy-data/143_birds.mp3'
Change = Callable[[np.ndarray], np.ndarray]


def noise(seconds: float = 6.0, seed: int = 0) -> np.ndarray:
    """Noise without any pattern: the hardest to tell from its copy after a cut."""
    return np.random.default_rng(seed).normal(0, 0.1, round(seconds * RATE_HZ))


def of(
    tmp_path: Path, samples: np.ndarray, name: str = 'a.wav', rate_hz: int = RATE_HZ
) -> np.ndarray:
    soundfile.write(tmp_path / name, samples, rate_hz)
    return fingerprint(tmp_path / name)


@pytest.mark.parametrize(
    'change',
    [
        lambda sound: 0.1 * sound,
        lambda sound: sound[round(0.5 * RATE_HZ) :],
        lambda sound: sound[: -round(0.5 * RATE_HZ)],
        lambda sound: sound[round(0.905 * RATE_HZ) :],  # between two frames
        lambda sound: sound[round(0.4 * RATE_HZ) : -round(0.4 * RATE_HZ)],
        lambda sound: np.stack([sound, sound], axis=1),
    ],
    ids=['quiet', 'begins later', 'ends earlier', 'odd cut', 'both', 'stereo'],
)
def test_a_copy_is_similar_to_its_original(tmp_path: Path, change: Change) -> None:
    original = of(tmp_path, noise())
    copy = of(tmp_path, change(noise()), 'b.wav')
    assert similarity(original, copy) > 0.8
    assert similarity(copy, original) == pytest.approx(similarity(original, copy), abs=1e-4)


def test_an_encoded_copy_is_similar(tmp_path: Path) -> None:
    original = of(tmp_path, noise())
    for name in ('b.ogg', 'b.mp3'):
        assert similarity(original, of(tmp_path, noise(), name)) > 0.9


def test_other_sounds_are_not(tmp_path: Path) -> None:
    original = of(tmp_path, noise())
    assert similarity(original, of(tmp_path, noise(seed=1), 'b.wav')) < 0.3
    assert similarity(original, fingerprint(BIRDS, 0, 6)) < 0.3


def test_a_longer_cut_is_another_recording(tmp_path: Path) -> None:
    original = of(tmp_path, noise())
    assert similarity(original, of(tmp_path, noise()[round(1.5 * RATE_HZ) :], 'b.wav')) == 0
    shifted = np.concatenate([noise()[round(1.5 * RATE_HZ) :], noise(1.5, seed=1)])
    assert similarity(original, of(tmp_path, shifted, 'b.wav')) < 0.3


def test_a_part_is_the_fingerprint_of_that_part(tmp_path: Path) -> None:
    part = fingerprint(BIRDS, 2.0, 8.0)
    assert abs(len(part) - 600) < 10
    samples, rate_hz = soundfile.read(BIRDS)
    cut = of(tmp_path, samples[2 * rate_hz : 8 * rate_hz], 'cut.wav', rate_hz)
    assert similarity(part, cut) > 0.99


def test_a_long_sound_read_in_pieces_is_the_same_as_at_once(tmp_path: Path) -> None:
    sound = noise(25)
    whole = of(tmp_path, sound)
    assert abs(len(whole) - 2500) < 10
    middle = of(tmp_path, sound[8 * RATE_HZ : 14 * RATE_HZ], 'b.wav')  # over a piece's end
    assert similarity(whole[800 : 800 + len(middle)], middle) > 0.99


def test_silence_and_steady_tones_have_no_features(tmp_path: Path) -> None:
    assert not has_features(of(tmp_path, np.zeros(5 * RATE_HZ)))
    assert not has_features(fingerprint(write_tone(tmp_path / 'tone.wav', 5)))
    assert not has_features(of(tmp_path, noise(0.02), 'short.wav'))
    assert has_features(of(tmp_path, noise()))
