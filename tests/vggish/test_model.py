import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from audio_search.vggish import FrontEnd, VGGish, dimensions
from audio_search.vggish.postprocessing import quantize
from audio_search.vggish.weights import WeightsError
from tests.vggish.conftest import ROOT, Compact


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


def test_windows_become_int8_vectors(
    model: VGGish, models: Path, log_mel_examples: np.ndarray
) -> None:
    as_inputs = FrontEnd().inputs_of_log_mel
    windows = [as_inputs(some, 4) for some in log_mel_examples.reshape(10, 4, 96, 64)[:3]]
    short = as_inputs(log_mel_examples[:1], 4)
    vectors = model.embed([*windows, short])
    assert vectors.shape == (4, dimensions('concat', 4))
    assert vectors.dtype == np.int8
    first = quantize(model.project(log_mel_examples[:4])).reshape(-1).astype(int) - 128
    assert np.abs(vectors[0] - first).max() <= 1
    mean = VGGish(models, 'compact', precision='float32', pooling='mean')
    means = mean.embed([*windows, short])
    assert means.shape == (4, dimensions('mean', 4))
    alone = mean.embed([as_inputs(log_mel_examples[:1], 1)])
    assert np.abs(means[3].astype(int) - alone[0]).max() <= 1


def test_silence_is_not_asked_of_the_network(model: VGGish, log_mel_examples: np.ndarray) -> None:
    silence = np.full_like(log_mel_examples[:2], np.log(0.01))
    mixed = FrontEnd().inputs_of_log_mel(np.concatenate([silence, log_mel_examples[:2]]), 4)
    nothing = FrontEnd().inputs_of_log_mel(silence, 4)
    vectors = model.embed([nothing, mixed]).reshape(2, 4, 128)
    assert not vectors[0].any()
    assert not vectors[1, :2].any()
    assert vectors[1, 2:].any(axis=1).all()
    assert not model.embed([nothing]).any()
    published = FrontEnd(silence='as_published').inputs_of_log_mel(silence, 4)
    assert model.embed([published]).reshape(4, 128).any(axis=1).all()


def test_only_the_model_brings_tensorflow() -> None:
    code = (
        'import sys\n'
        'from audio_search.vggish import FrontEnd, Sound, checkpoint, dimensions, weights\n'
        'assert not any(name.startswith("tensorflow") for name in sys.modules)\n'
        'from audio_search.vggish import VGGish\n'
        'assert "tensorflow" in sys.modules\n'
    )
    command = [sys.executable, '-c', code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, '')


def test_weights_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match='are missing'):
        VGGish(tmp_path)
