"""What may change the last digits must not change what is found among the toy clips."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from audio_search.audio import decoding
from audio_search.vggish import checkpoint, features
from audio_search.vggish.network import Network
from audio_search.vggish.postprocessing import concatenate
from tests.vggish.conftest import Compact

TOY_CLIPS = sorted((Path(__file__).parents[2] / 'toy-data').glob('*.mp3'))
WINDOW = 64000
CHUNK_BEGINNINGS = (0, 96000)  # two of each clip's chunks are enough here


class Retrieval(NamedTuple):
    """Each clip looked for among the others, by its best pair of chunks."""

    precision_at_1: float
    mean_average_precision: float
    nearest: np.ndarray  # of each clip
    margin: np.ndarray  # in cosine, to the second nearest


def search(embed: Callable[[np.ndarray], np.ndarray], examples: np.ndarray) -> Retrieval:
    projected = np.concatenate([embed(batch) for batch in np.split(examples, 8)])
    chunks = np.array([concatenate(vectors) for vectors in projected.reshape(-1, 4, 128)])
    chunks = chunks / np.linalg.norm(chunks, axis=1, keepdims=True)
    count = len(TOY_CLIPS)
    pairs = (chunks @ chunks.T).reshape(count, len(CHUNK_BEGINNINGS), count, -1)
    similarity = pairs.max(axis=(1, 3))
    np.fill_diagonal(similarity, -np.inf)
    order = np.argsort(-similarity, axis=1)[:, :-1]
    labels = np.array([path.stem.partition('_')[2] for path in TOY_CLIPS])
    relevant = labels[order] == labels[:, np.newaxis]
    precision = relevant.cumsum(axis=1) / np.arange(1, count)
    average_precision = (precision * relevant).sum(axis=1) / relevant.sum(axis=1)
    best = -np.sort(-similarity, axis=1)
    return Retrieval(
        relevant[:, 0].mean(), average_precision.mean(), order[:, 0], best[:, 0] - best[:, 1]
    )


@pytest.fixture(scope='module')
def toy_examples() -> np.ndarray:
    waveforms = [decoding.load(path) for path in TOY_CLIPS]
    parts = [w[beg : beg + WINDOW] for w in waveforms for beg in CHUNK_BEGINNINGS]
    padded = [np.pad(part, (0, WINDOW - len(part))) for part in parts]
    return np.concatenate([features.examples(features.log_mel(part)) for part in padded])


@pytest.fixture(scope='module')
def reference(compact: Compact, toy_examples: np.ndarray) -> Retrieval:
    variables, pca = compact
    network = Network(variables, precision='float32')
    return search(lambda batch: pca.project(network.embed(batch)), toy_examples)


def test_the_weights_find_the_toy_clips_of_the_same_label(reference: Retrieval) -> None:
    assert len(TOY_CLIPS) >= 32
    assert reference.precision_at_1 > 0.8
    assert reference.mean_average_precision > 0.7


def test_the_precision_of_this_machine_finds_what_float32_finds(
    compact: Compact, toy_examples: np.ndarray, reference: Retrieval
) -> None:
    variables, pca = compact
    network = Network(variables, precision='auto')
    found = search(lambda batch: pca.project(network.embed(batch)), toy_examples)
    assert abs(found.precision_at_1 - reference.precision_at_1) <= 0.005
    assert abs(found.mean_average_precision - reference.mean_average_precision) <= 0.005
    clear = reference.margin > 0.01
    np.testing.assert_array_equal(found.nearest[clear], reference.nearest[clear])


def test_factored_layers_find_what_their_product_finds(
    compact: Compact, toy_examples: np.ndarray, reference: Retrieval
) -> None:
    variables, pca = compact
    expanded = {name: checkpoint.expand(layer) for name, layer in variables.items()}
    network = Network(expanded, precision='float32')
    found = search(lambda batch: pca.project(network.embed(batch)), toy_examples)
    assert found.precision_at_1 == reference.precision_at_1
    np.testing.assert_array_equal(found.nearest, reference.nearest)
    assert found.mean_average_precision == pytest.approx(reference.mean_average_precision, abs=1e-3)
