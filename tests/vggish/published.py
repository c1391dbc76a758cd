"""VGGish as published, for the tests: plain and slow, and none of the product's own code."""

import warnings
from pathlib import Path

import numpy as np

from audio_search.vggish.runtime import slim, tf


def log_mel(waveform: np.ndarray) -> np.ndarray:
    """float64 [samples] at 16 kHz -> float64 [frames, 64], each formula written out."""
    length, hop, points = 400, 160, 512
    count = 1 + (len(waveform) - length) // hop if len(waveform) >= length else 0
    n = np.arange(length)
    hann = 0.5 * (1 - np.cos(2 * np.pi * n / length))
    frequencies = np.arange(points // 2 + 1)
    transform = np.exp(-2j * np.pi * np.outer(n, frequencies) / points)
    rows = [waveform[k * hop : k * hop + length] * hann for k in range(count)]
    magnitudes = np.abs(np.array(rows, np.float64).reshape(count, length) @ transform)
    return np.log(magnitudes @ mel_triangles(frequencies * 16000 / points) + 0.01)


def mel_triangles(bins_hz: np.ndarray) -> np.ndarray:
    """64 triangles in HTK mel between 125 and 7500 Hz, without the constant: [257, 64]."""

    def mel(hz: float) -> float:
        return 1127.0 * np.log(1.0 + hz / 700.0)

    edges = np.linspace(mel(125.0), mel(7500.0), 66)
    filters = np.zeros((len(bins_hz), 64))
    for i, hz in enumerate(bins_hz):
        for band in range(64):
            lower, centre, upper = edges[band : band + 3]
            rise = (mel(hz) - lower) / (centre - lower)
            fall = (upper - mel(hz)) / (upper - centre)
            filters[i, band] = max(0.0, min(rise, fall))
    filters[0] = 0.0
    return filters


def network(variables: dict[str, np.ndarray], examples: np.ndarray) -> np.ndarray:
    """[n, 96, 64] -> float64 [n, 128], each layer written out with numpy."""

    def of(layer: str) -> tuple[np.ndarray, np.ndarray]:
        weights, biases = (variables[f'vggish/{layer}/{kind}'] for kind in ('weights', 'biases'))
        return weights.astype(np.float64), biases.astype(np.float64)

    def convolution(net: np.ndarray, layer: str) -> np.ndarray:
        weights, biases = of(layer)
        height, width = net.shape[1:3]
        padded = np.pad(net, ((0, 0), (1, 1), (1, 1), (0, 0)))
        shifted = [
            padded[:, row : row + height, column : column + width] @ weights[row, column]
            for row in range(3)
            for column in range(3)
        ]
        return np.maximum(0, np.sum(shifted, axis=0) + biases)

    def pooling(net: np.ndarray) -> np.ndarray:
        count, height, width, depth = net.shape
        return net.reshape(count, height // 2, 2, width // 2, 2, depth).max(axis=(2, 4))

    net = examples[..., np.newaxis].astype(np.float64)
    for block in (
        ['conv1'],
        ['conv2'],
        ['conv3/conv3_1', 'conv3/conv3_2'],
        ['conv4/conv4_1', 'conv4/conv4_2'],
    ):
        for layer in block:
            net = convolution(net, layer)
        net = pooling(net)
    net = net.reshape(len(net), -1)
    for layer in ('fc1/fc1_1', 'fc1/fc1_2', 'fc2'):
        weights, biases = of(layer)
        net = net @ weights + biases
        if layer != 'fc2':
            net = np.maximum(0, net)
    return net


class SlimGraph:
    """The published network as a graph of TensorFlow 1, whose Saver writes V1 checkpoints."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            # TF-Slim calls what TensorFlow has since renamed.
            warnings.filterwarnings('ignore', message='.* is deprecated', category=UserWarning)
            self._define()

    def _define(self) -> None:
        self.tf = tf.compat.v1
        self.graph = tf.Graph()
        with (
            self.graph.as_default(),
            slim.arg_scope(
                [slim.conv2d, slim.fully_connected],
                weights_initializer=self.tf.truncated_normal_initializer(stddev=0.1, seed=0),
                biases_initializer=self.tf.truncated_normal_initializer(stddev=0.1, seed=1),
                activation_fn=tf.nn.relu,
            ),
            slim.arg_scope([slim.conv2d], kernel_size=[3, 3], stride=1, padding='SAME'),
            slim.arg_scope([slim.max_pool2d], kernel_size=[2, 2], stride=2, padding='SAME'),
            self.tf.variable_scope('vggish'),
        ):
            self.features = self.tf.placeholder(tf.float32, [None, 96, 64])
            net = tf.reshape(self.features, [-1, 96, 64, 1])
            net = slim.max_pool2d(slim.conv2d(net, 64, scope='conv1'))
            net = slim.max_pool2d(slim.conv2d(net, 128, scope='conv2'))
            net = slim.max_pool2d(slim.repeat(net, 2, slim.conv2d, 256, scope='conv3'))
            net = slim.max_pool2d(slim.repeat(net, 2, slim.conv2d, 512, scope='conv4'))
            net = slim.flatten(net)
            net = slim.repeat(net, 2, slim.fully_connected, 4096, scope='fc1')
            self.embedding = slim.fully_connected(net, 128, scope='fc2', activation_fn=None)
            self.variables = self.tf.global_variables()
            self.initializer = self.tf.global_variables_initializer()
            self.placeholders = {
                v.op.name: self.tf.placeholder(tf.float32, v.shape) for v in self.variables
            }
            self.assignments = [v.assign(self.placeholders[v.op.name]) for v in self.variables]
            self.saver = self.tf.train.Saver(write_version=self.tf.train.SaverDef.V1)
        self.session = self.tf.Session(graph=self.graph)

    def assign(self, variables: dict[str, np.ndarray]) -> None:
        feed = {self.placeholders[name]: values for name, values in variables.items()}
        self.session.run(self.assignments, feed)

    def embed(self, examples: np.ndarray) -> np.ndarray:
        return self.session.run(self.embedding, {self.features: examples})

    def save(self, path: Path) -> None:
        """As a V1 checkpoint: one file of exactly that name."""
        with self.graph.as_default():
            self.saver.save(self.session, str(path), write_meta_graph=False)


def tones(seconds: float, seed: int = 0) -> np.ndarray:
    """A waveform of sines, noise and clicks that differ with `seed`: float32 [samples]."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * 16000)) / 16000
    waveform = 0.05 * rng.standard_normal(len(t))
    for hz in rng.uniform(80, 6000, 5):
        waveform += rng.uniform(0.02, 0.15) * np.sin(2 * np.pi * hz * t) * (t % 1.3 < 0.9)
    waveform[rng.integers(0, len(t), 8)] += 0.5
    return waveform.astype(np.float32)
