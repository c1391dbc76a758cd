"""The command line and the scripts under a Python that has no packages."""

import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.running import ROOT

SCRIPTS = (
    'app.py',
    'scripts/benchmark.py',
    'scripts/download_model.py',
    'scripts/make_toy_data.py',
    'scripts/take_screenshots.py',
    'scripts/verify_model.py',
)


@pytest.fixture(scope='module')
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('bare')
    venv.create(folder, with_pip=False)
    return folder / 'bin' / 'python'


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The project's Python files, without .venv."""
    for name in ('audio_search', 'executors', 'scripts'):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns('__pycache__'))
    shutil.copy(ROOT / 'app.py', tmp_path)
    return tmp_path


def run(python: Path, checkout: Path, script: str, *arguments: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [python, checkout / script, *arguments],
        cwd=checkout.parent, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize('script', SCRIPTS)
def test_without_an_environment_one_sentence_says_what_to_do(
    bare_python: Path, checkout: Path, script: str
) -> None:
    status, output, errors = run(bare_python, checkout, script)
    assert (status, output) == (1, '')
    (line,) = errors.splitlines()
    assert 'make setup' in line
    assert str(checkout) in line


@pytest.mark.parametrize('script', ['app.py', 'scripts/verify_model.py'])
def test_the_environment_of_the_checkout_is_found(
    bare_python: Path, checkout: Path, script: str
) -> None:
    (checkout / '.venv').symlink_to(sys.prefix)
    status, output, errors = run(bare_python, checkout, script, '--help')
    assert (status, errors) == (0, '')
    assert 'usage' in output.lower()


def test_an_environment_that_lacks_packages_is_not_tried_again_and_again(
    bare_python: Path, checkout: Path
) -> None:
    (checkout / '.venv').symlink_to(bare_python.parents[1])
    for python in (bare_python, checkout / '.venv' / 'bin' / 'python'):
        status, _, errors = run(python, checkout, 'app.py', 'serve')
        assert status == 1
        assert 'make setup' in errors
