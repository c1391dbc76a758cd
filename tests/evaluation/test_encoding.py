"""Vectors are those of the service, whatever way a sound takes."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from docarray import DocList

from audio_search.audio import decoding
from audio_search.documents import AudioClip
from audio_search.evaluation import baselines
from audio_search.evaluation.choices import Choices, parse
from audio_search.evaluation.encoding import LocalEncoder, Unusable
from audio_search.evaluation.errors import EvaluationError
from executors.encoder import VGGishAudioEncoder
from executors.segmenter import AudioSegmenter
from tests.running import ROOT

CLIP = 'toy-data/143_birds.mp3'
PART = f'{CLIP}#t=2,3.3'  # shorter than a window
FLOAT32 = Choices(precision='float32', weights='compact')


@pytest.fixture(scope='module')
def sounds() -> list[np.ndarray]:
    return [decoding.load(ROOT / CLIP), decoding.load(ROOT / CLIP, 2, 3.3)]


def test_the_choices_are_those_of_the_flow_unless_others_are_made() -> None:
    flow = yaml.safe_load((ROOT / 'flow.yml').read_text())['executors']
    settings: dict[str, Any] = {}
    for executor in flow:
        settings |= executor['uses_with']
    choices = Choices()
    assert choices.window == settings['window_size']
    assert choices.stride == settings['stride']
    assert choices.pooling == settings['pooling']


def test_vectors_equal_those_of_the_executors(
    sounds: list[np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    segmenter = AudioSegmenter(media=str(tmp_path))
    encoder = VGGishAudioEncoder(weights='compact', precision='float32', media=str(tmp_path))
    clips = DocList[AudioClip]([AudioClip(uri=CLIP), AudioClip(uri=PART)])
    clips = encoder.encode(segmenter.segment(clips))
    found = list(LocalEncoder(FLOAT32, ROOT / 'models').encode(sounds))
    for clip, vectors in zip(clips, found, strict=True):
        assert isinstance(vectors, np.ndarray)
        expected = np.stack([np.rint(np.array(c.embedding) * 128) for c in clip.chunks])
        assert vectors.shape == expected.shape
        # Batches of another size may change the last bit before the rounding to 8 bits.
        assert np.abs(vectors - expected).max() <= 1


def test_sounds_that_are_none_say_why_and_the_others_go_on(sounds: list[np.ndarray]) -> None:
    broken = np.full(1000, np.nan, np.float32)
    choices = replace(FLOAT32, window=2.0, pooling='mean')
    encoder = LocalEncoder(choices, ROOT / 'models')
    first, second, third = encoder.encode([sounds[1], broken, sounds[1]])
    assert isinstance(second, Unusable)
    assert 'NaN' in second.reason
    assert isinstance(first, np.ndarray)
    assert first.shape == (1, 128)
    np.testing.assert_array_equal(first, third)
    assert list(encoder.encode([])) == []


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ('padding=none', "padding is 'none'; choose repeat or silence"),
        ('window=0.5,stride=0.5', 'VGGish needs windows of 0.975 s or more'),
        ('stride=5', 'the stride must be above 0 and at most the window'),
        ('window=long', "window is 'long'; set it to a number"),
        ('size=3', "'size' is no choice; those that can be compared are window, stride, padding"),
        ('pooling', "'pooling' does not say what to change; write NAME=VALUE"),
    ],
)
def test_choices_that_there_are_not(changes: str, message: str) -> None:
    with pytest.raises(EvaluationError, match=message):
        Choices().changed(parse(changes))


def test_choices_are_read_from_text() -> None:
    changed = Choices().changed(parse('lift=-12, window=3,search=ann'))
    assert changed == replace(Choices(), lift=-12.0, window=3.0, search='ann')
    assert changed.changed(parse('lift=none')).lift is None


def test_tensorflow_is_loaded_only_to_encode() -> None:
    code = (
        'import sys; import audio_search.evaluation, audio_search.evaluation.report; '
        'print([name for name in ("tensorflow", "jina", "docarray") if name in sys.modules])'
    )
    found = subprocess.run(
        [sys.executable, '-c', code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == '[]'


def test_baselines_are_standardised_windows(sounds: list[np.ndarray]) -> None:
    log_mel, random = baselines.encode(sounds, FLOAT32)
    assert [part.shape for part in log_mel] == [(4, 128), (1, 128)]
    assert [part.shape for part in random] == [(4, 512), (1, 512)]
    for parts in (log_mel, random):
        together = np.concatenate(parts)
        np.testing.assert_allclose(together.mean(axis=0), 0, atol=1e-6)
        deviations = together.std(axis=0)
        assert ((deviations < 1e-6) | (np.abs(deviations - 1) < 1e-6)).all()
