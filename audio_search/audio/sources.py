"""What a uri names: a file below an allowed root, or a part of one."""

import hashlib
import os
import re
import stat
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from audio_search.errors import Kind
from audio_search.files import sha256
from audio_search.roots import Roots

FRAGMENT = re.compile(r'#t=([^#]*)$')
SCHEME = re.compile(r'^([A-Za-z][A-Za-z0-9+.-]+):')


class MediaError(ValueError):
    """A uri that names no file that can be used; the message says why and what to do."""


class MediaForbidden(MediaError):
    """A uri that points outside the allowed roots, whether or not a file is there."""

    kind = Kind.REFUSED


@dataclass(frozen=True)
class Source:
    """A file that a uri names, and the part of it. `place` is what the file is known by: see
    `Roots.place`."""

    path: Path
    place: str
    beg_s: float
    end_s: float | None  # None: to the end of the file
    size: int
    mtime_ns: int

    @property
    def id(self) -> str:
        return clip_id(self.place, self.beg_s, self.end_s)

    def relative_uri(self, roots: Roots) -> str:
        """The uri under which it is stored; see `relative_uri`."""
        return relative_uri(self.path, roots, self.beg_s, self.end_s)

    def fingerprint(self) -> dict[str, Any]:
        """Identifies this version of the file; a JSON object. Raises OSError."""
        return {**self.version(), 'sha256': sha256(self.path)}

    def version(self) -> dict[str, Any]:
        """The same without the hash, which takes a pass over the file."""
        return {
            'path': self.place,
            'sound': self.id,
            'size': self.size,
            'mtime_ns': self.mtime_ns,
        }

    def is_unchanged_since(self, fingerprint: dict[str, Any] | None) -> bool:
        """Whether `fingerprint` is of this version of the file. Raises OSError.

        The file is read only if its time stamp differs while its size does not.
        """
        if not fingerprint or fingerprint.get('path') != self.place:
            return False
        if fingerprint.get('size') != self.size:
            return False
        if fingerprint.get('mtime_ns') == self.mtime_ns:
            return True
        return fingerprint.get('sha256') == sha256(self.path)


def clip_id(place: Path | str, beg_s: float = 0.0, end_s: float | None = None) -> str:
    """32 hex digits, made from the place and the part: they change only if the file is moved."""
    key = f'{place}#t={beg_s!r},{end_s!r}'
    return hashlib.sha256(key.encode('utf-8', 'surrogateescape')).hexdigest()[:32]


def relative_uri(path: Path, roots: Roots, beg_s: float = 0.0, end_s: float | None = None) -> str:
    """The uri under which a file, or a part of it, is stored: relative to its root, with the root's
    name before it where that has one.

    `path` is resolved, as `Source.path` is, and so are `roots`. A root with a name comes first
    where the file belongs to it; else the first root is taken below which the relative name leads
    to that file, so that `resolve` gives the same path for it; where none does, because an earlier
    root has another file of that name, the path stays absolute. Equal parts have equal uris: the
    fragment is in seconds, as in `#t=600,1200`, and none where the part is the whole file. A file
    that is gone has the name that it had.
    """
    fragment = ''
    if beg_s or end_s is not None:
        fragment = f'#t={_plain(beg_s)}' + ('' if end_s is None else f',{_plain(end_s)}')
    for name in roots.names_of(path):
        if _leads_to(name, path, roots):
            return name + fragment
    return f'{path}{fragment}'


def stored_uri(uri: str, roots: Roots) -> str:
    """The uri under which a clip of `uri` is stored, however it was spelled; see `relative_uri`.

    A file that is gone has the uri it would have; what names no file below the roots stays as it
    is.
    """
    try:
        return resolve(uri, roots).relative_uri(roots)
    except MediaForbidden:  # whoever reads the answer must not learn where its links lead
        return uri
    except MediaError:
        pass
    try:
        name, beg_s, end_s = split_fragment(uri)
        path = Path(name).resolve()
    except (ValueError, OSError, RuntimeError):  # a loop of links, or a name the system refuses
        return uri
    return relative_uri(path, roots, beg_s, end_s) if Path(name).is_absolute() else uri


def _leads_to(name: str, path: Path, roots: Roots) -> bool:
    """Whether `resolve` takes `name` for `path`, or would if that file were still there."""
    if SCHEME.match(name) or FRAGMENT.search(name):
        return False
    try:
        return _look_up(name, roots)[0] == path
    except MediaForbidden:
        return False
    except MediaError:
        return not os.path.exists(path)


def _plain(seconds: float) -> str:
    """Seconds without an exponent, and without a fraction that is zero: 600, 90.5."""
    return f'{Decimal(repr(seconds)):f}'.removesuffix('.0')


def resolve(uri: str, roots: Roots) -> Source:
    """The file that `uri` names below one of `roots` (resolved folders, looked up in order).

    Symbolic links and `..` are followed before the roots are compared. A temporal fragment
    (`#t=10,20`, W3C Media Fragments, normal play time) picks a part, in seconds.

    Raises MediaForbidden outside the roots, MediaError for everything else.
    """
    name, beg_s, end_s = split_fragment(uri)
    if scheme := SCHEME.match(name):
        raise MediaError(
            f'{shorten(uri)} is a {scheme[1]}: uri; give the path of a file on the server, '
            'or upload the sound'
        )
    if not name or '\0' in name:
        raise MediaError(f'{shorten(uri)!r} is not a path; give the path of an audio file')
    path, status = _look_up(name, roots)
    if not stat.S_ISREG(status.st_mode):
        kind = 'a folder' if stat.S_ISDIR(status.st_mode) else 'not a regular file'
        raise MediaError(f'{shorten(uri)} is {kind}; give the path of an audio file')
    if status.st_size == 0:
        raise MediaError(f'{shorten(uri)} is empty (0 bytes); replace it or leave it out')
    return Source(path, roots.place(path), beg_s, end_s, status.st_size, status.st_mtime_ns)


def _look_up(name: str, roots: Roots) -> tuple[Path, Any]:
    leads_out = False
    for candidate in roots.candidates(name):
        try:
            path = candidate.resolve()
        except (OSError, RuntimeError):  # a loop of links, or a name too long for the system
            continue
        if not any(path.is_relative_to(other) for other in roots):
            leads_out = True
            continue
        try:
            return path, path.stat()
        except PermissionError:
            raise MediaError(
                f'{shorten(name)} may not be read by the service; change its permissions'
            ) from None
        except OSError:
            continue
    if leads_out:
        raise MediaForbidden(
            f'{shorten(name)} is outside the folders audio may be read from; '
            'move it there, or add its folder to AUDIO_SEARCH_ROOTS'
        )
    raise MediaError(f'{shorten(name)} does not exist; check the path, it is case-sensitive')


def split_fragment(uri: str) -> tuple[str, float, float | None]:
    """'rec.wav#t=600,1200' -> ('rec.wav', 600.0, 1200.0). Without a fragment: 0.0 and None."""
    match = FRAGMENT.search(uri)
    if not match:
        return uri, 0.0, None
    beg, _, end = match[1].removeprefix('npt:').partition(',')
    try:
        beg_s = parse_npt(beg) if beg else 0.0
        end_s = parse_npt(end) if end else None
    except ValueError:
        beg_s, end_s = 1.0, 0.0
    if not match[1] or (end_s is not None and end_s <= beg_s):
        raise MediaError(
            f'{shorten(uri)} has a time fragment that names no part of the file; '
            'write #t=BEGIN,END in seconds, as in #t=600,1200'
        )
    return uri[: match.start()], beg_s, end_s


def parse_npt(text: str) -> float:
    """Normal play time -> seconds: '90', '90.5', '1:30' or '0:01:30' (RFC 2326, 3.6)."""
    if not re.fullmatch(r'(\d+:)?(\d{1,2}:)?\d+(\.\d*)?', text):
        raise ValueError(f'{text!r} is not a time')
    seconds = 0.0
    for part in text.split(':'):
        seconds = seconds * 60 + float(part)
    return seconds


def shorten(uri: str, max_length: int = 200) -> str:
    """The uri for a message: cut to `max_length` characters, and valid UTF-8."""
    text = uri.encode('utf-8', 'replace').decode()
    return text if len(text) <= max_length else f'{text[: max_length - 1]}…'
