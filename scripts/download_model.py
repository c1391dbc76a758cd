"""Fetch the official VGGish weights into models/, verify them, and run the published smoke test.

python scripts/download_model.py [--from FILE_OR_URL] [--models FOLDER]
"""

import argparse
import http.client
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from audio_search.environment import use_environment

use_environment()

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TransferSpeedColumn,
)

from audio_search.files import sha256
from audio_search.vggish.weights import OFFICIAL, File
from scripts import verify_model

BLOCK_BYTES = 1 << 18
TIMEOUT_S = 30
ATTEMPTS = 3  # in a row that bring nothing new


class DownloadError(Exception):
    """A file that could not be fetched; the message says which, why, and what to do."""


class Broken(Exception):
    """A connection that ended early; what came is kept, and the rest can be asked for."""


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 if the official weights are there and pass, else 1."""
    parser = argparse.ArgumentParser(description=(__doc__ or '').partition('\n')[0])
    parser.add_argument(
        '--from',
        dest='source',
        metavar='FILE_OR_URL',
        help='a folder or a mirror that holds both files under their names, or one of the files',
    )
    parser.add_argument('--models', type=Path, default=ROOT / 'models', help='where they go')
    options = parser.parse_args(arguments)
    try:
        fetch(OFFICIAL, options.models, options.source)
    except DownloadError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('Stopped; run it again to go on where it stopped.', file=sys.stderr)
        return 1
    return verify_model.verify(options.models)


def fetch(table: Mapping[str, File], models: Path, source: str | None = None) -> None:
    """Put every file of `table` that is not there yet into the folder `models`.

    `source` is None (each from its own URL), the path or URL of a folder that holds them, or of one
    of them. Raises DownloadError, also if some are still missing afterwards.
    """
    places = locate(table, source)
    columns = TextColumn('{task.description}'), BarColumn(), DownloadColumn(), TransferSpeedColumn()
    try:
        models.mkdir(parents=True, exist_ok=True)
        with Progress(*columns, console=Console(stderr=True)) as progress:
            for name, place in places.items():
                fetch_file(name, table[name], place, models, progress)
    except OSError as error:
        raise DownloadError(
            f'{error.filename or models} cannot be written ({error.strerror or error}); '
            'make room or choose another folder with --models'
        ) from None
    missing = [name for name in table if not (models / name).exists()]
    if missing:
        raise DownloadError(f'{" and ".join(missing)} is still missing; run this for it, too')


def locate(table: Mapping[str, File], source: str | None) -> dict[str, str]:
    """Where to get which files: name -> URL or path."""
    if source is None:
        return {name: file.url for name, file in table.items()}
    if is_url(source):
        if (name := urlsplit(source).path.rpartition('/')[2]) in table:
            return {name: source}
        return {name: f'{source.rstrip("/")}/{name}' for name in table}
    path = Path(source)
    if path.is_dir():
        return {name: str(path / name) for name in table}
    if not path.is_file():
        raise DownloadError(f'{source} does not exist; give a file, a folder or a URL')
    size = path.stat().st_size
    for name, file in table.items():
        if path.name == name or size == file.size:
            return {name: source}
    raise DownloadError(f'{source} is not one of the files {", ".join(table)}, by name or size')


def is_url(place: str) -> bool:
    return urlsplit(place).scheme in ('http', 'https')


def fetch_file(name: str, file: File, place: str, models: Path, progress: Progress) -> None:
    """Bring one file to `models/name`: whole and verified, or not at all.

    What has come of it stays in `name.part`, where the next run goes on.
    """
    target, part = models / name, models / f'{name}.part'
    if is_wanted(target, file):
        print(f'{name} is there already.')
        return
    if part.exists() and part.stat().st_size > file.size:
        part.unlink()
    task = progress.add_task(name, total=file.size, visible=False)
    resumed = part.exists() and part.stat().st_size > 0
    bring(file, place, part, progress, task)
    if resumed and not is_wanted(part, file):
        # Its beginning may have come from another file, or from a disk that was full.
        part.unlink()
        bring(file, place, part, progress, task)
    if not is_wanted(part, file):
        part.unlink()
        raise DownloadError(
            f'{place} is not the published {name} (its SHA-256 differs) and was not kept; '
            'try another source with --from'
        )
    put_in_place(part, target)


def is_wanted(path: Path, file: File) -> bool:
    return path.is_file() and path.stat().st_size == file.size and sha256(path) == file.sha256


def put_in_place(part: Path, target: Path) -> None:
    """Rename, so that nobody ever sees half a file, even after a power cut."""
    with part.open('rb') as file:
        os.fsync(file.fileno())
    os.replace(part, target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def bring(file: File, place: str, part: Path, progress: Progress, task: TaskID) -> None:
    """Fill `part` up to the file's size, going on where a connection breaks."""
    failures = 0
    while (have := part.stat().st_size if part.exists() else 0) < file.size:
        failures += 1
        try:
            begins_at, blocks = open_place(place, have, file)
            with part.open('r+b' if have else 'wb') as output:
                output.truncate(begins_at)
                output.seek(begins_at)
                for block in blocks:
                    output.write(block)
                    progress.update(task, completed=output.tell(), visible=True)
                    if output.tell() > have:
                        failures = 0
        except Broken as error:
            if failures >= ATTEMPTS:
                raise DownloadError(
                    f'The connection to {urlsplit(place).netloc} broke ({error}); run this again '
                    'to go on where it stopped'
                ) from None


def open_place(place: str, have: int, file: File) -> tuple[int, Iterator[bytes]]:
    """Where in the file the answer begins, at `have` bytes if it can, and its blocks."""
    return open_url(place, have, file) if is_url(place) else open_path(place, file)


def open_path(place: str, file: File) -> tuple[int, Iterator[bytes]]:
    """A file on this machine, always from its beginning."""
    path = Path(place)
    if not path.is_file():
        raise DownloadError(f'{place} does not exist; give a folder that holds it with --from')
    check_size(place, path.stat().st_size, file)

    def blocks() -> Iterator[bytes]:
        with path.open('rb') as source:
            while block := source.read(BLOCK_BYTES):
                yield block

    return 0, blocks()


def open_url(url: str, have: int, file: File) -> tuple[int, Iterator[bytes]]:
    """Ask for what follows the first `have` bytes; not every server can begin there."""
    request = urllib.request.Request(url)
    if have:
        request.add_header('Range', f'bytes={have}-')
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT_S)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE and have:
            return open_url(url, 0, file)
        raise DownloadError(
            f'{url} answers {error.code} {error.reason}; try again later, or another source '
            'with --from'
        ) from None
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, 'reason', error)
        raise DownloadError(
            f'{urlsplit(url).netloc} cannot be reached ({getattr(reason, "strerror", reason)}); '
            'connect to the network, or bring the files with --from; '
            'until then the service runs on the compact weights'
        ) from None
    begins_at = have if response.status == http.client.PARTIAL_CONTENT else 0
    length = response.headers.get('Content-Length')
    if length is not None:
        check_size(url, begins_at + int(length), file)
    return begins_at, read_response(response, file.size - begins_at)


def read_response(response: http.client.HTTPResponse, wanted: int) -> Iterator[bytes]:
    with response:
        while wanted > 0:
            try:
                block = response.read(min(BLOCK_BYTES, wanted))
            except (OSError, http.client.HTTPException) as error:
                raise Broken(str(error) or type(error).__name__) from None
            if not block:
                raise Broken('it ended early')
            wanted -= len(block)
            yield block


def check_size(place: str, size: int, file: File) -> None:
    if size != file.size:
        raise DownloadError(
            f'{place} has {size:,} bytes where the published file has {file.size:,}; '
            'try another source with --from'
        )


if __name__ == '__main__':
    sys.exit(main())
