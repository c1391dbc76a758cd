from pathlib import Path

import numpy as np
import pytest

from audio_search.vggish import checkpoint, weights
from audio_search.vggish.postprocessing import Pca
from tests.vggish import published

Compact = tuple[dict[str, checkpoint.Layer], Pca]

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope='session')
def models() -> Path:
    return ROOT / 'models'


@pytest.fixture(scope='session')
def official_pca() -> Path:
    return ROOT / 'tests' / 'data' / 'vggish_pca_params.npz'


@pytest.fixture(scope='session')
def compact(models: Path) -> Compact:
    return checkpoint.read(weights.find(models, 'compact'))


@pytest.fixture(scope='session')
def slim() -> published.SlimGraph:
    """The published graph with random weights."""
    graph = published.SlimGraph()
    graph.session.run(graph.initializer)
    return graph


@pytest.fixture(scope='session')
def random_checkpoint(slim: published.SlimGraph, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A V1 checkpoint of those weights, written by TensorFlow's own Saver."""
    path = tmp_path_factory.mktemp('checkpoint') / 'random.ckpt'
    slim.save(path)
    return path


@pytest.fixture(scope='session')
def log_mel_examples() -> np.ndarray:
    """float32 [40, 96, 64]: ten sounds of four examples."""
    rows = [published.log_mel(published.tones(4, seed))[:384] for seed in range(10)]
    return np.array(rows, np.float32).reshape(40, 96, 64)
