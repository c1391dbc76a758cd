"""Sound that arrives in a request, as files below the media folder."""

import base64
import binascii
import hashlib
import mimetypes
import os
import re
import shutil
import tempfile
import urllib.parse
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from audio_search.audio.sources import MediaError

# What uploads are called that no system knows a suffix for.
SUFFIXES = {'audio/webm': '.webm', 'audio/ogg': '.ogg', 'audio/mp4': '.m4a', 'audio/wav': '.wav'}


@dataclass(frozen=True)
class Upload:
    """A sound on disk. `uri` is relative to the media folder; `kept_uri` is the one it has, or
    would have, as an indexed clip's. `is_new` unless that sound was there before."""

    uri: str
    kept_uri: str
    name: str
    is_new: bool


class Uploads:
    """Keeps each sound once, as HASH/NAME: the same sound under the same name is the same uri."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._incoming = folder / '.incoming'

    def open(self) -> None:
        """Make the folder, and drop what an interrupted run left there."""
        shutil.rmtree(self._incoming, ignore_errors=True)
        self._incoming.mkdir(parents=True, exist_ok=True)

    def save(self, blocks: Iterable[bytes], name: str, keep: bool) -> Upload:
        """Write the sound to disk: for an indexed clip if `keep`, else until `remove`."""
        name = safe_name(name)
        digest = hashlib.sha256()
        folder = Path(tempfile.mkdtemp(dir=self._incoming))
        try:
            with (folder / name).open('wb') as file:
                for block in blocks:
                    digest.update(block)
                    file.write(block)
                file.flush()
                os.fsync(file.fileno())
            kept_uri = f'{digest.hexdigest()[:32]}/{name}'
            if not keep:
                uri = f'{self._incoming.name}/{folder.name}/{name}'
                return Upload(uri, kept_uri, name, is_new=True)
            target = self.folder / kept_uri
            is_new = not target.exists()
            target.parent.mkdir(exist_ok=True)
            os.replace(folder / name, target)
            folder.rmdir()
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return Upload(kept_uri, kept_uri, name, is_new)

    def save_data_uri(self, uri: str, keep: bool) -> Upload:
        """As `save`, for the sound in a data: URI (RFC 2397). MediaError if it holds none."""
        sound, media_type = decode_data_uri(uri)
        suffix = SUFFIXES.get(media_type) or mimetypes.guess_extension(media_type) or ''
        return self.save([sound], f'sound{suffix}', keep)

    def holds(self, uri: str | None) -> bool:
        """Whether the uri is one that `save` gave, and not a part of it."""
        return re.fullmatch(r'[0-9a-f]{32}/[^/#]+', uri or '') is not None

    def remove(self, uri: str) -> None:
        """Forget a sound; one that is not there is forgotten already."""
        path = self.folder / uri
        path.unlink(missing_ok=True)
        if path.parent.is_dir() and not any(path.parent.iterdir()):
            path.parent.rmdir()

    def clear(self) -> None:
        """Forget every sound."""
        for folder in self.folder.glob('[0-9a-f]' * 32):
            shutil.rmtree(folder, ignore_errors=True)


def decode_data_uri(uri: str) -> tuple[bytes, str]:
    """(sound, media type). Raises MediaError where the text is not a data: URI with a sound."""
    head, comma, body = uri.partition(',')
    *_, media_type = head.removeprefix('data:').split(';')[0:1]
    try:
        if not comma:
            raise ValueError('no comma')
        if head.endswith(';base64'):
            sound = base64.b64decode(urllib.parse.unquote_to_bytes(body), validate=True)
        else:
            sound = urllib.parse.unquote_to_bytes(body)
    except (ValueError, binascii.Error):
        raise MediaError(
            'the data: URI cannot be decoded; write data:audio/wav;base64, and the file in base64'
        ) from None
    if not sound:
        raise MediaError('the data: URI is empty; put the sound after the comma')
    return sound, media_type.strip().lower()


def safe_name(name: str) -> str:
    """The last part of a client's file name, without what a path or a uri would read into it."""
    last = PurePosixPath(name.replace('\\', '/')).name
    kept = re.sub(r'[^\w.() -]', '_', last).strip(' .')
    stem, dot, suffix = kept.rpartition('.')
    if not stem:
        stem, dot, suffix = suffix, '', ''
    # File systems take 255 bytes, and a letter may have four.
    stem = stem.encode()[:150].decode(errors='ignore')
    return f'{stem}{dot}{suffix[:8]}' or 'sound'
