"""The Flow of flow.yml, ready to be started."""

import os
import sys
from pathlib import Path

from jina import Flow

from audio_search.flow import failures
from audio_search.process import set_defaults, set_environment
from audio_search.settings import (
    CHECKOUT,
    DEFAULTS,
    Settings,
    SettingsError,
    check_roots,
)

PREFIX = 'AUDIO_SEARCH_'


def load_flow(path: str | Path | None = None, **overrides: object) -> Flow:
    """The Flow of the YAML file at `path`, by default the checkout's flow.yml; not started yet.

    A name without a folder that is not in the current folder is that of a file of the checkout.

    Settings come from the environment. `overrides` are settings by their short names, such as
    `port=8080` or `workspace='/tmp/w'`, and are put into the environment, where the Flow's
    processes read them. Relative paths are relative to the current folder.

    Raises SettingsError for a setting that cannot be used, or where there is no flow.yml.
    """
    path = Path(path) if path else CHECKOUT / 'flow.yml'
    if path.parent == Path() and not path.is_file():
        path = CHECKOUT / path
    if not path.is_file():
        raise SettingsError(_missing(path))
    unknown = sorted(name for name in overrides if PREFIX + name.upper() not in DEFAULTS)
    if unknown:
        known = ', '.join(name.removeprefix(PREFIX).lower() for name in DEFAULTS)
        raise SettingsError(f'{unknown[0]} is no setting; the settings are {known}')
    changed = {PREFIX + name.upper(): str(value) for name, value in overrides.items()}
    settings = Settings.from_env({**os.environ, **changed})
    check_roots(settings.roots)
    set_environment(changed)
    set_defaults(DEFAULTS)
    set_environment(settings.environment())
    if str(CHECKOUT) not in sys.path:  # where the executors are, which no package has
        sys.path.insert(0, str(CHECKOUT))
    failures.install()
    return Flow.load_config(str(path), extra_search_paths=[str(CHECKOUT)])


def _missing(path: Path) -> str:
    if path == CHECKOUT / 'flow.yml':
        return (
            f'{path} is not there: the installed package searches and is a client, but to serve '
            'takes the checkout of the project, or its container image'
        )
    return f'The Flow {path} does not exist; check the path'
