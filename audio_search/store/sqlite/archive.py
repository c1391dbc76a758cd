"""The file that a backup is: an uncompressed tar of the index, uploaded sounds and a manifest.

One file is easily carried and cannot be copied in parts, and any tar program unpacks it. It is not
compressed, because sounds mostly are and embeddings hardly can be. `manifest.json` has the size and
the SHA-256 of each member; it comes last, when these are known, so that everything is read once. A
tar without it was cut.
"""

import hashlib
import io
import json
import os
import re
import tarfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from audio_search.files import sync
from audio_search.store.errors import IndexFileError

INDEX = 'index.sqlite'
MEDIA = 'media'
MANIFEST = 'manifest.json'
FORMAT = 1
# The uri of an uploaded sound, and of a part of it: see service.uploads.
UPLOAD = re.compile(r'([0-9a-f]{32}/[^/#]+)(#.*)?')
BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class Member:
    """What the manifest says of a file: its size in bytes, and its SHA-256."""

    size: int
    sha256: str


class Writer:
    """Writes members to a tar, and at the end its manifest."""

    def __init__(self, file: IO[bytes]) -> None:
        self._tar = tarfile.open(fileobj=file, mode='w', format=tarfile.PAX_FORMAT)  # noqa: SIM115
        self._members: dict[str, Member] = {}

    def add(self, name: str, file: IO[bytes]) -> None:
        """Add a file of the disk. Raises OSError."""
        status = os.fstat(file.fileno())
        info = tarfile.TarInfo(name)
        info.size, info.mtime = status.st_size, int(status.st_mtime)
        hashed = _Hashed(file)
        self._tar.addfile(info, hashed)  # type: ignore[arg-type]  # it only reads
        self._members[name] = Member(info.size, hashed.digest.hexdigest())

    def finish(self) -> None:
        members = {name: asdict(member) for name, member in self._members.items()}
        text = json.dumps({'format': FORMAT, 'members': members}, indent=1).encode()
        info = tarfile.TarInfo(MANIFEST)
        info.size = len(text)
        self._tar.addfile(info, io.BytesIO(text))
        self._tar.close()


def unpack(archive: Path, folder: Path) -> int:
    """Unpack a backup into an empty folder, with everything on the disk; how many sounds it has.

    Raises IndexFileError, naming the member, where it is not as it was written, and OSError.
    """
    found: dict[str, Member] = {}
    manifest: dict[str, Member] | None = None
    at = 'its beginning'
    try:
        with tarfile.open(archive, 'r:') as tar:
            for info in tar:
                at = info.name
                content = tar.extractfile(info) if info.isreg() else None
                if content is None or not _is_expected(info.name):
                    raise IndexFileError(
                        f'{archive} is not a backup of this program: it has {info.name!r} in it'
                    )
                if info.name == MANIFEST:
                    manifest = _parse(archive, content.read())
                else:
                    found[info.name] = _write(content, folder / info.name)
    except (tarfile.TarError, ValueError, KeyError, TypeError) as error:
        raise _damaged(archive, f'{at} is cut or altered') from error
    if manifest is None:
        raise _damaged(archive, f'it is cut, or altered, behind {at}')
    for name in manifest | found:
        if name not in found:
            raise _damaged(archive, f'{name} is missing')
        if found[name] != manifest.get(name):
            raise _damaged(archive, f'{name} is altered')
    for inner in folder.rglob('*'):
        if inner.is_dir():
            sync(inner)
    sync(folder)
    return len(found) - 1


def _is_expected(name: str) -> bool:
    media, _, uri = name.partition('/')
    is_upload = media == MEDIA and (match := UPLOAD.fullmatch(uri)) is not None and not match[2]
    return name in (INDEX, MANIFEST) or (is_upload and not uri.endswith(('/.', '/..')))


def _parse(archive: Path, text: bytes) -> dict[str, Member]:
    manifest = json.loads(text)
    if manifest['format'] != FORMAT:
        raise IndexFileError(
            f'The backup {archive} has the format {manifest["format"]}, this program reads '
            f'{FORMAT}: use the version of the program that made it'
        )
    members = {name: Member(**member) for name, member in manifest['members'].items()}
    if INDEX not in members:
        raise ValueError('no index')
    return members


def _write(content: IO[bytes], path: Path) -> Member:
    path.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with path.open('xb') as file:
        while block := content.read(BLOCK_BYTES):
            file.write(block)
            digest.update(block)
            size += len(block)
        file.flush()
        os.fsync(file.fileno())
    return Member(size, digest.hexdigest())


def _damaged(archive: Path, how: str) -> IndexFileError:
    return IndexFileError(
        f'The backup {archive} cannot be restored, since {how}: use another one; nothing was '
        'changed'
    )


class _Hashed:
    """A file that hashes what is read of it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int) -> bytes:
        block = self._file.read(size)
        self.digest.update(block)
        return block
