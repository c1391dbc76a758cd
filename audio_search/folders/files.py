"""Sound files: in folders, by glob patterns, and from lists."""

import glob
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from audio_search.audio.formats import is_sound
from audio_search.audio.sources import MediaError, split_fragment

Unreadable = Callable[[str, str], None]  # is told a folder and why it cannot be read


def _ignore(folder: str, why: str) -> None:
    pass


class NoFiles(ValueError):
    """What was named is not there; the message says what to do."""


@dataclass(frozen=True, slots=True)
class SoundFile:
    """A file: its absolute `path` with all links followed, the `name` it was found by, and the
    `folder` it was found below. `part` is empty, or the `#t=BEGIN,END` that a list names."""

    path: str
    name: str
    folder: str
    part: str = ''

    @property
    def uri(self) -> str:
        return self.path + self.part


def expand(paths: Iterable[str]) -> list[str]:
    """What was named on the command line, as absolute paths: patterns expanded, and without what
    lies in another one of them. Raises NoFiles for what is not there."""
    found: list[str] = []
    for path in paths:
        absolute = os.path.abspath(os.path.expanduser(path))
        if os.path.lexists(absolute):
            found.append(absolute)
            continue
        matches = sorted(glob.glob(absolute, recursive=True)) if glob.has_magic(path) else []
        if not matches:
            what = 'no file fits it' if glob.has_magic(path) else 'it does not exist'
            raise NoFiles(f'{path}: {what}; check the path, it is case-sensitive')
        found.extend(matches)
    folders = {path for path in found if os.path.isdir(path)}
    return [
        path
        for path in dict.fromkeys(found)
        if not any(str(parent) in folders for parent in Path(path).parents)
    ]


def find(paths: Iterable[str], unreadable: Unreadable = _ignore) -> Iterator[SoundFile]:
    """The sound files below folders, sorted folder by folder, and files as they are named.

    Hidden files and folders are left out. Links are followed, and a folder that several lead to is
    visited once, so that loops end. Memory grows with the largest folder and the number of folders.
    """
    visited: set[tuple[int, int]] = set()
    for path in paths:
        if os.path.isdir(path):
            yield from _walk(path, visited, unreadable)
        else:
            yield named(path)


def named(text: str) -> SoundFile:
    """A file as a list names it; `#t=BEGIN,END` may follow."""
    path, part = text, ''
    if not os.path.lexists(text):
        try:
            path = split_fragment(text)[0]
            part = text[len(path) :]
        except MediaError:  # the service says what is wrong with it
            pass
    path = os.path.abspath(os.path.expanduser(path))
    return SoundFile(os.path.realpath(path), path, os.path.dirname(path), part)


def listed(lines: Iterable[str], unreadable: Unreadable = _ignore) -> Iterator[SoundFile]:
    """The files, and those in the folders, that a list names, one on each line."""
    for line in lines:
        text = line.rstrip('\r\n')
        if os.path.isdir(os.path.expanduser(text)):
            yield from find([os.path.abspath(os.path.expanduser(text))], unreadable)
        elif text:
            yield named(text)


def _walk(top: str, visited: set[tuple[int, int]], unreadable: Unreadable) -> Iterator[SoundFile]:
    folders = [top]
    while folders:
        folder = folders.pop()
        try:
            status = os.stat(folder)
            if (status.st_dev, status.st_ino) in visited:
                continue
            visited.add((status.st_dev, status.st_ino))
            with os.scandir(folder) as entries:
                shown = sorted(
                    (entry.name, _is_folder(entry), entry.is_symlink())
                    for entry in entries
                    if not entry.name.startswith('.')
                )
        except OSError as error:
            unreadable(folder, error.strerror or str(error))
            continue
        folders.extend(
            os.path.join(folder, name) for name, is_folder, _ in reversed(shown) if is_folder
        )
        real = os.path.realpath(folder)
        for name, is_folder, is_link in shown:
            if not is_folder and is_sound(name):
                path = os.path.join(real, name)
                yield SoundFile(
                    os.path.realpath(path) if is_link else path, os.path.join(folder, name), top
                )


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a loop of links
        return False


def version(path: str) -> tuple[int, int] | None:
    """(size, time stamp) of a file, by which a change is noticed; None where there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return (status.st_size, status.st_mtime_ns) if stat.S_ISREG(status.st_mode) else None
