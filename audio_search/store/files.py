"""Files that have to be whole: what is on the disk, and what is in it."""

import hashlib
import os
from pathlib import Path


def sync(path: Path) -> None:
    """Return when a file's contents, or a folder's list of names, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def digest(path: Path) -> str:
    """The SHA-256 of a file, 64 hex digits. Raises OSError."""
    with path.open('rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()
