from pathlib import Path

import pytest

from audio_search.settings import DEFAULTS, Settings, SettingsError


def test_every_setting_has_a_default_that_works() -> None:
    settings = Settings.from_env({})
    assert (settings.host, settings.port) == ('127.0.0.1', 45678)
    assert settings.index_path == Path('workspace/index.sqlite').resolve()
    assert settings.roots == (Path.cwd(),)
    assert settings.token == ''


def test_roots_are_separated_as_in_path(tmp_path: Path) -> None:
    settings = Settings.from_env({'AUDIO_SEARCH_ROOTS': f'{tmp_path}:/var/..:'})
    assert settings.roots == (tmp_path.resolve(), Path('/'))


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
