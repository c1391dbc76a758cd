"""What this process changes in itself for libraries that can be told in no other way.

Only this module changes the environment and `sys.modules`, so that whoever wonders where a variable
or a missing module comes from has one place to look.
"""

import os
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO


def set_environment(values: Mapping[str, str]) -> None:
    """Set variables, for this process and those it starts."""
    os.environ.update(values)


def set_defaults(values: Mapping[str, str]) -> None:
    """Set those of the variables that are absent or empty."""
    for name, value in values.items():
        if not os.environ.get(name):
            os.environ[name] = value


@contextmanager
def hidden(*names: str) -> Iterator[None]:
    """Importing one of these modules fails meanwhile, unless it is loaded already. Libraries that
    import what they can do without then go on without it."""
    absent = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


_stderr = threading.Lock()
STDERR = 2  # the file descriptor, which C libraries write to


@contextmanager
def stderr_without(beginning: bytes) -> Iterator[None]:
    """Lines that begin so, which a C library writes to stderr meanwhile, are dropped; what else is
    written there comes when it is over. One thread at a time."""
    with _stderr, _in_memory() as caught:
        saved = os.dup(STDERR)
        os.dup2(caught.fileno(), STDERR)
        try:
            yield
        finally:
            os.dup2(saved, STDERR)
            os.close(saved)
            caught.seek(0)
            for line in caught:
                if not line.startswith(beginning):
                    os.write(STDERR, line)


def _in_memory() -> IO[bytes]:
    """A file that needs no folder where the system has such: there may be none to write to."""
    if hasattr(os, 'memfd_create'):
        return os.fdopen(os.memfd_create('stderr'), 'w+b')
    return tempfile.TemporaryFile()
