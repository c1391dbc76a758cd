"""What a clip is called, and its label."""

from pathlib import PurePosixPath
from typing import Any


def file_name(uri: str | None, tags: dict[str, Any]) -> str:
    """What a clip is called: as it was uploaded, else the last part of its uri."""
    name = tags.get('file') or PurePosixPath((uri or '').split('#')[0]).name
    return str(name) if name else 'unnamed clip'


def label_of(tags: dict[str, Any]) -> str:
    label = tags.get('label')
    return '' if label is None else str(label)
