"""The wheel, and what the project's files say of the package."""

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import audio_search
from tests.running import ROOT

COPIED = ('audio_search', 'pyproject.toml', 'README.md', 'LICENSE')


@pytest.fixture(scope='module')
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The names of what a wheel of this tree contains."""
    folder = tmp_path_factory.mktemp('wheel')
    tracked = subprocess.run(
        ['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard', *COPIED],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    # setuptools writes its build folders beside the sources: those of a copy.
    for name in filter(None, tracked.stdout.split('\0')):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())
    options = ['--no-deps', '--no-build-isolation', '--quiet', '--wheel-dir', str(folder)]
    built = subprocess.run(
        [sys.executable, '-m', 'pip', 'wheel', *options, str(folder)],
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    (path,) = folder.glob('*.whl')
    assert path.name == f'audio_search-{audio_search.__version__}-py3-none-any.whl'
    return zipfile.ZipFile(path).namelist()


def test_the_wheel_has_every_file_of_the_package(wheel: list[str]) -> None:
    package = ROOT / 'audio_search'
    kinds = {'.py', '.css', '.js', '.html', '.sql'}
    files = {
        path.relative_to(ROOT).as_posix() for path in package.rglob('*') if path.suffix in kinds
    }
    assert {'audio_search/page/page.css', 'audio_search/page/page.js'} <= files
    assert files <= set(wheel)


def test_the_wheel_has_nothing_but_the_package(wheel: list[str]) -> None:
    top = {Path(name).parts[0] for name in wheel}
    assert top == {'audio_search', f'audio_search-{audio_search.__version__}.dist-info'}


def test_every_direct_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']
    for lock, extras in (
        ('requirements.txt', ['cpu']),
        ('requirements-milvus.txt', ['cpu', 'milvus']),
        ('requirements-dev.txt', ['cpu', 'milvus', 'dev']),
        ('requirements-gpu.txt', ['gpu']),
    ):
        pins = {line.partition('==')[0] for line in (ROOT / lock).read_text().splitlines()}
        wanted = project['dependencies'] + [
            dependency for extra in extras for dependency in project['optional-dependencies'][extra]
        ]
        for requirement in wanted:
            name = requirement.partition(';')[0].partition('=')[0].partition('>')[0]
            assert name.partition('[')[0] in pins, f'{name} is not in {lock}: run `make lock`'
