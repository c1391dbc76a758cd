import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from audio_search.vggish import weights
from audio_search.vggish.weights import WeightsError, find

ROOT = Path(__file__).parents[2]


def test_the_compact_weights_are_the_default_without_the_official_ones(
    models: Path, tmp_path: Path
) -> None:
    shutil.copy(models / 'vggish_compact.npz', tmp_path)
    found = find(tmp_path)
    assert found == find(tmp_path, 'compact')
    assert found.name == 'compact'
    assert found.path == tmp_path / 'vggish_compact.npz'
    assert found.pca_path is None
    assert found.sha256 == hashlib.sha256(found.path.read_bytes()).hexdigest()


def test_one_of_the_two_official_files_is_not_the_official_weights(
    models: Path, official_pca: Path, tmp_path: Path
) -> None:
    shutil.copy(models / 'vggish_compact.npz', tmp_path)
    shutil.copy(official_pca, tmp_path)
    assert find(tmp_path).name == 'compact'
    with pytest.raises(WeightsError, match=r'vggish_model\.ckpt is missing; run .*download_model'):
        find(tmp_path, 'official')


def test_the_official_pca_file_of_the_tests_is_the_published_one(official_pca: Path) -> None:
    expected = weights.OFFICIAL[weights.PCA]
    assert official_pca.stat().st_size == expected.size
    assert weights.sha256(official_pca) == expected.sha256


def test_a_broken_official_file_is_refused_and_not_passed_over(
    models: Path, official_pca: Path, tmp_path: Path
) -> None:
    shutil.copy(models / 'vggish_compact.npz', tmp_path)
    shutil.copy(official_pca, tmp_path)
    (tmp_path / weights.CHECKPOINT).write_bytes(b'half of it')
    with pytest.raises(WeightsError, match='it has 10 bytes instead of 291,108,469; delete it'):
        find(tmp_path)


def test_a_file_of_the_official_size_with_other_content_is_refused(
    models: Path, official_pca: Path, tmp_path: Path
) -> None:
    shutil.copy(official_pca, tmp_path)
    with (tmp_path / weights.CHECKPOINT).open('wb') as file:
        file.truncate(weights.OFFICIAL[weights.CHECKPOINT].size)
    with pytest.raises(WeightsError, match=r'its SHA-256 begins [0-9a-f]{8} instead of 0962b191'):
        find(tmp_path)


def test_missing_compact_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r'vggish_compact\.npz are missing'):
        find(tmp_path)


@pytest.mark.parametrize('damage', ['cut', 'changed'])
def test_damaged_compact_weights_are_refused(models: Path, tmp_path: Path, damage: str) -> None:
    content = bytearray((models / 'vggish_compact.npz').read_bytes())
    content[1000] ^= 1
    path = tmp_path / 'vggish_compact.npz'
    path.write_bytes(content if damage == 'changed' else content[:-1])
    with pytest.raises(WeightsError, match='is damaged or another file; restore it'):
        find(tmp_path, 'compact')


def test_an_unknown_choice_lists_the_known_ones(models: Path) -> None:
    with pytest.raises(WeightsError, match="'offical' are neither auto, official, compact nor"):
        find(models, 'offical')


def test_a_compact_file_of_ones_own_goes_by_its_stem(models: Path, tmp_path: Path) -> None:
    path = tmp_path / 'mine.npz'
    shutil.copy(models / 'vggish_compact.npz', path)
    found = find(models, str(path))
    assert (found.name, found.path, found.pca_path) == ('mine', path, None)
    assert found.sha256 == weights.COMPACT_SHA256


def test_a_checkpoint_of_ones_own_needs_its_pca_beside_it(
    official_pca: Path, tmp_path: Path
) -> None:
    path = tmp_path / 'mine.ckpt'
    path.write_bytes(b'a checkpoint')
    with pytest.raises(WeightsError, match=r'put vggish_pca_params\.npz into'):
        find(tmp_path, str(path))
    shutil.copy(official_pca, tmp_path)
    found = find(tmp_path, str(path))
    assert (found.name, found.pca_path) == ('mine', tmp_path / 'vggish_pca_params.npz')


def test_asking_for_weights_does_not_load_tensorflow() -> None:
    code = (
        'import sys; from pathlib import Path; from audio_search.vggish import weights; '
        'import executors.encoder; weights.find(Path("models")); '
        'sys.exit("tensorflow" in sys.modules)'
    )
    subprocess.run([sys.executable, '-c', code], cwd=ROOT, check=True)
