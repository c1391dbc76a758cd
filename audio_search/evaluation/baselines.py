"""What the embeddings have to be better than: chance, statistics of the spectrum, and the same
network before it learned anything."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from audio_search.evaluation.choices import Choices
from audio_search.evaluation.encoding import BATCH_EXAMPLES, Windower
from audio_search.vggish import Input

CHANCE, LOG_MEL, RANDOM_WEIGHTS = 'chance', 'log_mel', 'random_weights'
TITLES = {
    CHANCE: 'chance',
    LOG_MEL: 'mel mean and deviation',
    RANDOM_WEIGHTS: 'random weights',
}
CHANCE_DRAWS = 5  # whose figures are averaged
SEED = 20170305
RANK = 128  # of the wide layers, as in the compact weights


def chance(queries: int, clips: int) -> Iterator[np.ndarray]:
    """CHANCE_DRAWS times distances that say nothing: float64 [queries, clips]."""
    generator = np.random.default_rng(SEED)
    for _ in range(CHANCE_DRAWS):
        yield generator.random((queries, clips))


def encode(
    sounds: Iterable[np.ndarray], choices: Choices, device: str = 'auto'
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The windows of each sound by LOG_MEL and by RANDOM_WEIGHTS: float64 [windows, dimensions].

    Both are standardised over all windows: without that, what all sounds have in common would be
    most of every vector, and every cosine near 1. Loads TensorFlow.
    """
    windower = Windower(choices)
    network = _RandomNetwork(choices, device)
    log_mel, random = [], []
    for sound in sounds:
        windows = windower.cut(sound)
        log_mel.append(np.stack([_statistics(window) for window in windows]))
        random.append(network.embed(windows))
    return standardised(log_mel), standardised(random)


def _statistics(window: Input) -> np.ndarray:
    frames = np.concatenate(window.examples)
    return np.concatenate([frames.mean(axis=0), frames.std(axis=0)]).astype(np.float64)


class _RandomNetwork:
    def __init__(self, choices: Choices, device: str) -> None:
        # Here, because it loads TensorFlow.
        from audio_search.vggish.network import Network

        self._pooling = choices.pooling
        self._network = Network(random_layers(), device, choices.precision)

    def embed(self, windows: Sequence[Input]) -> np.ndarray:
        """float64 [windows, dimensions], pooled as `Choices.pooling` says, without weights."""
        examples = np.concatenate([window.examples for window in windows])
        starts = range(0, len(examples), BATCH_EXAMPLES)
        raw = np.concatenate(
            [self._network.embed(examples[start : start + BATCH_EXAMPLES]) for start in starts]
        )
        by_window = raw.reshape(len(windows), -1, raw.shape[1]).astype(np.float64)
        if self._pooling == 'mean':
            return by_window.mean(axis=1)
        return by_window.reshape(len(windows), -1)


def random_layers() -> dict[str, np.ndarray | tuple[np.ndarray, np.ndarray]]:
    """Weights of the network drawn at random, as training begins with them: normal, with the
    variance 2 / inputs (He et al., ICCV 2015); biases are 0. Wide layers are products, which is
    faster."""
    from audio_search.vggish.checkpoint import SHAPES

    generator = np.random.default_rng(SEED)

    def normal(*shape: int) -> np.ndarray:
        inputs = int(np.prod(shape[:-1]))
        return (generator.standard_normal(shape) * np.sqrt(2 / inputs)).astype(np.float32)

    layers: dict[str, np.ndarray | tuple[np.ndarray, np.ndarray]] = {}
    for name, shape in SHAPES.items():
        if len(shape) == 1:
            layers[name] = np.zeros(shape, np.float32)
        elif len(shape) == 2 and min(shape) > RANK:
            layers[name] = normal(shape[0], RANK), normal(RANK, shape[1])
        else:
            layers[name] = normal(*shape)
    return layers


def standardised(parts: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Every dimension with mean 0 and deviation 1 over all windows of all parts; 0 where it is
    constant."""
    everything = np.concatenate(parts)
    mean, deviation = everything.mean(axis=0), everything.std(axis=0)
    scale = np.divide(1, deviation, out=np.zeros_like(deviation), where=deviation > 1e-9)
    return [(part - mean) * scale for part in parts]
