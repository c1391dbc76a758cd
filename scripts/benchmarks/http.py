"""How fast the service answers over HTTP, and what of that is not the executors' own work.

Searches: `app.py serve` with the toy clips indexed; clients that keep their connection search toy
clips by their uris, each sending its next request when it has the answer to its last.

Overhead: the same Flow with a stand-in encoder that drops the waveform and sets stored vectors
(_http_flow.py). The executors' own time is taken inside them, around their methods, and comes back
in the tags of the answer: what is left of a client's time is client, gateway, and the hops between
executors with their packing and unpacking. The floor is a document with nothing but an id on the
same route through four executors that do nothing; it takes turns with the stand-in.

The clients run on the same machine, so their work counts as well.
"""

import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from scripts.benchmarks import report
from scripts.benchmarks._service import ROOT, TIMEOUT_S, Memory, service

CLIENTS = (1, 8, 32)
LEVEL_S = 25.0
WARM_UP = 20  # searches before anything is measured
TURNS = 300
WANTED_MS = 25


def run() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        figures = measure_searches(Path(folder) / 'service')
        return figures | measure_overhead(Path(folder))


def show(figures: dict[str, Any]) -> None:
    report.table(
        'searches of 10 s clips over HTTP, each client sending one after the other',
        ('clients', 'requests/s', 'p50 ms', 'p95 ms', 'p99 ms', 'errors'),
        level_rows(figures),
    )
    own = figures['executors_ms']
    report.table(
        'one client, stand-in encoder, medians',
        ('', 'ms'),
        [
            ('whole request', f'{figures["stand_in_ms"]:.1f}'),
            *((f'{name}, its own time', f'{spent:.1f}') for name, spent in own.items()),
            ('gateway and hops', f'{figures["gateway_overhead_ms"]:.1f}'),
            ('floor: empty document, four executors', f'{figures["floor_ms"]:.1f}'),
        ],
    )
    report.console.print(
        f'gateway and hops {figures["gateway_overhead_ms"]:.1f} ms, wanted {WANTED_MS} ms; '
        f'an answer has {figures["response_bytes"] / 1000:.1f} kB; '
        f'peak memory of all processes together {figures["rss_mb"]:.0f} MB'
    )


def level_rows(figures: dict[str, Any]) -> list[tuple[str, ...]]:
    rows = []
    for clients in CLIENTS:
        level = figures[str(clients)]
        times = (level[name] for name in ('p50_ms', 'p95_ms', 'p99_ms'))
        shown = ('–' if time_ms is None else f'{time_ms:.0f}' for time_ms in times)
        rows.append((str(clients), f'{level["requests_per_s"]:.1f}', *shown, str(level['errors'])))
    return rows


def measure_searches(workspace: Path) -> dict[str, Any]:
    """The levels by their number of clients, the size of an answer, the most memory."""
    with service(workspace, 'app.py', 'serve') as (http, process), Memory(process) as memory:
        uris = index_toy_clips(http)
        answers = [search(http, uri) for uri in uris[:WARM_UP]]
        levels = {
            str(clients): asyncio.run(level(str(http.base_url), clients, uris))
            for clients in CLIENTS
        }
    sizes = [len(answer.content) for answer in answers]
    return levels | {'response_bytes': int(np.median(sizes)), 'rss_mb': memory.most_mb}


async def level(url: str, clients: int, uris: Sequence[str]) -> dict[str, Any]:
    """`clients` at once search through `uris` for LEVEL_S."""
    spent_s: list[float] = []
    errors = 0

    async def client(first: int) -> None:
        nonlocal errors
        number = first
        async with httpx.AsyncClient(base_url=url, timeout=TIMEOUT_S) as http:
            while time.perf_counter() < begun + LEVEL_S:
                body = query(uris[number % len(uris)])
                number += clients
                sent = time.perf_counter()
                try:
                    failed = is_error(await http.post('/search', json=body))
                except httpx.HTTPError:
                    failed = True
                if failed:
                    errors += 1
                else:
                    spent_s.append(time.perf_counter() - sent)

    begun = time.perf_counter()
    await asyncio.gather(*(client(first) for first in range(clients)))
    return summary(spent_s, time.perf_counter() - begun, errors)


def summary(spent_s: Sequence[float], elapsed_s: float, errors: int) -> dict[str, Any]:
    """Rate and latencies of the requests that were answered well; null where none was."""
    times: list[float | None] = [None] * 3
    if spent_s:
        times = [float(1e3 * value) for value in np.percentile(spent_s, (50, 95, 99))]
    return {
        'requests_per_s': len(spent_s) / elapsed_s,
        **dict(zip(('p50_ms', 'p95_ms', 'p99_ms'), times, strict=True)),
        'errors': errors,
    }


def is_error(response: httpx.Response) -> bool:
    return response.status_code != 200 or any(doc['error'] for doc in response.json()['data'])


def measure_overhead(folder: Path) -> dict[str, Any]:
    """Medians over TURNS of one client's requests, ms."""
    flow = ('-m', 'scripts.benchmarks._http_flow')
    with (
        service(folder / 'stand-in', *flow, 'stand_in') as (stand_in, _),
        service(folder / 'floor', *flow, 'floor') as (floor, _),
    ):
        uris = index_toy_clips(stand_in)
        for uri in uris[:WARM_UP]:
            search(stand_in, uri)
            floor.post('/search', json={'data': [{'id': uri}]})
        whole, own, least = [], [], []
        for turn in range(TURNS):
            begun = time.perf_counter()
            answer = search(stand_in, uris[turn % len(uris)])
            whole.append(1e3 * (time.perf_counter() - begun))
            own.append(answer.json()['data'][0]['tags']['own_ms'])
            begun = time.perf_counter()
            floor.post('/search', json={'data': [{'id': 'empty'}]}).raise_for_status()
            least.append(1e3 * (time.perf_counter() - begun))
    return {
        'stand_in_ms': float(np.median(whole)),
        'executors_ms': {name: float(np.median([o[name] for o in own])) for name in own[0]},
        **overhead(whole, own),
        'floor_ms': float(np.median(least)),
    }


def overhead(whole_ms: Sequence[float], own_ms: Sequence[dict[str, float]]) -> dict[str, float]:
    """What each request took beyond the own times of its executors: median and 95th percentile."""
    beyond = [whole - sum(own.values()) for whole, own in zip(whole_ms, own_ms, strict=True)]
    median, high = np.percentile(beyond, (50, 95))
    return {'gateway_overhead_ms': float(median), 'gateway_overhead_p95_ms': float(high)}


def query(uri: str) -> dict[str, Any]:
    return {'data': [{'uri': uri}]}


def search(http: httpx.Client, uri: str) -> httpx.Response:
    response = http.post('/search', json=query(uri))
    if is_error(response):
        raise RuntimeError(f'the search of {uri} failed: {response.text}')
    return response


def index_toy_clips(http: httpx.Client) -> list[str]:
    """Index them with their labels; their uris."""
    paths = sorted((ROOT / 'toy-data').glob('*.mp3'))
    uris = [str(path.relative_to(ROOT)) for path in paths]
    data = [{'uri': uri, 'tags': {'label': Path(uri).stem.partition('_')[2]}} for uri in uris]
    response = http.post('/index', json={'data': data})
    if is_error(response):
        raise RuntimeError(f'the toy clips cannot be indexed: {response.text}')
    return uris
