import threading
from pathlib import Path

import numpy as np
import pytest

from audio_search.vggish import checkpoint, runtime
from audio_search.vggish.network import Network
from audio_search.vggish.runtime import cpu_flags
from tests.vggish import published
from tests.vggish.conftest import Compact
from tests.vggish.published import SlimGraph


@pytest.fixture(scope='module')
def network(compact: Compact) -> Network:
    return Network(compact[0], precision='float32')


def test_the_layers_are_the_published_ones(
    network: Network, compact: Compact, log_mel_examples: np.ndarray
) -> None:
    variables = {name: checkpoint.expand(layer) for name, layer in compact[0].items()}
    expected = published.network(variables, log_mel_examples[:2])
    np.testing.assert_allclose(network.embed(log_mel_examples[:2]), expected, rtol=0, atol=1e-4)


def test_a_restored_checkpoint_gives_the_outputs_of_the_published_graph(
    slim: SlimGraph,
    random_checkpoint: Path,
    log_mel_examples: np.ndarray,
    capfd: pytest.CaptureFixture[str],
) -> None:
    expected = slim.embed(log_mel_examples[:8])
    capfd.readouterr()
    restored = Network(checkpoint.read_checkpoint(random_checkpoint), precision='float32')
    assert capfd.readouterr() == ('', '')
    outputs = restored.embed(log_mel_examples[:8])
    assert outputs.dtype == np.float32
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


def test_factored_layers_give_the_outputs_of_the_expanded_published_graph(
    network: Network, compact: Compact, log_mel_examples: np.ndarray
) -> None:
    variables, _ = compact
    graph = published.SlimGraph()
    graph.assign({name: checkpoint.expand(layer) for name, layer in variables.items()})
    expected = graph.embed(log_mel_examples)
    graph.session.close()
    np.testing.assert_allclose(network.embed(log_mel_examples), expected, rtol=0, atol=1e-4)


def test_the_last_layer_has_no_activation(network: Network, log_mel_examples: np.ndarray) -> None:
    assert (network.embed(log_mel_examples) < 0).mean() > 0.2


def test_outputs_do_not_depend_on_the_rest_of_the_batch(
    network: Network, compact: Compact, log_mel_examples: np.ndarray
) -> None:
    _, pca = compact

    def levels(size: int) -> np.ndarray:
        batches = np.split(log_mel_examples, range(size, len(log_mel_examples), size))
        return np.concatenate([(pca.project(network.embed(b)) + 2) * 255 / 4 for b in batches])

    together = np.trunc(levels(len(log_mel_examples)))
    for size in (1, 3, 16):
        moved = np.abs(np.trunc(levels(size)) - together)
        assert moved.max() <= 1
        assert (moved > 0).mean() <= 0.001


def test_several_threads_get_each_their_own(network: Network, log_mel_examples: np.ndarray) -> None:
    parts = np.split(log_mel_examples, 4)
    expected = [network.embed(part) for part in parts]
    results: list[list[np.ndarray]] = [[] for _ in parts]

    def run(k: int) -> None:
        results[k] = [network.embed(parts[k]) for _ in range(5)]

    threads = [threading.Thread(target=run, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for outputs, reference in zip(results, expected, strict=True):
        assert len(outputs) == 5
        for output in outputs:
            np.testing.assert_allclose(output, reference, atol=1e-5)


def test_bfloat16_gives_nearly_the_outputs_of_float32(
    network: Network,
    compact: Compact,
    log_mel_examples: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runtime, 'cpu_flags', lambda: runtime.BFLOAT16_FLAGS)
    reduced = Network(compact[0], device='/CPU:0', precision='bfloat16')
    assert reduced.precision == 'bfloat16'
    some = log_mel_examples[:8]
    expected = network.embed(some)
    error = np.linalg.norm(reduced.embed(some) - expected) / np.linalg.norm(expected)
    assert 0 < error < 0.02


def test_the_precision_is_that_of_the_cpu(compact: Compact) -> None:
    has_bfloat16 = bool({'avx512_bf16', 'amx_bf16'} & cpu_flags())
    network = Network(compact[0], device='/CPU:0', precision='auto')
    assert network.device == '/CPU:0'
    assert network.precision == ('bfloat16' if has_bfloat16 else 'float32')
