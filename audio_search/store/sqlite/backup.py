"""A backup of an index with its uploaded sounds, also while a service writes to it."""

import json
import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from audio_search.files import sync
from audio_search.store.errors import IndexFileError
from audio_search.store.sqlite import archive, schema
from audio_search.store.sqlite.copying import claim, copy_database, remove_database


@dataclass(frozen=True)
class Backup:
    """How many uploaded sounds it has, and one sentence for each that could not be taken."""

    sounds: int
    warnings: tuple[str, ...]


def backup(index: Path, media: Path, target: Path) -> Backup:
    """Write the index, and those of the uploaded sounds in the folder `media` that it refers to, to
    one new file (`archive` says why a tar).

    The index is as it is at one moment. A sound that is missing is named in the warnings, and the
    backup goes on. `target` appears when it is whole and on the disk; the folder that it is in
    takes the index twice meanwhile. Raises IndexFileError where `target` exists or is not writable,
    or where `index` is not an index.
    """
    index = index.resolve()
    if not index.exists():
        raise IndexFileError(f'There is no index {index} to back up; index something first')
    schema.read_configuration(index)
    if target.exists():
        raise _exists(target)
    copy = target.with_name(f'.{target.name}.index')
    partial = target.with_name(f'.{target.name}.partial')
    try:
        copy_database(index, copy)
        with partial.open('wb') as file:
            made = _write(archive.Writer(file), copy, media)
        sync(partial)
        claim(partial, target)
    except FileExistsError:
        raise _exists(target) from None
    except (OSError, sqlite3.Error) as error:
        raise IndexFileError(
            f'{target} cannot be written ({error}): choose a folder that exists, is writable and '
            'has room'
        ) from error
    finally:
        remove_database(copy)
        partial.unlink(missing_ok=True)
    return made


def _write(writer: archive.Writer, copy: Path, media: Path) -> Backup:
    with copy.open('rb') as file:
        writer.add(archive.INDEX, file)
    sounds, warnings = 0, []
    for uri, path in sorted(_uploads(copy).items()):
        try:
            file = (media / uri).open('rb')
        except OSError as error:
            if not path or not os.path.exists(path):  # else it is a file below another root
                warnings.append(
                    f'The sound {media / uri} cannot be read ({error.strerror}): its clip is in '
                    'the backup without it'
                )
            continue
        with file:
            writer.add(f'{archive.MEDIA}/{uri}', file)
        sounds += 1
    writer.finish()
    return Backup(sounds, tuple(warnings))


def _uploads(copy: Path) -> dict[str, str | None]:
    """The uris of uploaded sounds, below the media folder, and the paths that they had."""
    uploads = {}
    with closing(schema.connect(copy, writable=False, immutable=True)) as db:
        for uri, source in db.execute('SELECT uri, source FROM clips WHERE uri IS NOT NULL'):
            if match := archive.UPLOAD.fullmatch(uri):
                uploads[match[1]] = json.loads(source or '{}').get('path')
    return uploads


def _exists(target: Path) -> IndexFileError:
    return IndexFileError(f'{target} exists already: move it away, or choose another name')
