"""Files, whatever is in them: what is on the disk, and its hash."""

import hashlib
import os
from pathlib import Path


def sha256(path: Path) -> str:
    """The SHA-256 of a file as hex digits, read block by block. Raises OSError."""
    with path.open('rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()


def sync(path: Path) -> None:
    """Return when a file's contents, or a folder's list of names, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
