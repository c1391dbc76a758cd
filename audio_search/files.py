"""Files, whatever is in them."""

import hashlib
from pathlib import Path


def sha256(path: Path) -> str:
    """The SHA-256 of a file as hex digits, read block by block. Raises OSError."""
    with path.open('rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()
