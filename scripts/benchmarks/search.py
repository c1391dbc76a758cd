"""How many searches by id one machine answers over HTTP among a million chunks, and what they cost.

Clients that keep their connection ask for the nearest clips of stored ones, each sending its next
request when it has the answer to its last: no sound is decoded or encoded, so what is measured is
the search, the gateway, and the hops between the executors. The clients run on the same machine.

With BASE, the folder of another checkout, its service takes turns with that of this one, level by
level, so that a machine that changes its speed meanwhile changes that of both. `ratios` are those
of the rates of such turns.
"""

import asyncio
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil

from scripts.benchmarks import report
from scripts.benchmarks._chunks import CHUNKS_A_CLIP
from scripts.benchmarks._service import ROOT, TIMEOUT_S, service
from scripts.benchmarks.http import is_error, summary
from scripts.benchmarks.index import clip_id, filled

CHUNKS = 1_000_000
CLIENTS = (1, 4, 8, 32)
LEVEL_S = 8.0
ROUNDS = 5
WARM_UP_S = 2.0
BASE = 'BASE'  # in the environment


def run() -> dict[str, Any]:
    """Per checkout, then per number of clients: medians over ROUNDS."""
    checkouts = {'here': ROOT}
    if os.environ.get(BASE):
        checkouts['base'] = Path(os.environ[BASE]).resolve()
    rounds: dict[str, list[dict[str, Any]]] = {name: [] for name in checkouts}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        index = Path(folder) / 'index.sqlite'
        report.console.print(f'storing {CHUNKS:,} chunks …')
        filled(index, CHUNKS).close()
        services = {}
        for name, checkout in checkouts.items():
            workspace = Path(folder) / name
            workspace.mkdir()
            shutil.copy(index, workspace / 'index.sqlite')
            begun = service(workspace, 'app.py', 'serve', checkout=checkout)
            http, process = stack.enter_context(begun)
            services[name] = str(http.base_url), process.pid
            asyncio.run(_searches(str(http.base_url), max(CLIENTS), WARM_UP_S))
        for turn in range(ROUNDS):
            report.console.print(f'round {turn + 1} of {ROUNDS} …')
            for name in checkouts:
                rounds[name].append({})
            for clients in CLIENTS:
                for name, (url, pid) in services.items():
                    rounds[name][-1][str(clients)] = _level(url, pid, clients)
    figures: dict[str, Any] = {'chunks': CHUNKS, 'load': os.getloadavg()[-1]}
    figures |= {name: medians(one) for name, one in rounds.items()}
    if 'base' in rounds:
        figures['ratios'] = _ratios(rounds['here'], rounds['base'])
    return figures


def _ratios(here: Sequence[dict[str, Any]], base: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """By the number of clients: how often as many requests were answered, median of the turns."""
    return {
        clients: statistics.median(
            one[clients]['requests_per_s'] / other[clients]['requests_per_s']
            for one, other in zip(here, base, strict=True)
        )
        for clients in here[0]
    }


def medians(rounds: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Of each figure of each level, over the rounds."""
    return {
        clients: {
            figure: float(np.median([one[clients][figure] for one in rounds]))
            for figure in rounds[0][clients]
        }
        for clients in rounds[0]
    }


def _level(url: str, pid: int, clients: int) -> dict[str, Any]:
    """Rate and latencies, and the time of a core that the service took per request."""
    before = _cpu_s(pid)
    spent_s, elapsed_s, errors = asyncio.run(_searches(url, clients, LEVEL_S))
    used_s = _cpu_s(pid) - before
    answered = max(len(spent_s), 1)
    return {**summary(spent_s, elapsed_s, errors), 'core_ms': 1e3 * used_s / answered}


async def _searches(url: str, clients: int, for_s: float) -> tuple[list[float], float, int]:
    """The times of the searches that `clients` at once had answered, how long they took together,
    and how many failed."""
    spent_s: list[float] = []
    errors = 0
    begun = time.perf_counter()

    async def client(number: int) -> None:
        nonlocal errors
        rng = np.random.default_rng(number)
        async with httpx.AsyncClient(base_url=url, timeout=TIMEOUT_S) as http:
            while time.perf_counter() < begun + for_s:
                wanted = clip_id(int(rng.integers(CHUNKS // CHUNKS_A_CLIP)))
                sent = time.perf_counter()
                try:
                    answer = await http.post('/search', json={'data': [{'id': wanted}]})
                    failed = is_error(answer)
                except httpx.HTTPError:
                    failed = True
                if failed:
                    errors += 1
                else:
                    spent_s.append(time.perf_counter() - sent)

    await asyncio.gather(*(client(number) for number in range(clients)))
    return spent_s, time.perf_counter() - begun, errors


def _cpu_s(pid: int) -> float:
    """What a process and its children have used of the cores until now."""
    family = psutil.Process(pid)
    return sum(
        process.cpu_times().user + process.cpu_times().system
        for process in (family, *family.children(recursive=True))
    )


def show(figures: dict[str, Any]) -> None:
    for name in ('base', 'here'):
        if name in figures:
            report.table(
                f'searches by id among {figures["chunks"]:,} chunks over HTTP, {name}',
                ('clients', 'requests/s', 'p50 ms', 'p95 ms', 'p99 ms', 'core ms', 'errors'),
                (_row(clients, level) for clients, level in figures[name].items()),
            )
    for clients, ratio in figures.get('ratios', {}).items():
        report.console.print(f'{clients} clients: {ratio:.2f} x the rate of base')


def _row(clients: str, level: dict[str, Any]) -> tuple[str, ...]:
    times = (level[figure] for figure in ('p50_ms', 'p95_ms', 'p99_ms', 'core_ms'))
    rate = f'{level["requests_per_s"]:.1f}'
    return (clients, rate, *(f'{time_ms:.0f}' for time_ms in times), f'{level["errors"]:.0f}')
