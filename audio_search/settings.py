"""The settings of the service: one name each in the environment, a default that works."""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from audio_search.roots import Roots
from audio_search.vggish.parameters import POOLINGS, PRECISIONS

CHECKOUT = Path(__file__).resolve().parents[1]  # holds flow.yml, executors/ and models/

# Jina's YAML fails on a ${{ ENV.NAME }} that is not set, so these are put into the environment
# before flow.yml is loaded.
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
    'AUDIO_SEARCH_MAX_DURATION_S': '86400',
    'AUDIO_SEARCH_MAX_UPLOAD_S': '3600',
    'AUDIO_SEARCH_CONCURRENCY': '4',
    'AUDIO_SEARCH_QUEUE_WAIT_S': '30',
    'AUDIO_SEARCH_TIMEOUT_S': '900',
    'AUDIO_SEARCH_POOLING': 'concat',
    'AUDIO_SEARCH_PRECISION': 'auto',
    'AUDIO_SEARCH_DEVICE': 'auto',
    'AUDIO_SEARCH_ENCODERS': '1',
    'AUDIO_SEARCH_LOG': '',
    'AUDIO_SEARCH_PAGE': 'on',
    # Where flow-cluster.yml finds executors that run by themselves: host:port, several with commas.
    'AUDIO_SEARCH_SEGMENTER_AT': '127.0.0.1:52001',
    'AUDIO_SEARCH_ENCODER_AT': '127.0.0.1:52002',
    'AUDIO_SEARCH_INDEXER_AT': '127.0.0.1:52003',
    'AUDIO_SEARCH_RANKER_AT': '127.0.0.1:52004',
    # What flow-milvus.yml tells the indexer, see executors/milvus_indexer.py.
    'MILVUS_URI': 'http://127.0.0.1:19530',
    'MILVUS_TOKEN': '',
    'MILVUS_DATABASE': '',
    'MILVUS_CA': '',
    'MILVUS_COLLECTION': 'clips',
    'MILVUS_CONSISTENCY': 'session',
    'MILVUS_INDEX': 'FLAT',
}

NAMED_ROOT = re.compile(r'([A-Za-z0-9_][\w.-]*)=(?=.)')
STDERR = '-'  # as AUDIO_SEARCH_LOG
SWITCH = ('on', 'off')


class SettingsError(ValueError):
    """A setting that cannot be used; the message names it and says what would do."""


@dataclass(frozen=True)
class Settings:
    """What the environment says, checked. Paths are absolute, `~` stands for the home folder."""

    host: str
    port: int
    workspace: Path
    models: Path
    weights: str
    roots: Roots
    token: str
    cors_origins: tuple[str, ...]
    max_body_mb: float
    max_docs: int
    max_duration_s: float
    max_upload_s: float
    concurrency: int
    queue_wait_s: float
    timeout_s: float
    pooling: str
    precision: str
    device: str
    encoders: int
    log: str
    page: bool

    @property
    def index_path(self) -> Path:
        return self.workspace / 'index.sqlite'

    @property
    def media(self) -> Path:
        """Where uploaded audio is kept."""
        return self.workspace / 'media'

    @property
    def log_file(self) -> Path:
        """Where the log is kept; where it goes to stderr, where the tracebacks are kept."""
        return self.workspace / 'service.log' if self.log == STDERR else Path(self.log)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> 'Settings':
        """Raise SettingsError for a value that is not of its setting's kind."""

        def text(name: str) -> str:
            return environ.get(name) or DEFAULTS[name]

        def number(name: str, minimum: float) -> float:
            try:
                value = float(text(name))
            except ValueError:
                value = float('nan')
            if not value >= minimum:
                raise SettingsError(
                    f'{name} is {text(name)!r}; set it to a number of at least {minimum:g}'
                )
            return value

        def whole(name: str, minimum: int) -> int:
            value = number(name, minimum)
            if value != int(value):
                raise SettingsError(f'{name} is {text(name)!r}; set it to a whole number')
            return int(value)

        def choice(name: str, known: tuple[str, ...]) -> str:
            if text(name) not in known:
                raise SettingsError(f'{name} is {text(name)!r}; set it to {" or ".join(known)}')
            return text(name)

        workspace = expand(text('AUDIO_SEARCH_WORKSPACE'))
        weights = text('AUDIO_SEARCH_WEIGHTS')
        log = text('AUDIO_SEARCH_LOG') or str(workspace / 'service.log')
        port = whole('AUDIO_SEARCH_PORT', 1)
        if port > 65535:
            raise SettingsError(f'AUDIO_SEARCH_PORT is {port}; set it to a number up to 65535')
        return cls(
            host=text('AUDIO_SEARCH_HOST'),
            port=port,
            workspace=workspace,
            models=models_folder(text('AUDIO_SEARCH_MODELS')),
            weights=str(expand(weights)) if weights.startswith('~') else weights,
            roots=split_roots(text('AUDIO_SEARCH_ROOTS')),
            token=text('AUDIO_SEARCH_TOKEN'),
            cors_origins=tuple(
                origin.strip() for origin in text('AUDIO_SEARCH_CORS_ORIGINS').split(',')
            ),
            max_body_mb=number('AUDIO_SEARCH_MAX_BODY_MB', 0.001),
            max_docs=whole('AUDIO_SEARCH_MAX_DOCS', 1),
            max_duration_s=number('AUDIO_SEARCH_MAX_DURATION_S', 1),
            max_upload_s=number('AUDIO_SEARCH_MAX_UPLOAD_S', 1),
            concurrency=whole('AUDIO_SEARCH_CONCURRENCY', 1),
            queue_wait_s=number('AUDIO_SEARCH_QUEUE_WAIT_S', 0),
            timeout_s=number('AUDIO_SEARCH_TIMEOUT_S', 1),
            pooling=choice('AUDIO_SEARCH_POOLING', POOLINGS),
            precision=choice('AUDIO_SEARCH_PRECISION', PRECISIONS),
            device=text('AUDIO_SEARCH_DEVICE'),
            encoders=whole('AUDIO_SEARCH_ENCODERS', 1),
            log=log if log == STDERR else str(expand(log)),
            page=choice('AUDIO_SEARCH_PAGE', SWITCH) == 'on',
        )

    def environment(self) -> dict[str, str]:
        """The paths that flow.yml hands to executors, by their names in the environment."""
        # A path that holds the separator would read as two. It was given relative to the current
        # folder, the only way it can be given, and executors have the same current folder.
        called = {folder: f'{name}=' for name, folder in self.roots.names.items()}
        roots = [
            called.get(root, '')
            + (f'./{os.path.relpath(root)}' if os.pathsep in str(root) else str(root))
            for root in self.roots
        ]
        return {
            'AUDIO_SEARCH_WORKSPACE': str(self.workspace),
            'AUDIO_SEARCH_MODELS': str(self.models),
            'AUDIO_SEARCH_WEIGHTS': self.weights,
            'AUDIO_SEARCH_ROOTS': os.pathsep.join(roots),
        }


def split_roots(roots: str) -> Roots:
    """Folders separated as in PATH -> absolute paths, in order. An entry NAME=FOLDER has a name;
    a folder that is called so itself is written ./NAME=FOLDER.

    Raises SettingsError for an empty entry: in PATH it would be the current folder, which nobody
    who wrote one separator too many wants to open to readers. So it does for two equal names, and
    for a folder that has two.
    """
    entries = roots.split(os.pathsep)
    if not all(entries):
        raise SettingsError(
            f'AUDIO_SEARCH_ROOTS is {roots!r} and has an empty entry; '
            f'remove the {os.pathsep!r} that is too many, or write . for the current folder'
        )
    folders: list[Path] = []
    names: dict[str, Path] = {}
    for entry in entries:
        named = NAMED_ROOT.match(entry)
        folder = expand(entry[named.end() :] if named else entry)
        folders.append(folder)
        if named and (named[1] in names or folder in names.values()):
            raise SettingsError(
                f'AUDIO_SEARCH_ROOTS is {roots!r} and names {named[1]} or its folder twice; '
                'give each folder one name'
            )
        if named:
            names[named[1]] = folder
    return Roots(folders, names)


def check_roots(roots: Iterable[Path]) -> None:
    """Raise SettingsError for the first root that is not a folder whose files could be read."""
    for root in roots:
        try:
            with os.scandir(root):
                continue
        except FileNotFoundError:
            problem = 'does not exist'
        except NotADirectoryError:
            problem = 'is not a folder'
        except OSError as error:
            problem = f'cannot be read ({error.strerror})'
        raise SettingsError(
            f'AUDIO_SEARCH_ROOTS names {root}, which {problem}; correct the entry, or leave it out'
        )


def expand(path: str) -> Path:
    """The absolute path; `~` and `~name` are home folders also where the shell left them alone."""
    return Path(os.path.realpath(os.path.expanduser(path)))


def models_folder(folder: str) -> Path:
    """The default is the folder of the checkout, wherever the service is started."""
    path = expand(folder)
    in_checkout = CHECKOUT / folder
    default = folder == DEFAULTS['AUDIO_SEARCH_MODELS']
    return in_checkout if default and not path.exists() and in_checkout.exists() else path
