from pathlib import Path

import numpy as np
import pytest

from audio_search.vggish.model import VGGish
from audio_search.vggish.weights import WeightsError
from tests.vggish.conftest import Compact


@pytest.fixture(scope='module')
def model(models: Path) -> VGGish:
    return VGGish(models, 'compact', precision='float32', batch_size=16)


def test_it_says_what_it_runs(model: VGGish) -> None:
    assert model.weights.name == 'compact'
    assert (model.precision, model.device) == ('float32', '/CPU:0')


def test_batches_give_the_same_as_all_at_once(
    model: VGGish, models: Path, log_mel_examples: np.ndarray
) -> None:
    together = VGGish(models, 'compact', precision='float32', batch_size=1000)
    expected = together.raw(log_mel_examples)
    assert expected.shape == (40, 128)
    np.testing.assert_allclose(model.raw(log_mel_examples), expected, rtol=0, atol=1e-5)


def test_no_examples_give_no_embeddings(model: VGGish) -> None:
    assert model.project(np.empty((0, 96, 64), np.float32)).shape == (0, 128)


def test_the_pca_follows_the_network(
    model: VGGish, compact: Compact, log_mel_examples: np.ndarray
) -> None:
    _, pca = compact
    some = log_mel_examples[:3]
    np.testing.assert_array_equal(model.project(some), pca.project(model.raw(some)))


def test_weights_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match='are missing'):
        VGGish(tmp_path)
