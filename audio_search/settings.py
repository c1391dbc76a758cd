"""The settings of the service: one name each in the environment, a default that works."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from audio_search.vggish.parameters import PRECISIONS

# Jina's YAML substitutes ${{ ENV.NAME }} without a default of its own, so these are put into the
# environment when the package is imported.
DEFAULTS = {
    'AUDIO_SEARCH_HOST': '127.0.0.1',
    'AUDIO_SEARCH_PORT': '45678',
    'AUDIO_SEARCH_WORKSPACE': 'workspace',
    'AUDIO_SEARCH_MODELS': 'models',
    'AUDIO_SEARCH_WEIGHTS': 'auto',
    'AUDIO_SEARCH_ROOTS': '.',
    'AUDIO_SEARCH_TOKEN': '',
    'AUDIO_SEARCH_CORS_ORIGINS': 'http://localhost:*,http://127.0.0.1:*',
    'AUDIO_SEARCH_MAX_BODY_MB': '200',
    'AUDIO_SEARCH_MAX_DOCS': '10000',
    'AUDIO_SEARCH_MAX_DURATION_S': '3600',
    'AUDIO_SEARCH_CONCURRENCY': '4',
    'AUDIO_SEARCH_QUEUE_WAIT_S': '30',
    'AUDIO_SEARCH_TIMEOUT_S': '900',
    'AUDIO_SEARCH_PRECISION': 'auto',
    'AUDIO_SEARCH_DEVICE': 'auto',
    'AUDIO_SEARCH_LOG': '',
}


class SettingsError(ValueError):
    """A setting that cannot be used; the message names it and says what would do."""


def apply_defaults() -> None:
    """Put the default of every setting that is absent or empty into the environment."""
    for name, value in DEFAULTS.items():
        if not os.environ.get(name):
            os.environ[name] = value


@dataclass(frozen=True)
class Settings:
    """What the environment says, checked. Paths are resolved against the current folder."""

    host: str
    port: int
    workspace: Path
    models: Path
    weights: str
    roots: tuple[Path, ...]
    token: str
    cors_origins: tuple[str, ...]
    max_body_mb: float
    max_docs: int
    max_duration_s: float
    concurrency: int
    queue_wait_s: float
    timeout_s: float
    precision: str
    device: str
    log: str

    @property
    def index_path(self) -> Path:
        return self.workspace / 'index.sqlite'

    @property
    def media(self) -> Path:
        """Where uploaded audio is kept."""
        return self.workspace / 'media'

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> 'Settings':
        """Raise SettingsError for a value that is not of its setting's kind."""

        def text(name: str) -> str:
            return environ.get(name) or DEFAULTS[name]

        def number(name: str, least: float) -> float:
            try:
                value = float(text(name))
            except ValueError:
                value = float('nan')
            if not value >= least:
                raise SettingsError(
                    f'{name} is {text(name)!r}; set it to a number of at least {least:g}'
                )
            return value

        def whole(name: str, least: int) -> int:
            value = number(name, least)
            if value != int(value):
                raise SettingsError(f'{name} is {text(name)!r}; set it to a whole number')
            return int(value)

        def choice(name: str, known: tuple[str, ...]) -> str:
            if text(name) not in known:
                raise SettingsError(f'{name} is {text(name)!r}; set it to {" or ".join(known)}')
            return text(name)

        workspace = Path(text('AUDIO_SEARCH_WORKSPACE')).resolve()
        port = whole('AUDIO_SEARCH_PORT', 1)
        if port > 65535:
            raise SettingsError(f'AUDIO_SEARCH_PORT is {port}; set it to a number up to 65535')
        return cls(
            host=text('AUDIO_SEARCH_HOST'),
            port=port,
            workspace=workspace,
            models=Path(text('AUDIO_SEARCH_MODELS')),
            weights=text('AUDIO_SEARCH_WEIGHTS'),
            roots=split_roots(text('AUDIO_SEARCH_ROOTS')),
            token=text('AUDIO_SEARCH_TOKEN'),
            cors_origins=tuple(
                origin.strip() for origin in text('AUDIO_SEARCH_CORS_ORIGINS').split(',')
            ),
            max_body_mb=number('AUDIO_SEARCH_MAX_BODY_MB', 0.001),
            max_docs=whole('AUDIO_SEARCH_MAX_DOCS', 1),
            max_duration_s=number('AUDIO_SEARCH_MAX_DURATION_S', 1),
            concurrency=whole('AUDIO_SEARCH_CONCURRENCY', 1),
            queue_wait_s=number('AUDIO_SEARCH_QUEUE_WAIT_S', 0),
            timeout_s=number('AUDIO_SEARCH_TIMEOUT_S', 1),
            precision=choice('AUDIO_SEARCH_PRECISION', PRECISIONS),
            device=text('AUDIO_SEARCH_DEVICE'),
            log=text('AUDIO_SEARCH_LOG') or str(workspace / 'service.log'),
        )


def split_roots(roots: str) -> tuple[Path, ...]:
    """Folders separated as in PATH -> resolved paths, in order."""
    return tuple(Path(root).resolve() for root in roots.split(os.pathsep) if root)
