"""One encoder with all cores against several that divide them, over HTTP.

Two services that differ in AUDIO_SEARCH_ENCODERS take turns: one is idle while the other indexes
the toy clips, a full request, and then searches with some of them, one after the other. Both have
begun before anything is measured. The clips are forgotten before each turn.
"""

import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import psutil

from scripts.benchmarks import report
from scripts.benchmarks._service import service
from scripts.benchmarks.http import index_toy_clips, search

ENCODERS = (1, 2)
TURNS = 6
SEARCHES = 10


def run() -> dict[str, Any]:
    """Medians by the number of encoders, and all rates, which are pairs of one moment."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        services = {}
        for count in ENCODERS:
            more = {'AUDIO_SEARCH_ENCODERS': str(count)}
            begun = service(Path(folder) / str(count), 'app.py', 'serve', more=more)
            services[count] = stack.enter_context(begun)
        for http, _ in services.values():
            _turn(http)
        turns = [
            {count: _turn(http) for count, (http, _) in services.items()} for _ in range(TURNS)
        ]
        memory = {count: _memory_mb(process.pid) for count, (_, process) in services.items()}
    figures: dict[str, Any] = {
        str(count): {
            'clips_per_s': statistics.median(turn[count][0] for turn in turns),
            'all_clips_per_s': [turn[count][0] for turn in turns],
            'search_ms': statistics.median(turn[count][1] for turn in turns),
            'memory_mb': memory[count],
        }
        for count in ENCODERS
    }
    ratios = [turn[ENCODERS[-1]][0] / turn[ENCODERS[0]][0] for turn in turns]
    return figures | {'ratio_of_rates': statistics.median(ratios)}


def _turn(http: httpx.Client) -> tuple[float, float]:
    """Clips of 10 s indexed per second, and the median ms of a search with one."""
    http.post('/clear', json={}).raise_for_status()
    begun = time.perf_counter()
    uris = index_toy_clips(http)
    rate = len(uris) / (time.perf_counter() - begun)
    spent = []
    for uri in uris[:SEARCHES]:
        begun = time.perf_counter()
        search(http, uri)
        spent.append(1e3 * (time.perf_counter() - begun))
    return rate, statistics.median(spent)


def _memory_mb(pid: int) -> float:
    """Of a process and its children; a page that several share counts once (PSS)."""
    family = psutil.Process(pid)
    members = (family, *family.children(recursive=True))
    return sum(one.memory_full_info().pss for one in members) / 2**20


def show(figures: dict[str, Any]) -> None:
    report.table(
        'encoders that divide the cores',
        ('encoders', 'clips/s indexed', 'search of 10 s, ms', 'memory, MB'),
        (
            (
                count,
                f'{one["clips_per_s"]:.1f}',
                f'{one["search_ms"]:.0f}',
                f'{one["memory_mb"]:.0f}',
            )
            for count in map(str, ENCODERS)
            for one in [figures[count]]
        ),
    )
    report.console.print(f'two against one, in turns: {figures["ratio_of_rates"]:.2f} x')
