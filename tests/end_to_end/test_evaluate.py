"""An evaluation through a running service."""

from pathlib import Path

import numpy as np
import pytest

from audio_search.audio import decoding
from audio_search.evaluation import evaluate
from audio_search.evaluation.choices import Choices
from audio_search.evaluation.encoding import LocalEncoder, Unusable
from audio_search.evaluation.errors import EvaluationError
from audio_search.evaluation.through_service import ServiceEncoder
from tests.running import ROOT, RunningService

CLIPS = [ROOT / 'toy-data' / f'{name}.mp3' for name in ('101_helicopter', '143_birds')]


def test_vectors_of_a_service_are_those_encoded_here(service: RunningService) -> None:
    sounds = [decoding.load(path, 0, 6) for path in CLIPS]
    nothing = np.zeros(0, np.float32)
    encoder = ServiceEncoder(service.url)
    assert (encoder.choices.window, encoder.choices.pooling) == (4, 'concat')
    *found, refused = encoder.encode([*sounds, nothing])
    assert isinstance(refused, Unusable)
    for vectors, expected in zip(
        found, LocalEncoder(Choices(), ROOT / 'models').encode(sounds), strict=True
    ):
        assert vectors.shape == expected.shape
        assert np.abs(vectors.astype(int) - expected).max() <= 4
    assert service.http.get('/status').json()['clips'] == 0


def test_a_folder_is_evaluated_through_a_service(service: RunningService, tmp_path: Path) -> None:
    for label in ('birds', 'drums'):
        for path in sorted((ROOT / 'toy-data').glob(f'*_{label}.mp3'))[:2]:
            (tmp_path / path.name).write_bytes(path.read_bytes())
    found = evaluate(tmp_path, url=service.url, with_baselines=False).as_dict()
    assert found['encoder'] == f'the service {service.url}'
    options = {'window', 'stride', 'pooling', 'search', 'weights', 'hubness'}
    assert set(found['options']) == options
    assert found['p_at_1'] == 1


def test_what_is_no_service_is_named(service: RunningService) -> None:
    with pytest.raises(EvaluationError, match='is not this service; check the address'):
        ServiceEncoder(f'{service.url}/none')
