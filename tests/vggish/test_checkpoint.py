import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audio_search.vggish import checkpoint, weights
from audio_search.vggish.checkpoint import SHAPES, read, read_checkpoint, read_compact
from audio_search.vggish.weights import WeightsError
from tests.vggish.published import SlimGraph


@pytest.fixture
def arrays(models: Path) -> dict[str, np.ndarray]:
    with np.load(models / 'vggish_compact.npz') as file:
        return dict(file)


def save(path: Path, arrays: dict[str, Any]) -> Path:
    np.savez(path, **arrays)
    return path


def test_the_variables_are_those_of_the_published_graph(slim: SlimGraph) -> None:
    assert {v.op.name: tuple(v.shape.as_list()) for v in slim.variables} == SHAPES


def test_a_v1_checkpoint_gives_what_was_saved(slim: SlimGraph, random_checkpoint: Path) -> None:
    variables = read_checkpoint(random_checkpoint)
    assert list(variables) == list(SHAPES)
    saved = slim.session.run({v.op.name: v for v in slim.variables})
    for name, layer in variables.items():
        values = checkpoint.expand(layer)
        np.testing.assert_array_equal(values, saved[name])
        assert values.dtype == np.float32


def test_weights_come_with_the_pca_beside_them(
    random_checkpoint: Path, official_pca: Path, tmp_path: Path
) -> None:
    shutil.copy(official_pca, random_checkpoint.parent)
    _, pca = read(weights.find(tmp_path, str(random_checkpoint)))
    with np.load(official_pca) as file:
        np.testing.assert_array_equal(pca.means, file['pca_means'])


def test_a_damaged_pca_file_is_refused_by_name(
    random_checkpoint: Path, official_pca: Path, tmp_path: Path
) -> None:
    path = tmp_path / 'vggish_pca_params.npz'
    path.write_bytes(official_pca.read_bytes()[:5000])
    with pytest.raises(WeightsError, match=r'vggish_pca_params\.npz cannot be used as VGGish PCA'):
        checkpoint.read_pca(path)


@pytest.mark.parametrize('kept', [0, 20, 5_000_000])
def test_a_truncated_checkpoint_is_refused_by_name(
    random_checkpoint: Path, tmp_path: Path, kept: int
) -> None:
    path = tmp_path / 'cut.ckpt'
    with random_checkpoint.open('rb') as source:
        path.write_bytes(source.read(kept))
    with pytest.raises(
        WeightsError, match=r'cut\.ckpt cannot be used as a VGGish .+: it is truncated'
    ):
        read_checkpoint(path)


def test_damage_inside_a_checkpoint_is_noticed(random_checkpoint: Path, tmp_path: Path) -> None:
    path = tmp_path / 'damaged.ckpt'
    shutil.copy(random_checkpoint, path)
    with path.open('r+b') as file:
        file.seek(150_000_000)
        file.write(b'\0' * 64)
    with pytest.raises(WeightsError, match=r'damaged\.ckpt cannot be used as a VGGish .+: .+;'):
        read_checkpoint(path)


def test_a_foreign_checkpoint_is_refused_by_what_it_lacks(slim: SlimGraph, tmp_path: Path) -> None:
    path = tmp_path / 'foreign.ckpt'
    tf = slim.tf
    with tf.Graph().as_default(), tf.Session() as session:
        other = tf.get_variable('other', [3])
        session.run(other.initializer)
        saver = tf.train.Saver(write_version=tf.train.SaverDef.V1)
        saver.save(session, str(path), write_meta_graph=False)
    with pytest.raises(WeightsError, match=r'it has no variable vggish/conv1/weights'):
        read_checkpoint(path)


@pytest.mark.parametrize('content', [b'', b'RIFF....WAVE', b'\x89PNG' * 500])
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / 'sound.ckpt'
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r'sound\.ckpt cannot be used as a VGGish V1 checkpoint'):
        read_checkpoint(path)


def test_the_compact_weights_expand_as_their_description_says(
    arrays: dict[str, np.ndarray], models: Path
) -> None:
    variables, pca = read_compact(models / 'vggish_compact.npz')
    assert list(variables) == list(SHAPES)
    u, v = variables['vggish/fc1/fc1_1/weights']
    assert (u.shape, v.shape) == ((12288, 128), (128, 4096))
    name = 'vggish/conv4/conv4_2/weights'
    expected = arrays[name][1, 2, 100, 7].astype(np.float32) * arrays[name + '_scale'][7]
    assert checkpoint.expand(variables[name])[1, 2, 100, 7] == expected
    fc2 = checkpoint.expand(variables['vggish/fc2/weights'])
    assert fc2.dtype == np.float32
    np.testing.assert_array_equal(fc2, arrays['vggish/fc2/weights'].astype(np.float32))
    np.testing.assert_array_equal(pca.means, arrays['pca_means'])
    for name, layer in variables.items():
        assert checkpoint.expand(layer).shape == SHAPES[name]


@pytest.mark.parametrize(
    ('name', 'value', 'reason'),
    [
        ('format_version', np.int32(2), 'its format is 2, not 1'),
        ('format_version', None, 'it has no array format_version'),
        ('vggish/conv2/weights', None, 'it has no array .*conv2'),
        ('vggish/conv2/weights_scale', None, 'it has no array .*conv2/weights_scale'),
        (
            'vggish/conv2/weights_scale',
            np.ones(3, np.float32),
            r'the shape \[3\], not \[128\]',
        ),
        ('vggish/conv1/biases', np.zeros(3, np.float32), r'conv1/biases has the shape \[3\]'),
        ('vggish/conv1/biases', np.full(64, np.nan, np.float32), 'conv1/biases holds something'),
        ('vggish/fc1/fc1_2/u', np.zeros((4096, 64), np.float32), 'have no product'),
        ('pca_means', None, 'it has no array pca_means'),
        ('pca_means', np.zeros(3), r'pca_means has the shape \[3\]'),
    ],
)
def test_compact_weights_that_are_wrong_are_refused_by_the_reason(
    arrays: dict[str, np.ndarray], tmp_path: Path, name: str, value: Any, reason: str
) -> None:
    arrays = {key: array for key, array in arrays.items() if key != name}
    if value is not None:
        arrays[name] = value
    path = save(tmp_path / 'mine.npz', arrays)
    with pytest.raises(WeightsError, match=rf'mine\.npz cannot be used as compact .*{reason}'):
        read_compact(path)


@pytest.mark.parametrize('content', [b'', b'PK\x03\x04', b'text', b'\x80\x04pickle'])
def test_a_file_that_is_not_compact_weights_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / 'mine.npz'
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r'mine\.npz cannot be used as compact VGGish .+: .+;'):
        read_compact(path)


def test_weights_of_ones_own_can_be_checked_where_tensorflow_is_not(
    random_checkpoint: Path, official_pca: Path, models: Path, tmp_path: Path
) -> None:
    shutil.copy(official_pca, tmp_path)
    broken = tmp_path / 'broken.ckpt'
    broken.write_bytes(b'no checkpoint')
    with pytest.raises(WeightsError, match=r'^[^\n]*broken\.ckpt cannot be used as [^\n]*$'):
        checkpoint.check(weights.find(models, str(broken)))
    shutil.copy(official_pca, random_checkpoint.parent)
    checkpoint.check(weights.find(models, str(random_checkpoint)))
    empty = tmp_path / 'empty.npz'
    empty.touch()
    with pytest.raises(WeightsError, match=r'empty\.npz cannot be used as compact'):
        checkpoint.check(weights.find(models, str(empty)))
    checkpoint.check(weights.find(models, 'compact'))
