"""Changes in folders, as the system tells them, held back until files are whole."""

import logging
import os
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import TracebackType

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from audio_search.folders import files

# Reading a file tells of these too, and the service reads whatever is indexed.
READS = ('opened', 'closed_no_write')


class WatchError(OSError):
    """Folders that the system does not let us watch; the message says what to do."""


@dataclass
class Due:
    """What changed and is at rest: paths to look at, whatever is there now, and where paths that
    are gone were moved to."""

    paths: list[str] = field(default_factory=list)
    moves: dict[str, str] = field(default_factory=dict)  # former path by the new one


class Changes(FileSystemEventHandler):
    """As a context watches `folders`, and those below them that can be read.

    A path is due when nothing was told of it for `settle_s` and its size and time stamp stayed the
    same: a file that is being copied is not whole before.
    """

    def __init__(self, folders: Iterable[str], settle_s: float) -> None:
        self._folders = list(folders)
        self._settle_s = settle_s
        self._lock = threading.Lock()
        self._touched: dict[str, float] = {}
        self._versions: dict[str, tuple[int, int] | None] = {}
        self._moves: dict[str, str] = {}
        self._observer = Observer()
        # It warns of events that were lost, which looking at everything again makes up for.
        logging.getLogger('watchdog').setLevel(logging.CRITICAL)

    def __enter__(self) -> 'Changes':
        """Raises WatchError."""
        try:
            for folder in self._folders:
                self._observer.schedule(self, folder, recursive=True)
            self._observer.start()
        except OSError as error:
            raise WatchError(
                f'{", ".join(self._folders)} cannot be watched ({error.strerror or error}); '
                'on Linux raise fs.inotify.max_user_watches, or watch fewer folders'
            ) from None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._observer.stop()
        self._observer.join()

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.event_type in READS or (event.is_directory and event.event_type == 'modified'):
            return
        source, target = os.fsdecode(event.src_path), os.fsdecode(event.dest_path or '')
        with self._lock:
            for path in filter(None, (source, target)):
                self._touched[path] = time.monotonic()
            if target and not event.is_directory:
                # Of a file that moves twice, the first name is the one that is indexed.
                self._moves[target] = self._moves.pop(source, source)

    def again(self, due: Due) -> None:
        """Take back what could not be dealt with."""
        with self._lock:
            for path in due.paths:
                self._touched.setdefault(path, time.monotonic())
            self._moves.update(due.moves)

    def due(self) -> Due:
        """What changed and came to rest since the last time."""
        now = time.monotonic()
        due = Due()
        with self._lock:
            for path, at in sorted(self._touched.items()):
                if now - at < self._settle_s:
                    self._versions.setdefault(path, files.version(path))
                    continue
                version = files.version(path)
                if version != self._versions.get(path, version):
                    self._touched[path] = now
                    self._versions[path] = version
                    continue
                due.paths.append(path)
            for path in due.paths:
                del self._touched[path]
                self._versions.pop(path, None)
                if path in self._moves:
                    due.moves[path] = self._moves.pop(path)
        return due
