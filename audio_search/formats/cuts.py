"""The matched parts of files, cut out as WAV files."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from audio_search.audio.cutting import cut
from audio_search.audio.decoding import AudioError
from audio_search.formats.hits import Hit, resolved
from audio_search.roots import Roots

MAX_NAME = 100  # characters of the clip's name; file systems take 255 bytes in all


class CutError(ValueError):
    """Nothing was cut; the message says why, and what to do."""


@dataclass(frozen=True)
class Cuts:
    """The files that were written, in the order of the hits, and one sentence for each hit that
    could not be cut."""

    written: tuple[Path, ...]
    problems: tuple[str, ...]


def cut_hits(
    hits: Sequence[Hit],
    folder: Path,
    roots: Roots,
    *,
    before_s: float = 0.0,
    after_s: float = 0.0,
) -> Cuts:
    """Write the part of each hit to `folder`, from `before_s` before it until `after_s` after it.

    The files are named `<distance>_<clip>_<begin>_<end>.wav`, after the hit itself, so that a
    folder sorted by name has the nearest first. `roots` are where the files of the hits are.

    Raises CutError where one of those names is taken, before anything is written, or where `folder`
    cannot be written.
    """
    targets = [folder / name for name in names_of(hits)]
    taken = next((target for target in targets if target.exists() or target.is_symlink()), None)
    if taken:
        raise CutError(f'{taken} exists already; remove it, or choose another folder')
    paths = resolved((hit.file for hit in hits), roots)
    written, problems = [], []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for hit, target in zip(hits, targets, strict=True):
            beg_s, end_s = hit.span
            if hit.file not in paths:
                problems.append(f'{hit.file} is gone or may not be read; its part was not cut')
                continue
            try:
                cut(paths[hit.file], beg_s - before_s, end_s + after_s, target)
            except AudioError as error:
                problems.append(f'{hit.file} could not be cut: {error}')
                continue
            written.append(target)
    except OSError as error:
        raise CutError(
            f'{error.filename or folder} cannot be written ({error.strerror or error}); '
            'choose another folder, or make room'
        ) from error
    return Cuts(tuple(written), tuple(problems))


def names_of(hits: Iterable[Hit]) -> list[str]:
    """The file name of each hit. Characters that mean something to a file system or a shell become
    an underscore, so no name leads out of its folder; equal names are numbered."""
    names: list[str] = []
    taken: set[str] = set()
    for hit in hits:
        clip = re.sub(r'[^\w.-]+', '_', PurePosixPath(hit.file).stem)[:MAX_NAME] or 'clip'
        beg_s, end_s = hit.span
        stem = f'{hit.distance:.3f}_{clip}_{_seconds(beg_s)}_{_seconds(end_s)}'
        name, number = stem, 1
        while name.casefold() in taken:
            number += 1
            name = f'{stem}_{number}'
        taken.add(name.casefold())
        names.append(f'{name}.wav')
    return names


def _seconds(seconds: float) -> str:
    """Milliseconds at most, without zeros at the end: 4, 2.5."""
    return f'{seconds:.3f}'.rstrip('0').rstrip('.')
