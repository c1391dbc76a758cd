"""Gets files into the index: asks which are new, and sends those, a few requests at a time.

Nothing about a run is kept: the index itself says what is done. Whatever ends a run, also SIGKILL,
the next one finds everything that was acknowledged, and goes on.
"""

import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from queue import Queue
from typing import Any, Protocol, TypeVar

from audio_search.client import Client, NoService, Refused
from audio_search.folders import files
from audio_search.folders.files import SoundFile
from audio_search.folders.tally import Failed, Tally

LOOK_UP_CLIPS = 1000  # asked about at once
BATCH_CLIPS = 16  # as many as the executors take at once
BATCH_BYTES = 256 << 20  # so that a request of long recordings ends within its time
# One request for each executor that has real work, so that decoding, encoding and storing overlap;
# the service's fourth place is for the look-ups, and for searches.
IN_FLIGHT = 3
LARGE_BYTES = 10 << 20  # a file of more may be a recording that takes minutes
FOLLOW_EVERY_S = 3.0
# Statuses of a request that may be one clip's fault: tried again in halves, down to that clip.
SPLIT = (403, 404, 413, 422, 500, 504)
TOO_LARGE = 413

T = TypeVar('T')


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file that is to be in the index, with these tags added to those that it has."""

    file: SoundFile
    tags: dict[str, Any]

    @property
    def uri(self) -> str:
        return self.file.uri


class Progress(Protocol):
    """Who is told how far a run is, by one thread at a time."""

    def advanced(self, tally: Tally, folder: str) -> None: ...


@dataclass(frozen=True, slots=True)
class _Job:
    wanted: Wanted
    clip: dict[str, Any]
    is_replacing: bool


class Ingest:
    """Indexes files through `client`. `failed` is told each file that could not be, and why.

    `tally` counts what became of them. `window_s` and `stride_s` are those of the service.
    """

    def __init__(
        self, client: Client, tally: Tally, failed: Failed, progress: Progress | None = None
    ) -> None:
        self.tally = tally
        self._client = client
        self._failed = failed
        self._progress = progress
        made = client.status()
        self._window_s, self._stride_s = float(made['window_s']), float(made['stride_s'])
        self._lock = threading.Lock()
        self._error: BaseException | None = None
        self._large: list[Wanted] = []  # those that are being indexed

    def run(self, wanted: Iterable[Wanted]) -> None:
        """Index what is new or changed. Raises Refused, NoService; what was acknowledged stays."""
        self._error = None
        jobs: Queue[list[_Job] | None] = Queue(maxsize=1)
        # As daemons they do not keep a command from ending that is interrupted.
        workers = [
            threading.Thread(target=self._work, args=(jobs,), daemon=True) for _ in range(IN_FLIGHT)
        ]
        for worker in workers:
            worker.start()
        done = threading.Event()
        threading.Thread(target=self._follow, args=(done,), daemon=True).start()
        try:
            try:
                for batch in _batches(self._new(wanted)):
                    jobs.put(batch)
                    if self._error:
                        break
            except Exception as error:
                self._error = error
            for _ in workers:
                jobs.put(None)
            for worker in workers:
                worker.join()
        finally:
            done.set()
        if self._error:
            raise self._error

    def _new(self, wanted: Iterable[Wanted]) -> Iterator[_Job]:
        """Those that have to be indexed. The others are counted, and tagged where tags are new."""
        for group in _grouped(wanted, LOOK_UP_CLIPS):
            sendable = [one for one in group if self._has_usable_name(one)]
            answers = self._known([one.uri for one in sendable])
            retagged: list[dict[str, Any]] = []
            for one, known in zip(sendable, answers, strict=True):
                tags = (known['tags'] or {}) | one.tags
                if known['error']:
                    self._fail(one, known['error'])
                elif known['state'] == 'unchanged':
                    if tags != known['tags']:
                        retagged.append({'id': known['id'], 'tags': tags})
                    self._count('unchanged', one)
                else:
                    # Without tags the service keeps those there are.
                    clip = {'uri': one.uri} | ({'tags': tags} if one.tags else {})
                    yield _Job(one, clip, known['state'] != 'new')
            if retagged:
                done = self._client.update(retagged)
                self.tally.retagged += sum(not answer['error'] for answer in done)

    def _known(self, uris: list[str]) -> list[dict[str, Any]]:
        if not uris:
            return []
        try:
            return self._client.known([{'uri': uri} for uri in uris])
        except Refused as error:
            if error.status != TOO_LARGE or len(uris) == 1:
                raise
        half = len(uris) // 2
        return self._known(uris[:half]) + self._known(uris[half:])

    def _work(self, jobs: 'Queue[list[_Job] | None]') -> None:
        while (batch := jobs.get()) is not None:
            if self._error:  # so that whoever fills the queue never waits in vain
                continue
            try:
                self._index(batch)
            except BaseException as error:
                self._error = error

    def _follow(self, done: threading.Event) -> None:
        """Ask now and then how much is kept of recordings that take long."""
        while not done.wait(FOLLOW_EVERY_S):
            with self._lock:
                large = list(self._large)
            with suppress(Refused, NoService):  # the request that indexes them says so too
                found = self._known([one.uri for one in large])
                for wanted, known in zip(large, found, strict=True):
                    if known.get('kept'):
                        with self._lock:
                            self.tally.under_way[wanted.file.name] = known['kept']
                            self._tell(wanted)

    def _index(self, batch: list[_Job]) -> None:
        large = [job.wanted for job in batch if _size(job.wanted) > LARGE_BYTES]
        with self._lock:
            self._large += large
        try:
            self._send(batch)
        finally:
            with self._lock:
                for wanted in large:
                    self._large.remove(wanted)
                    self.tally.under_way.pop(wanted.file.name, None)

    def _send(self, batch: list[_Job]) -> None:
        before = [files.version(job.wanted.file.path) for job in batch]
        try:
            answers = self._client.index([job.clip for job in batch])
        except Refused as error:
            if error.status not in SPLIT:
                raise
            if len(batch) == 1:
                self._fail(batch[0].wanted, str(error))
                return
            half = len(batch) // 2
            self._send(batch[:half])
            self._send(batch[half:])
            return
        for job, answer, version in zip(batch, answers, before, strict=True):
            now = files.version(job.wanted.file.path)
            if answer['error']:
                self._fail(job.wanted, answer['error'])
            elif now is not None and now != version:
                name = job.wanted.file.name
                self._fail(job.wanted, f'{name} changed while it was read; index it again')
            else:
                more = max(0, answer['chunk_count'] - 1)
                sound_s = self._window_s + more * self._stride_s
                self._count('replaced' if job.is_replacing else 'indexed', job.wanted, sound_s)

    def _has_usable_name(self, wanted: Wanted) -> bool:
        try:
            wanted.uri.encode()
        except UnicodeEncodeError:
            shown = wanted.file.name.encode(errors='replace').decode()
            self._fail(wanted, f'the name of {shown} is not Unicode; rename it')
            return False
        return True

    def _count(self, kind: str, wanted: Wanted, sound_s: float = 0.0) -> None:
        with self._lock:
            setattr(self.tally, kind, getattr(self.tally, kind) + 1)
            self.tally.sound_s += sound_s
            self._tell(wanted)

    def _fail(self, wanted: Wanted, error: str) -> None:
        with self._lock:
            self.tally.fail(wanted.file, error)
            self._failed(wanted.file, error)
            self._tell(wanted)

    def _tell(self, wanted: Wanted) -> None:
        if self._progress:
            self._progress.advanced(self.tally, wanted.file.name.rpartition('/')[0])


def gone(client: Client, folder: str) -> list[str]:
    """The ids of the clips below a folder, given by its real path, whose file is gone.

    A listed clip says its uri and not its path, and files below two roots may have one uri: so each
    path is asked for.
    """
    (known,) = client.known([{'uri': folder}])  # no clip, but the uri that it would have
    prefix = '' if known['uri'] == '.' else f'{known["uri"]}/'
    found: list[str] = []
    for group in _grouped(client.clips(prefix=prefix or None, missing=True), LOOK_UP_CLIPS):
        uris = [os.path.join(folder, str(clip['uri'])[len(prefix) :]) for clip in group]
        answers = client.known([{'uri': uri} for uri in uris])
        found += [
            clip['id']
            for clip, answer in zip(group, answers, strict=True)
            if answer['id'] == clip['id'] and answer['state'] == 'missing'
        ]
    return found


def forget(client: Client, ids: Iterable[str]) -> int:
    """Delete clips by their ids; how many there were."""
    count = 0
    for group in _grouped(ids, LOOK_UP_CLIPS):
        count += sum(not answer['error'] for answer in client.delete([], ids=group))
    return count


def _grouped(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while group := list(islice(iterator, size)):
        yield group


def _size(wanted: Wanted) -> int:
    return (files.version(wanted.file.path) or (0, 0))[0]


def _batches(jobs: Iterable[_Job]) -> Iterator[list[_Job]]:
    batch: list[_Job] = []
    n_bytes = 0
    for job in jobs:
        size = _size(job.wanted)
        if batch and (len(batch) == BATCH_CLIPS or n_bytes + size > BATCH_BYTES):
            yield batch
            batch, n_bytes = [], 0
        batch.append(job)
        n_bytes += size
    if batch:
        yield batch
