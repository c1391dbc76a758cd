"""The VGGish network as one TensorFlow graph."""

from collections.abc import Mapping

import numpy as np

from audio_search.vggish.checkpoint import Layer
from audio_search.vggish.parameters import EXAMPLE_FRAMES, MEL_COUNT
from audio_search.vggish.runtime import choose_device, choose_precision, tf

# Convolutions between two poolings; each pooling halves time and frequency.
BLOCKS = (
    ('conv1',),
    ('conv2',),
    ('conv3/conv3_1', 'conv3/conv3_2'),
    ('conv4/conv4_1', 'conv4/conv4_2'),
)
HIDDEN = ('fc1/fc1_1', 'fc1/fc1_2')
OUTPUT = 'fc2'


class Network:
    """Examples -> raw 128-d embeddings, by one graph that any number of threads may run."""

    def __init__(
        self, variables: Mapping[str, Layer], device: str = 'auto', precision: str = 'auto'
    ) -> None:
        """Build the graph around the 18 variables of `checkpoint.read`, which it keeps as they are.

        Raises RuntimeSettingError for a device or precision this machine does not have.
        """
        self.device = choose_device(device)
        self.precision = choose_precision(precision, self.device)
        dtype = tf.as_dtype(self.precision)
        with tf.device(self.device):
            # Tensors that the graph refers to, not constants inside it: the optimiser copies and
            # folds those, which took 25 s and 3 GB for the official weights, not 1 s and 1 GB.
            tensors = {
                name: [tf.cast(factor, dtype) for factor in factors(layer)]
                for name, layer in variables.items()
            }
            self._embed = tf.function(
                lambda examples: _define(examples, tensors, dtype),
                # Of any length, so that it is traced once.
                input_signature=[tf.TensorSpec([None, EXAMPLE_FRAMES, MEL_COUNT], tf.float32)],
                autograph=False,
            ).get_concrete_function()
        # The first run prepares kernels; the first search shall not wait for that, and a device
        # that cannot run the graph shall fail here.
        self.embed(np.zeros((1, EXAMPLE_FRAMES, MEL_COUNT), np.float32))

    def embed(self, examples: np.ndarray) -> np.ndarray:
        """float32 [n, 96, 64] -> float32 [n, 128], n at least 1."""
        return self._embed(tf.constant(examples)).numpy()


def factors(layer: Layer) -> tuple[np.ndarray, ...]:
    """The one or two matrices whose product a layer's weights are."""
    return layer if isinstance(layer, tuple) else (layer,)


def _define(
    examples: 'tf.Tensor', tensors: Mapping[str, list['tf.Tensor']], dtype: 'tf.DType'
) -> 'tf.Tensor':
    """The layers of the published `vggish_slim.define_vggish_slim`.

    The last layer has no activation: the weights were published, and their PCA made, without one.
    Factored weights are applied one after the other, `x @ u @ v`.
    """

    def weights(layer: str) -> list['tf.Tensor']:
        return tensors[f'vggish/{layer}/weights']

    def add_biases(net: 'tf.Tensor', layer: str) -> 'tf.Tensor':
        (biases,) = tensors[f'vggish/{layer}/biases']
        return tf.nn.bias_add(net, biases)

    net = tf.cast(examples, dtype)[..., tf.newaxis]
    for block in BLOCKS:
        for layer in block:
            net = tf.nn.conv2d(net, *weights(layer), strides=1, padding='SAME')
            net = tf.nn.relu(add_biases(net, layer))
        net = tf.nn.max_pool2d(net, ksize=2, strides=2, padding='SAME')
    net = tf.reshape(net, [-1, int(np.prod(net.shape[1:]))])
    for layer in (*HIDDEN, OUTPUT):
        for factor in weights(layer):
            net = tf.linalg.matmul(net, factor)
        net = add_biases(net, layer)
        if layer != OUTPUT:
            net = tf.nn.relu(net)
    return tf.cast(net, tf.float32)
