"""The VGGish network as one TensorFlow graph, defined with TF-Slim as published."""

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from audio_search.vggish.checkpoint import Layer
from audio_search.vggish.parameters import EMBEDDING_SIZE, EXAMPLE_FRAMES, MEL_COUNT
from audio_search.vggish.runtime import choose_device, choose_precision, limit_threads, slim, tf


class Network:
    """Examples -> raw 128-d embeddings, by one graph that any number of threads may run."""

    def __init__(
        self,
        layers: Mapping[str, Layer],
        device: str = 'auto',
        precision: str = 'auto',
        n_threads: int | None = None,
    ) -> None:
        """Build the graph and restore the 18 weights and biases of `checkpoint.read` into it.

        Raises RuntimeSettingError for a device or precision this machine does not have, and for
        another number of threads than this process has already.
        """
        if n_threads is not None:
            limit_threads(n_threads)
        self.device = choose_device(device)
        self.precision = choose_precision(precision, self.device)
        dtype = tf.as_dtype(self.precision)
        with tf.device(self.device), warnings.catch_warnings():
            # TF-Slim calls what TensorFlow has since renamed or means to remove.
            warnings.filterwarnings('ignore', category=UserWarning, module='tensorflow|tf_slim')
            # Variables outside the graph: values inside it would be constants, which the optimiser
            # copies and folds. With the official weights that took 25 s and 3 GB, not 1 s and 1 GB.
            variables = {
                name: tf.Variable(tf.cast(values, dtype), trainable=False)
                for name, values in by_variable(layers).items()
            }
            self._embed = tf.function(
                lambda examples: tf.cast(_define(tf.cast(examples, dtype), variables), tf.float32),
                # Of any length, so that the graph is traced once.
                input_signature=[tf.TensorSpec([None, EXAMPLE_FRAMES, MEL_COUNT], tf.float32)],
                autograph=False,
            ).get_concrete_function()
        # The first run prepares kernels. Here, so that the first search need not wait for that, and
        # a device that cannot run the graph fails at the start.
        self.embed(np.zeros((1, EXAMPLE_FRAMES, MEL_COUNT), np.float32))

    def embed(self, examples: np.ndarray) -> np.ndarray:
        """float32 [n, 96, 64] -> float32 [n, 128], n at least 1."""
        return self._embed(tf.constant(examples)).numpy()


def by_variable(layers: Mapping[str, Layer]) -> dict[str, np.ndarray]:
    """The value of each variable of the graph. Weights that are a product u @ v become two."""
    values: dict[str, np.ndarray] = {}
    for name, layer in layers.items():
        if isinstance(layer, tuple):
            values[_first_factor(name.removesuffix('/weights'))], values[name] = layer
        else:
            values[name] = layer
    return values


def _first_factor(scope: str) -> str:
    return f'{scope}/u/weights'


def _define(examples: 'tf.Tensor', variables: Mapping[str, 'tf.Variable']) -> 'tf.Tensor':
    """The layers of `vggish_slim.define_vggish_slim`: [n, 96, 64] -> [n, 128].

    From tensorflow/models, research/audioset/vggish. TF-Slim names each variable that a layer asks
    for, and gets the one of that name from `variables`. The last layer has no activation: the
    weights were published, and their PCA made, without one.
    """

    def restored(_: Any, name: str, **__: Any) -> 'tf.Variable':
        return variables[name]

    def fully_connected(
        net: 'tf.Tensor', size: int, scope: str, activation_fn: Any = tf.nn.relu
    ) -> 'tf.Tensor':
        # Factored weights are applied one after the other, `net @ u @ v`: 4 MFLOP, not 100.
        u = variables.get(_first_factor(f'{tf.compat.v1.get_variable_scope().name}/{scope}'))
        if u is not None:
            net = slim.fully_connected(
                net, u.shape[1], scope=f'{scope}/u', activation_fn=None, biases_initializer=None
            )
        return slim.fully_connected(net, size, scope=scope, activation_fn=activation_fn)

    with (
        slim.arg_scope(
            [slim.conv2d], kernel_size=[3, 3], stride=1, padding='SAME', activation_fn=tf.nn.relu
        ),
        slim.arg_scope([slim.max_pool2d], kernel_size=[2, 2], stride=2, padding='SAME'),
        tf.compat.v1.variable_scope('vggish', custom_getter=restored),
    ):
        net = tf.reshape(examples, [-1, EXAMPLE_FRAMES, MEL_COUNT, 1])
        net = slim.conv2d(net, 64, scope='conv1')
        net = slim.max_pool2d(net, scope='pool1')
        net = slim.conv2d(net, 128, scope='conv2')
        net = slim.max_pool2d(net, scope='pool2')
        net = slim.repeat(net, 2, slim.conv2d, 256, scope='conv3')
        net = slim.max_pool2d(net, scope='pool3')
        net = slim.repeat(net, 2, slim.conv2d, 512, scope='conv4')
        net = slim.max_pool2d(net, scope='pool4')
        net = slim.flatten(net)
        net = slim.repeat(net, 2, fully_connected, 4096, scope='fc1')
        return fully_connected(net, EMBEDDING_SIZE, scope='fc2', activation_fn=None)
