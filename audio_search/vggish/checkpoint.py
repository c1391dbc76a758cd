"""Reading weights: official V1 checkpoints, and the compact form."""

import subprocess
import sys
import zlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from zipfile import BadZipFile

import numpy as np

from audio_search.vggish.parameters import EMBEDDING_SIZE
from audio_search.vggish.postprocessing import ContentError, Pca
from audio_search.vggish.weights import Weights, WeightsError

# The variables of the published graph, as TF-Slim names them. Convolutions are height, width, in,
# out; fc1_1 takes the last pooling's 6 x 4 x 512 values in that order.
SHAPES: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        'vggish/conv1/weights': (3, 3, 1, 64),
        'vggish/conv1/biases': (64,),
        'vggish/conv2/weights': (3, 3, 64, 128),
        'vggish/conv2/biases': (128,),
        'vggish/conv3/conv3_1/weights': (3, 3, 128, 256),
        'vggish/conv3/conv3_1/biases': (256,),
        'vggish/conv3/conv3_2/weights': (3, 3, 256, 256),
        'vggish/conv3/conv3_2/biases': (256,),
        'vggish/conv4/conv4_1/weights': (3, 3, 256, 512),
        'vggish/conv4/conv4_1/biases': (512,),
        'vggish/conv4/conv4_2/weights': (3, 3, 512, 512),
        'vggish/conv4/conv4_2/biases': (512,),
        'vggish/fc1/fc1_1/weights': (12288, 4096),
        'vggish/fc1/fc1_1/biases': (4096,),
        'vggish/fc1/fc1_2/weights': (4096, 4096),
        'vggish/fc1/fc1_2/biases': (4096,),
        'vggish/fc2/weights': (4096, EMBEDDING_SIZE),
        'vggish/fc2/biases': (EMBEDDING_SIZE,),
    }
)
COMPACT_FORMAT_VERSION = 1

# Errors that numpy, zipfile and TensorFlow raise for damaged and foreign files; ContentError is a
# ValueError.
UNREADABLE = (OSError, ValueError, TypeError, EOFError, RuntimeError, BadZipFile, zlib.error)

# The weights or biases of a layer: one array, or two whose product they are.
Layer = np.ndarray | tuple[np.ndarray, np.ndarray]


def read(weights: Weights) -> tuple[dict[str, Layer], Pca]:
    """The 18 weights and biases of the graph, by name, float32, and the PCA that belongs to them.

    Raises WeightsError, naming the file and the reason, if it holds anything else.
    """
    if weights.pca_path is None:
        return read_compact(weights.path)
    return read_checkpoint(weights.path), read_pca(weights.pca_path)


def check(weights: Weights) -> None:
    """Raise WeightsError where `read` would, without loading TensorFlow into this process.

    The official and the compact weights are not read: `weights.find` has compared their SHA-256.
    """
    if weights.name in ('official', 'compact'):
        return
    if weights.pca_path is None:
        read_compact(weights.path)
        return
    read_pca(weights.pca_path)
    child = [sys.executable, '-m', 'audio_search.vggish.checkpoint', str(weights.path.resolve())]
    root = Path(__file__).parents[2]
    checked = subprocess.run(child, cwd=root, capture_output=True, text=True)
    if checked.returncode:
        raise WeightsError(checked.stderr.strip().splitlines()[-1])


def read_pca(path: Path) -> Pca:
    """The PCA in an .npz of the published form. Raises WeightsError."""
    try:
        return Pca.load(path)
    except UNREADABLE as error:
        raise _unusable(path, 'VGGish PCA parameters', error) from None


def read_checkpoint(path: Path) -> dict[str, Layer]:
    """The 18 variables in a V1 checkpoint; any other in it is ignored. Raises WeightsError."""
    from audio_search.vggish.runtime import tf

    try:
        reader = tf.compat.v1.train.NewCheckpointReader(str(path))
        found = reader.get_variable_to_shape_map()
        _check_shapes({name: tuple(shape) for name, shape in found.items()})
        variables: dict[str, Layer] = {}
        for name in SHAPES:
            values = reader.get_tensor(name)
            _check_values(name, values)
            variables[name] = values.astype(np.float32, copy=False)
    except (tf.errors.OpError, *UNREADABLE) as error:
        raise _unusable(path, 'a VGGish V1 checkpoint', error) from None
    return variables


def read_compact(path: Path) -> tuple[dict[str, Layer], Pca]:
    """Weights in the compact form of models/README.md. Raises WeightsError.

    Weights that are stored as two factors stay two.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        version = _array(arrays, 'format_version').tolist()
        if version != COMPACT_FORMAT_VERSION:
            raise ContentError(f'its format is {version}, not {COMPACT_FORMAT_VERSION}')
        variables = {name: _compact_layer(arrays, name) for name in SHAPES}
        _check_shapes({name: _shape(name, layer) for name, layer in variables.items()})
        return variables, Pca.of(arrays)
    except UNREADABLE as error:
        raise _unusable(path, 'compact VGGish weights', error) from None


def expand(layer: Layer) -> np.ndarray:
    """The layer's weights as one array: the product of the two if they are factored."""
    return layer[0] @ layer[1] if isinstance(layer, tuple) else layer


def _compact_layer(arrays: Mapping[str, np.ndarray], name: str) -> Layer:
    stem = name.removesuffix('weights')
    if stem + 'u' in arrays:
        return _dequantize(arrays, stem + 'u'), _dequantize(arrays, stem + 'v')
    return _dequantize(arrays, name)


def _dequantize(arrays: Mapping[str, np.ndarray], name: str) -> np.ndarray:
    values = _array(arrays, name)
    if values.dtype == np.int8:
        # One scale for each output channel, the last axis.
        scale = _array(arrays, name + '_scale')
        if scale.shape != values.shape[-1:]:
            raise ContentError(
                f'{name}_scale has the shape {list(scale.shape)}, not {list(values.shape[-1:])}'
            )
        values = values * scale
    _check_values(name, values)
    return values.astype(np.float32)


def _array(arrays: Mapping[str, np.ndarray], name: str) -> np.ndarray:
    if name not in arrays:
        raise ContentError(f'it has no array {name}')
    return arrays[name]


def _shape(name: str, layer: Layer) -> tuple[int, ...]:
    if isinstance(layer, np.ndarray):
        return layer.shape
    u, v = layer
    if u.ndim != 2 or v.ndim != 2 or u.shape[1] != v.shape[0]:
        raise ContentError(
            f'the factors of {name}, {list(u.shape)} and {list(v.shape)}, have no product'
        )
    return u.shape[0], v.shape[1]


def _check_shapes(found: Mapping[str, tuple[int, ...]]) -> None:
    for name, shape in SHAPES.items():
        if name not in found:
            raise ContentError(f'it has no variable {name}')
        if found[name] != shape:
            raise ContentError(f'{name} has the shape {list(found[name])}, not {list(shape)}')


def _check_values(name: str, values: np.ndarray) -> None:
    if values.dtype.kind != 'f' or not np.isfinite(values).all():
        raise ContentError(f'{name} holds something else than finite numbers')


def _unusable(path: Path, kind: str, error: Exception) -> WeightsError:
    # The libraries' own messages about a broken file help nobody who has to replace it.
    known = isinstance(error, ContentError)
    reason = str(error) if known else 'it is truncated, damaged or in another format'
    return WeightsError(
        f'{path} cannot be used as {kind}: {reason}; replace it, or set AUDIO_SEARCH_WEIGHTS to '
        'auto, official, compact or another path'
    )


if __name__ == '__main__':
    try:
        read_checkpoint(Path(sys.argv[1]))
    except WeightsError as refusal:
        sys.exit(str(refusal))
