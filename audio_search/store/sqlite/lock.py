"""One service per index: a lock that ends with the process that holds it."""

import fcntl
import os
import time
from pathlib import Path

from audio_search.store.errors import IndexFileError

# Whoever holds the lock may be just ending, or only checking: wait this long before refusing.
WAIT_S = 1.0
POLL_S = 0.02


class Lock:
    """An exclusive flock on `<index>.lock`.

    The kernel releases it when the process ends, however it ends, so no lock is ever stale. The
    file stays: removing it would let two processes lock two files of the same name.
    """

    def __init__(self, path: Path) -> None:
        """Raise IndexFileError when another process holds the lock of the index at `path`."""
        self._descriptor = _acquire(path)

    def release(self) -> None:
        os.close(self._descriptor)


def refuse_if_locked(path: Path) -> None:
    """Raise IndexFileError when a service uses the index at `path`. Makes no file."""
    if _lock_path(path).exists():
        os.close(_acquire(path))


def _lock_path(path: Path) -> Path:
    return path.with_name(path.name + '.lock')


def _acquire(path: Path) -> int:
    lock_path = _lock_path(path)
    try:
        descriptor = os.open(lock_path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise IndexFileError(
            f'The index {path} cannot be locked, since {lock_path} cannot be written '
            f'({error.strerror}): make it writable, or set another workspace'
        ) from error
    deadline = time.monotonic() + WAIT_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(descriptor)
                raise IndexFileError(
                    f'The index {path} is in use by another service: stop that one, or give this '
                    'one a workspace of its own'
                ) from None
            time.sleep(POLL_S)
