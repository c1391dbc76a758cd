"""The Python to run with. Needs the standard library alone: it runs where nothing is installed."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
ENVIRONMENT = CHECKOUT / '.venv'  # made by `make setup`
NEEDED = ('jina', 'docarray', 'numpy', 'soundfile', 'rich', 'typer', 'httpx')


def use_environment():  # type: () -> None
    """Go on where the packages are installed: here, or in the checkout's .venv, from the beginning.

    Ends the process with one sentence where they are in neither.
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if not missing:
        return
    python = ENVIRONMENT / 'bin' / 'python'
    if python.exists() and Path(sys.prefix).resolve() != ENVIRONMENT.resolve():
        os.execv(python, [str(python), *sys.argv])
    print(
        f'audio-search: {sys.executable} lacks the packages that are needed '
        f'({", ".join(missing)}); run `make setup` in {CHECKOUT}, which installs them into .venv',
        file=sys.stderr,
    )
    sys.exit(1)
