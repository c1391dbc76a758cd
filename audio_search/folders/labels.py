"""Tags that the name of a file says."""

import os
import re
from collections.abc import Callable
from typing import Any

from audio_search.folders.files import SoundFile

Tags = dict[str, Any]


class LabelError(ValueError):
    """A rule that cannot be used; the message says why."""


def rule(text: str) -> Callable[[SoundFile], Tags]:
    """How tags follow from a file: `folder` (the one it is in), `name` (its words: birds for
    143_birds.mp3), or a regular expression that is searched in the path below its folder.

    Named groups of an expression become tags of those names; without them the first group, or else
    the match, is the label. Raises LabelError.
    """
    if text == 'folder':
        return lambda file: {'label': os.path.basename(os.path.dirname(file.name))}
    if text == 'name':
        return lambda file: {'label': _words(file.name)}
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise LabelError(
            f'{text!r} is neither folder nor name, and no regular expression ({error})'
        ) from None
    return lambda file: _matched(pattern, os.path.relpath(file.name, file.folder))


def _words(path: str) -> str:
    """The name without its suffix and without numbers and separators at both ends."""
    stem = os.path.splitext(os.path.basename(path))[0]
    return re.sub(r'^[\W\d_]+|[\W\d_]+$', '', stem) or stem


def _matched(pattern: re.Pattern[str], path: str) -> Tags:
    match = pattern.search(path)
    if match is None:
        return {}
    if pattern.groupindex:
        return {name: value for name, value in match.groupdict().items() if value is not None}
    label = match[1] if pattern.groups else match[0]
    return {} if label is None else {'label': label}
