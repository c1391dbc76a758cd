import os
import re
from pathlib import Path

import pytest

from audio_search.settings import (
    CHECKOUT,
    DEFAULTS,
    Settings,
    SettingsError,
    check_roots,
    split_roots,
)
from tests.running import ROOT


def test_every_setting_has_a_default_that_works() -> None:
    settings = Settings.from_env({})
    assert (settings.host, settings.port) == ('127.0.0.1', 45678)
    assert settings.index_path == Path('workspace/index.sqlite').resolve()
    assert settings.roots == (Path.cwd(),)
    assert settings.token == ''


def test_roots_are_separated_as_in_path(tmp_path: Path) -> None:
    settings = Settings.from_env({'AUDIO_SEARCH_ROOTS': f'{tmp_path}:/var/..'})
    assert settings.roots == (tmp_path.resolve(), Path('/'))


@pytest.mark.parametrize('roots', [':', '/tmp:', ':/tmp', '/tmp::/var'])
def test_an_empty_root_is_refused(roots: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(repr(roots))):
        split_roots(roots)


def test_roots_may_have_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings.from_env({'AUDIO_SEARCH_ROOTS': f'field={tmp_path}/a:./b=c:~/x=y:d'})
    home = Path.home()
    assert settings.roots == (tmp_path / 'a', tmp_path / 'b=c', home / 'x=y', tmp_path / 'd')
    assert settings.roots.names == {'field': tmp_path / 'a'}
    again = Settings.from_env(settings.environment())
    assert (again.roots, again.roots.names) == (settings.roots, settings.roots.names)


def test_a_folder_called_like_a_name_stays_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Executors get it relative to the current folder, whose path holds the separator."""
    folder = tmp_path / 'a:b'
    folder.mkdir()
    monkeypatch.chdir(folder)
    settings = Settings.from_env({'AUDIO_SEARCH_ROOTS': './k=v'})
    again = Settings.from_env(settings.environment())
    assert (again.roots, again.roots.names) == ((folder / 'k=v',), {})


@pytest.mark.parametrize('roots', ['a=/tmp:a=/var', 'a=/tmp:b=/tmp'])
def test_a_name_given_twice_is_refused(roots: str) -> None:
    with pytest.raises(SettingsError, match='give each folder one name'):
        split_roots(roots)


def test_a_tilde_that_the_shell_left_alone_is_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('HOME', str(tmp_path))
    names = ('ROOTS', 'WORKSPACE', 'MODELS', 'WEIGHTS', 'LOG')
    settings = Settings.from_env({f'AUDIO_SEARCH_{name}': f'~/{name}' for name in names})
    assert settings.roots == (tmp_path / 'ROOTS',)
    assert settings.workspace == tmp_path / 'WORKSPACE'
    assert settings.models == tmp_path / 'MODELS'
    assert settings.weights == str(tmp_path / 'WEIGHTS')
    assert settings.log == str(tmp_path / 'LOG')


def test_the_environment_of_executors_has_absolute_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings.from_env({'AUDIO_SEARCH_ROOTS': '.:sounds', 'AUDIO_SEARCH_WORKSPACE': 'w'})
    environment = settings.environment()
    assert environment['AUDIO_SEARCH_ROOTS'] == f'{tmp_path}:{tmp_path}/sounds'
    assert environment['AUDIO_SEARCH_WORKSPACE'] == f'{tmp_path}/w'
    assert Settings.from_env(environment) == settings


def test_a_current_folder_with_the_separator_in_its_path_stays_one_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / f'a{os.pathsep}b'
    folder.mkdir()
    monkeypatch.chdir(folder)
    settings = Settings.from_env({})
    assert Settings.from_env(settings.environment()).roots == (folder,)


def test_the_default_models_are_those_of_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert Settings.from_env({}).models == CHECKOUT / 'models'
    (tmp_path / 'models').mkdir()
    assert Settings.from_env({}).models == tmp_path / 'models'


def test_roots_that_cannot_be_read_are_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / 'bell.wav'
    file.touch()
    missing = tmp_path / 'missing'
    loop = tmp_path / 'loop'
    loop.symlink_to(loop)
    check_roots([tmp_path])
    for root, problem in (
        (missing, 'does not exist'),
        (file, 'is not a folder'),
        (loop, 'cannot be read'),
    ):
        with pytest.raises(SettingsError, match='AUDIO_SEARCH_ROOTS') as refused:
            check_roots([tmp_path, root])
        assert f'{root}, which {problem}' in str(refused.value)


def test_the_defaults_are_those_of_the_readme() -> None:
    documented: dict[str, str] = {}
    for line in (ROOT / 'README.md').read_text().splitlines():
        kind = re.match(r'\| `(AUDIO_SEARCH|MILVUS)_', line)
        if not kind:
            continue
        names, defaults = (cell.strip() for cell in line.split('|')[1:3])
        short = re.findall(r'`(\w+)`', names)
        values = [text.strip(' `') for text in defaults.split(', ')]
        if len(short) == 1:
            values = [defaults.strip('`')]
        for name, value in zip(short, values, strict=True):
            documented[f'{kind[1]}_' + name.removeprefix(kind[1]).lstrip('_')] = value
    # These say in words what stands for a default that is empty, or depends on where one is.
    assert documented.pop('AUDIO_SEARCH_ROOTS') == 'the current folder'
    assert 'service.log' in documented.pop('AUDIO_SEARCH_LOG')
    assert documented.pop('AUDIO_SEARCH_TOKEN') == 'unset'
    in_words = {'AUDIO_SEARCH_ROOTS', 'AUDIO_SEARCH_LOG', 'AUDIO_SEARCH_TOKEN'}
    for name in ('MILVUS_TOKEN', 'MILVUS_DATABASE', 'MILVUS_CA'):
        assert documented.pop(name) == 'unset'
        in_words.add(name)
    assert documented == {k: v for k, v in DEFAULTS.items() if k not in in_words}


def test_an_empty_value_is_the_default() -> None:
    assert Settings.from_env({'AUDIO_SEARCH_PORT': ''}).port == int(DEFAULTS['AUDIO_SEARCH_PORT'])


@pytest.mark.parametrize(
    ('name', 'value'),
    [
        ('AUDIO_SEARCH_PORT', 'x'),
        ('AUDIO_SEARCH_PORT', '0'),
        ('AUDIO_SEARCH_PORT', '65536'),
        ('AUDIO_SEARCH_PORT', '80.5'),
        ('AUDIO_SEARCH_MAX_DOCS', '0'),
        ('AUDIO_SEARCH_MAX_BODY_MB', '-1'),
        ('AUDIO_SEARCH_MAX_DURATION_S', 'nan'),
        ('AUDIO_SEARCH_TIMEOUT_S', """ """),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.from_env({name: value})
