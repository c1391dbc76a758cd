"""The map of the index: kept in the workspace, followed as the index changes, laid out anew by a
process of its own.

It belongs to the service and not to a store, so that every store has one: a store is only asked
which clips there are and for their vectors.
"""

import asyncio
import base64
import json
import logging
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from audio_search.clip_map import kept as files
from audio_search.clip_map.columns import columns_of
from audio_search.clip_map.kept import Kept, Listed
from audio_search.clip_map.placing import MIN_CLIPS, place
from audio_search.clip_map.running import LayoutFailed, laid_out
from audio_search.clip_map.space import Space
from audio_search.service.views import ListedClip
from audio_search.titles import file_name

if TYPE_CHECKING:
    from audio_search.service.service import AudioService

log = logging.getLogger('audio_search')

WAIT_S = 1.5  # so long an answer waits for the clips that were indexed just now
PAGE = 5000  # clips per question
PAGE_VECTORS = 500


@dataclass(frozen=True)
class Progress:
    """What is being done for the map, and which share of it is done."""

    stage: str  # reading, or laying out
    share: float


@dataclass(frozen=True)
class View:
    """What there is to show. `version` names this state of the map; `kept` is None until the clips
    were read once. `problem` is why the index could not be read, or the map not be laid out."""

    version: str
    kept: Kept | None
    progress: Progress | None
    problem: Exception | None


class ClipMap:
    """The map of a service's index. All methods belong to the event loop."""

    def __init__(self, service: 'AudioService') -> None:
        self._service = service
        self._folder = service.settings.workspace / 'map'
        self._file = self._folder / 'map.npz'
        self._kept: Kept | None = None
        self._version = ''
        self._progress: Progress | None = None
        self._unread: Exception | None = None  # why the index could not be read just now
        # Why the map could not be laid out. It is not tried again until somebody asks for it.
        self._failed: Exception | None = None
        self._task: asyncio.Task[None] | None = None
        self._followed = asyncio.Event()  # whether the map has the clips that there were at first
        self._is_read = False  # whether the file was
        self._rows: dict[str, int] = {}  # of the ids, on the map of the version _rows_of
        self._rows_of = ''

    async def view(self) -> View:
        """The map as it is, or will be in a moment. Where the index changed, the map follows in the
        background: an answer waits WAIT_S for that and no longer."""
        self._follow_index()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._followed.wait(), WAIT_S)
        return View(self._version, self._kept, self._progress, self._unread or self._failed)

    async def with_points(self, clips: Sequence[ListedClip]) -> list[ListedClip]:
        """The clips with their places on the map, which follows the index first. Raises what the
        pipeline raises."""
        self._follow_index()
        await self._followed.wait()
        if self._unread:
            raise self._unread
        if self._kept and self._rows_of != self._version:
            self._rows = {id_: row for row, id_ in enumerate(self._kept.listed.ids)}
            self._rows_of = self._version
        places = self._kept.points if self._kept else np.empty((0, 2))
        return [
            replace(clip, point=tuple(places[self._rows[clip.id]].tolist()))
            if clip.id in self._rows
            else clip
            for clip in clips
        ]

    def rebuild(self) -> None:
        """Lay the whole map out anew, unless that is under way."""
        if self._progress is None:
            if self._task:
                self._task.cancel()
            self._start(anew=True)

    def named(self, version: str, numbers: Sequence[int]) -> list[tuple[str, str, int]] | None:
        """(id, name, number) of the dots with these numbers; None where the map is another one
        now."""
        if self._kept is None or version != self._version:
            return None
        listed = self._kept.listed
        chosen = [number for number in numbers if 0 <= number < len(listed.ids)]
        return [(listed.ids[number], listed.names[number], number) for number in chosen]

    def _follow_index(self) -> None:
        """Begin to, unless that is under way."""
        if self._task is None or self._task.done():
            self._start(anew=False)

    def _start(self, anew: bool) -> None:
        self._followed = asyncio.Event()
        self._task = asyncio.create_task(self._work(anew, self._followed))

    async def _work(self, anew: bool, followed: asyncio.Event) -> None:
        try:
            await self._follow(anew)
            self._unread = None
            kept = self._kept
            if kept and (anew or (_wants_layout(kept) and self._failed is None)):
                followed.set()
                await self._lay_out(kept)
        except Exception as error:  # told by whoever shows the map
            self._unread = error
        finally:
            self._progress = None
            followed.set()

    async def _follow(self, anew: bool) -> None:
        """Make the map of the clips that there are now. With `anew` all vectors are read again."""
        status = await self._service.status()
        index = f'{status.index_path} {status.model_sha256} {status.pooling} {status.dimensions}'
        if not self._is_read:
            found = await asyncio.to_thread(files.load, self._file)
            if found and found.index == index:
                await self._show(found, write=False)
            self._is_read = True
        former = self._kept
        version = (await self._service.pipeline.ask('/clips', {'map': True, 'limit': 1}))['version']
        version = None if version is None else int(version)
        if former and version is not None and version == former.version and not anew:
            return
        listed = await self._read_listed()
        # Axes that fit few clips need not fit many.
        outgrown = former and len(listed.ids) > 2 * (former.laid_out.sum() or len(former.points))
        if former is None or anew or outgrown:
            made = await self._made(index, version, listed, status.dimensions)
            if former and former.is_laid_out:
                points, known = await asyncio.to_thread(_former_points, former, made)
                if known.any():  # until the new layout is there
                    made = replace(made, points=points, laid_out=np.zeros(len(points), bool))
        else:
            made = await self._followed_from(former, version, listed)
        await self._show(made)

    async def _read_listed(self) -> Listed:
        rows: list[list[Any]] = []
        total = 1
        while len(rows) < total:
            page = await self._service.pipeline.ask(
                '/clips', {'map': True, 'offset': len(rows), 'limit': PAGE}
            )
            found = await asyncio.to_thread(json.loads, page['clips'])
            total = int(page['total']) if found else 0
            rows += found
            if len(rows) < total:
                self._progress = Progress('reading', len(rows) / total)
        return await asyncio.to_thread(_listed, rows)

    async def _made(self, index: str, version: int | None, listed: Listed, dimensions: int) -> Kept:
        """A map by the first two axes."""
        count = len(listed.ids)
        self._folder.mkdir(parents=True, exist_ok=True)
        scratch = self._folder / 'vectors.npy'
        # On disk: of 250,000 clips they take 256 MB. No file of no rows can be mapped.
        shape = max(count, 1), dimensions
        vectors = np.lib.format.open_memmap(scratch, 'w+', np.float16, shape)[:count]
        await self._read_vectors(listed.ids, vectors)
        space = await asyncio.to_thread(Space.of, vectors)
        reduced = await asyncio.to_thread(space.reduce, vectors)
        del vectors
        scratch.unlink(missing_ok=True)
        points = reduced[:, :2].astype(np.float32)
        return Kept(index, version, listed, space, reduced, points, np.zeros(count, bool))

    async def _followed_from(self, former: Kept, version: int | None, listed: Listed) -> Kept:
        """The former map with what is new in the index placed among its dots, and without what is
        gone."""
        rows = _rows_in(former, listed)
        new = np.flatnonzero(rows < 0)
        dimensions = len(former.space.mean)
        found = np.empty((len(new), dimensions), np.float16)
        await self._read_vectors([listed.ids[row] for row in new], found)
        old = np.flatnonzero(rows >= 0)
        vectors = np.empty((len(rows), former.vectors.shape[1]), np.float16)
        points = np.empty((len(rows), 2), np.float32)
        laid_out = np.zeros(len(rows), bool)
        vectors[old] = former.vectors[rows[old]]
        points[old], laid_out[old] = former.points[rows[old]], former.laid_out[rows[old]]
        vectors[new] = await asyncio.to_thread(former.space.reduce, found)
        if former.is_laid_out:
            points[new] = await asyncio.to_thread(
                place, vectors[new], former.vectors, former.points
            )
        else:
            points[new] = vectors[new, :2]
        return Kept(former.index, version, listed, former.space, vectors, points, laid_out)

    async def _read_vectors(self, ids: Sequence[str], into: np.ndarray) -> None:
        for start in range(0, len(ids), PAGE_VECTORS):
            page = ids[start : start + PAGE_VECTORS]
            answer = await self._service.pipeline.ask('/clips', {'vectors': json.dumps(page)})
            raw = np.frombuffer(base64.b64decode(answer['vectors']), np.float16)
            into[start : start + len(page)] = raw.reshape(len(page), into.shape[1])
            if len(ids) > PAGE_VECTORS:
                self._progress = Progress('reading', (start + len(page)) / len(ids))

    async def _lay_out(self, made: Kept) -> None:
        """Have another process lay out the map, and show that."""
        if len(made.points) < MIN_CLIPS:
            return
        self._progress = Progress('laying out', 0)

        def report(share: float) -> None:
            self._progress = Progress('laying out', share)

        try:
            found = await laid_out(made.vectors, self._folder, report)
        except (LayoutFailed, OSError) as error:
            log.error('The map could not be laid out: %s', error)
            self._failed = error
            return
        self._failed = None
        await self._show(replace(made, points=found, laid_out=np.ones(len(found), bool)))

    async def _show(self, kept: Kept, write: bool = True) -> None:
        self._kept = kept
        self._version = uuid.uuid4().hex[:12]
        if write:
            try:
                await asyncio.to_thread(files.save, kept, self._file)
            except OSError as error:  # it is made again after the next start
                log.warning(
                    'The map cannot be kept in %s (%s): make room on the disk', self._file, error
                )


def _wants_layout(kept: Kept) -> bool:
    """Whether most clips have no place that was laid out."""
    return len(kept.points) >= MIN_CLIPS and len(kept.points) > 2 * int(kept.laid_out.sum())


def _listed(rows: Sequence[list[Any]]) -> Listed:
    unique = list({row[0]: row for row in rows}.values())  # a page may shift while clips are stored
    return Listed(
        ids=[row[0] for row in unique],
        names=[file_name(row[1], row[2]) for row in unique],
        prints=np.array([row[3] for row in unique], np.uint32),
        columns=columns_of([(row[1], row[2]) for row in unique]),
    )


def _rows_in(former: Kept, listed: Listed) -> np.ndarray:
    """For each listed clip its row in a former map, -1 where it has none, or had another sound."""
    known = zip(former.listed.ids, former.listed.prints.tolist(), strict=True)
    rows = {clip: row for row, clip in enumerate(known)}
    return np.array(
        [rows.get(clip, -1) for clip in zip(listed.ids, listed.prints.tolist(), strict=True)], int
    )


def _former_points(former: Kept, made: Kept) -> tuple[np.ndarray, np.ndarray]:
    """The points of a new map by those of a former one, and which clips had one, bool [clips]."""
    rows = _rows_in(former, made.listed)
    known = rows >= 0
    points = np.empty((len(rows), 2), np.float32)
    points[known] = former.points[rows[known]]
    points[~known] = place(made.vectors[~known], made.vectors[known], points[known])
    return points, known
