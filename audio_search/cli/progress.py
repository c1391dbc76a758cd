"""How far an indexing run is, on stderr: a bar in a terminal, else a line now and then."""

import contextlib
import threading
import time
from collections.abc import Callable
from types import TracebackType

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from audio_search.cli.console import complain, news
from audio_search.folders.tally import Tally

LINE_EVERY_S = 30.0
SHOWN_FOLDER = 22  # characters; a terminal may have 80 in all


class IngestProgress:
    """As a context shows clips, clips/s, hours of sound per hour (h/h), time left and the folder.

    `count` says how many clips there are; it runs beside the work, because it may take as long as
    reading a million names does. None where that cannot be known.
    """

    def __init__(self, tally: Tally, count: Callable[[], int] | None) -> None:
        self._tally = tally
        self._count = count
        self._total: int | None = None
        self._told_at = time.monotonic()
        self._task = TaskID(0)
        self._bar: Progress | None = None
        if news.is_terminal:
            self._bar = Progress(
                BarColumn(bar_width=10),
                TextColumn('{task.fields[figures]}'),
                TimeRemainingColumn(),
                TextColumn('{task.fields[folder]}'),
                console=news,
                transient=True,
            )

    def __enter__(self) -> 'IngestProgress':
        if self._bar:
            self._task = self._bar.add_task('', total=None, figures='', folder='')
            self._bar.start()
        if self._count:
            threading.Thread(target=self._find_total, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar:
            self._bar.stop()

    def advanced(self, tally: Tally, folder: str) -> None:
        if self._bar:
            shown = folder if len(folder) <= SHOWN_FOLDER else f'…{folder[1 - SHOWN_FOLDER :]}'
            self._bar.update(
                self._task,
                completed=tally.done,
                total=self._total,
                figures=figures(tally, self._total, ' h/h'),
                folder=shown,
            )
        elif time.monotonic() - self._told_at >= LINE_EVERY_S:
            self._told_at = time.monotonic()
            complain(f'{figures(tally, self._total)}, in {folder}')

    def _find_total(self) -> None:
        with contextlib.suppress(OSError):
            self._total = self._count() if self._count else None


def figures(tally: Tally, total: int | None, unit: str = ' h of sound per hour') -> str:
    """'1,200 of 20,000 clips, 12.3/s, 34 h of sound per hour, 45 % of night.wav'"""
    elapsed_s = max(tally.elapsed_s, 1e-3)
    of = '' if total is None else f' of {max(total, tally.done):,}'
    return (
        f'{tally.done:,}{of} clips, {tally.done / elapsed_s:.1f}/s, '
        f'{tally.sound_s / elapsed_s:.0f}{unit}'
        + ''.join(
            f', {share:.0%} of {name.rpartition("/")[2]}' for name, share in tally.under_way.items()
        )
    )
