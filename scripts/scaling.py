"""Write the tables of docs/scaling.md from the figures in benchmarks/*.json.

python scripts/scaling.py

A table stands between <!-- table: NAME --> and <!-- end -->. What a table says is measured where it
names a measured size, and reckoned from there in proportion to clips, chunks or bytes elsewhere.
"""

import json
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / 'docs' / 'scaling.md'
BENCHMARKS = ROOT / 'benchmarks'

SIZES = (10_000, 1_000_000, 100_000_000, 10_000_000_000)  # clips
CLIP_S = 10
CHUNKS_A_CLIP = 4  # windows of 4 s that begin every 2 s
EXAMPLES_A_CHUNK = 4
AUDIO_BYTES_A_CLIP = 100_000  # mp3 at 80 kbit/s, as toy-data has it
DOLLARS_A_CORE_HOUR = 0.04
DOLLARS_A_GB_MONTH = 0.02  # of disks or object storage
MACHINE = {'cores': 16, 'memory_gb': 128}  # what the set-ups are counted in
# Beyond what is stored: of a SQLite page, a clip's tags and uri, and what finds them.
DIMENSIONS = {'concat': 512, 'mean': 128}
# Square norm, 1 / norm, clip and number of each row; the mean of its examples and its rest.
ROW_BYTES = {'concat': 512 + 16 + 128 + 4, 'mean': 128 + 16}
WEEK_H = 7 * 24

# Measured on 2 cores with Milvus 2.3.5, HNSW (M 16, ef 128), 512-d float32, four query vectors.
# `milvus.json` has what was measured since, by the same names.
MILVUS = {'hnsw_ms_1m': 42.0, 'insert_rows_per_s': 3200.0, 'memory_bytes_a_row': 3900.0}


@dataclass(frozen=True)
class Figures:
    """What was measured, as the tables need it."""

    examples_per_core_s: float  # of the encoder alone, bfloat16
    examples_per_core_s_float32: float
    indexing_share: float  # of the encoder's speed, from files into the index
    file_bytes_a_chunk: float
    exact_ms_a_million: dict[str, float]  # by pooling
    exact_together_ms_a_million: dict[str, float]
    ann_ms: float  # at a million chunks
    ann_bytes_a_chunk: float
    http_ms: float  # of a search by id that is not the scan
    levels: dict[str, dict[str, float]]  # of searches over HTTP, by the number of clients
    ratios: dict[str, float]  # of their rates to those of an earlier version, where that took turns
    encoders: dict[str, dict[str, float]]  # by how many divide the cores
    milvus: dict[str, float]

    @classmethod
    def read(cls, folder: Path = BENCHMARKS) -> 'Figures':
        def load(name: str) -> dict[str, Any]:
            found: dict[str, Any] = json.loads((folder / f'{name}.json').read_text())
            return found

        encode, index, scan, search = map(load, ('encode', 'index', 'scan', 'search'))
        cores = encode['machine']['cores']
        million = scan['1000000']
        newer = load('milvus') if (folder / 'milvus.json').exists() else {}
        return cls(
            examples_per_core_s=encode['bfloat16_examples_per_s'] / cores,
            examples_per_core_s_float32=encode['encoder_examples_per_s'] / cores,
            indexing_share=load('ingest')['share_of_bare_encoder'],
            file_bytes_a_chunk=index['1000000']['file_bytes_per_chunk'],
            exact_ms_a_million={name: one['ms'] for name, one in million.items()},
            exact_together_ms_a_million={name: one['shared_ms'] for name, one in million.items()},
            ann_ms=index['1000000']['ann_ms'],
            # USearch: the vector in 8 bits, and 16 links up and 32 below, of 5 bytes each.
            ann_bytes_a_chunk=DIMENSIONS['concat'] + 48 * 5,
            http_ms=max(0.0, search['here']['1']['p50_ms'] - million['concat']['ms']),
            levels=search['here'],
            ratios=search.get('ratios', {}),
            encoders={name: one for name, one in load('replicas').items() if name.isdigit()},
            milvus={name: float(newer.get(name, value)) for name, value in MILVUS.items()},
        )

    def core_hours(self, clips: int, *, float32: bool = False) -> float:
        """Of the encoder, with what reads files and stores vectors beside it."""
        speed = self.examples_per_core_s_float32 if float32 else self.examples_per_core_s
        return clips * CHUNKS_A_CLIP * EXAMPLES_A_CHUNK / (speed * self.indexing_share) / 3600

    def exact_ms(self, clips: int, pooling: str) -> float:
        """A search by id over HTTP on two cores, every row of the index looked at."""
        return self.http_ms + self.exact_ms_a_million[pooling] * clips * CHUNKS_A_CLIP / 1e6

    def milvus_bytes(self, clips: int, pooling: str) -> float:
        """In memory; what is not the vector, its graph and ids, is taken as it is."""
        spared = 4 * (DIMENSIONS['concat'] - DIMENSIONS[pooling])
        return clips * CHUNKS_A_CLIP * (self.milvus['memory_bytes_a_row'] - spared)


def sizes_table(figures: Figures) -> str:
    rows = []
    for clips in SIZES:
        chunks = clips * CHUNKS_A_CLIP
        spared = DIMENSIONS['concat'] - DIMENSIONS['mean']
        file = [figures.file_bytes_a_chunk - less for less in (0, spared)]
        rows.append(
            [
                _count(clips),
                _count(chunks),
                _hours(clips * CLIP_S / 3600),
                _bytes(clips * AUDIO_BYTES_A_CLIP),
                _pair(_bytes(chunks * one) for one in DIMENSIONS.values()),
                _pair(_bytes(chunks * one) for one in ROW_BYTES.values()),
                _pair(_bytes(chunks * one) for one in file),
            ]
        )
    columns = ('clips', 'chunks', 'sound', 'mp3', 'vectors', 'in memory', 'index file')
    return _table(columns, rows)


def encoding_table(figures: Figures) -> str:
    rows = []
    for clips in SIZES:
        hours = figures.core_hours(clips)
        slow = figures.core_hours(clips, float32=True)
        storage = clips * (AUDIO_BYTES_A_CLIP + CHUNKS_A_CLIP * figures.file_bytes_a_chunk) / 1e9
        rows.append(
            [
                _count(clips),
                _number(hours),
                _number(slow),
                _duration(hours / 2),
                _number(max(1, hours / WEEK_H)),
                f'${_number(hours * DOLLARS_A_CORE_HOUR)}',
                f'${_number(storage * DOLLARS_A_GB_MONTH)}',
            ]
        )
    columns = (
        'clips',
        'core-hours, bfloat16',
        'float32',
        'on two cores',
        'cores for a week',
        'encoding once',
        'sounds and vectors, a month',
    )
    return _table(columns, rows)


def search_table(figures: Figures) -> str:
    rows = []
    for clips in SIZES:
        memory = [_bytes(figures.milvus_bytes(clips, pooling)) for pooling in DIMENSIONS]
        machines = [
            max(1, round(figures.milvus_bytes(clips, pooling) / 1e9 / MACHINE['memory_gb'] + 0.5))
            for pooling in DIMENSIONS
        ]
        rows.append(
            [
                _count(clips),
                _pair(_ms(figures.exact_ms(clips, pooling)) for pooling in DIMENSIONS),
                _bytes(clips * CHUNKS_A_CLIP * (ROW_BYTES['concat'] + figures.ann_bytes_a_chunk)),
                _pair(memory),
                _pair(map(_number, machines)),
            ]
        )
    columns = (
        'clips',
        'exact, two cores, one client',
        'memory with `ann: true`',
        'memory of Milvus, HNSW',
        f'machines of {MACHINE["memory_gb"]} GB for that',
    )
    return _table(columns, rows)


def setups_table(figures: Figures) -> str:
    rows = [[_count(clips), *_setup(figures, clips)] for clips in SIZES]
    return _table(('clips', 'what serves them', 'bottleneck'), rows)


def _setup(figures: Figures, clips: int) -> tuple[str, str]:
    """What serves so many clips, and what is short there first; from the figures."""
    memory_gb = clips * CHUNKS_A_CLIP * ROW_BYTES['concat'] / 1e9
    scan_ms = figures.exact_ms(clips, 'concat') - figures.http_ms
    hours = figures.core_hours(clips)
    encoding = f'encoding: {_number(hours)} core-hours'
    if scan_ms < figures.http_ms:
        short = (
            f'none: of a search the scan takes {_ms(scan_ms)}, all the rest {_ms(figures.http_ms)}'
        )
        return '`audio-search serve`, exact, two cores', short
    if memory_gb < MACHINE['memory_gb'] / 2:
        return (
            f'`audio-search serve` on one machine with {_number(max(8, 2 * memory_gb))} GB; '
            '`ann: true` where many ask at once; encoders on other machines for the first indexing',
            f'{encoding}; then the scan, {_ms(scan_ms)} on two cores',
        )
    needed = {pooling: figures.milvus_bytes(clips, pooling) for pooling in DIMENSIONS}
    vectors = f'the vectors in memory, {_pair(map(_bytes, needed.values()))}'
    if needed['concat'] / 1e9 / MACHINE['memory_gb'] < 100:
        return (
            'Milvus on several machines, encoders by address (`flow-cluster.yml`), `mean` pooling '
            'if its quality does',
            f'{vectors}; {encoding}',
        )
    return (
        'nothing of this was tried: Milvus with an index on disks, the collection in partitions, '
        '`mean` pooling, a fleet of encoders for months',
        f'{encoding}, ${_number(hours * DOLLARS_A_CORE_HOUR)}; {vectors}',
    )


def clients_table(figures: Figures) -> str:
    rows = [
        [
            clients,
            f'{one["requests_per_s"]:.1f}',
            *(f'{one[name]:.0f}' for name in ('p50_ms', 'p95_ms', 'core_ms')),
            f'{figures.ratios[clients]:.2f} x' if clients in figures.ratios else '–',
        ]
        for clients, one in figures.levels.items()
    ]
    columns = ('clients', 'requests/s', 'p50 ms', 'p95 ms', 'core ms a request', 'rate, by before')
    return _table(columns, rows)


def encoders_table(figures: Figures) -> str:
    rows = [
        [count, f'{one["clips_per_s"]:.1f}', f'{one["search_ms"]:.0f}', f'{one["memory_mb"]:.0f}']
        for count, one in figures.encoders.items()
    ]
    return _table(('encoders', 'clips/s indexed', 'search of 10 s, ms', 'memory, MB'), rows)


TABLES: dict[str, Callable[[Figures], str]] = {
    'sizes': sizes_table,
    'encoding': encoding_table,
    'search': search_table,
    'setups': setups_table,
    'clients': clients_table,
    'encoders': encoders_table,
}


def filled(document: str, figures: Figures) -> str:
    """The document with its tables as these figures make them. Raises KeyError for an unknown."""

    def written(found: re.Match[str]) -> str:
        return f'{found[1]}\n{TABLES[found[2]](figures)}\n{found[3]}'

    return re.sub(r'(<!-- table: (\w+) -->)\n.*?(<!-- end -->)', written, document, flags=re.DOTALL)


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ['---', *['--:'] * (len(columns) - 1)], *rows]
    if columns[1].startswith('what'):
        lines[1] = ['---'] * len(columns)
    return '\n'.join(f'| {" | ".join(line)} |' for line in lines)


def _pair(values: Any) -> str:
    return ' / '.join(values)


def _rounded(value: float) -> str:
    """Two digits that count, since more would claim what was not measured."""
    if value >= 100:
        digits = len(str(int(value))) - 2
        return f'{round(value / 10**digits) * 10**digits:,}'
    return f'{value:.2g}' if value < 10 else f'{value:.0f}'


def _scaled(value: float, step: float, units: Sequence[str]) -> str:
    for unit in units[:-1]:
        if value < step * 0.995:
            return f'{_rounded(value)} {unit}'.strip()
        value /= step
    return f'{_rounded(value)} {units[-1]}'.strip()


def _number(value: float) -> str:
    return _scaled(value, 1e3, ('', 'k', 'M', 'G')) if value >= 1e4 else _rounded(value)


def _count(value: float) -> str:
    return _scaled(value, 1e3, ('', 'k', 'M', 'G'))


def _bytes(value: float) -> str:
    return _scaled(value / 1e6, 1e3, ('MB', 'GB', 'TB', 'PB'))


def _hours(hours: float) -> str:
    years = hours / 24 / 365
    return f'{_rounded(hours)} h' if years < 1 else f'{_number(years)} years'


def _duration(hours: float) -> str:
    if hours < 48:
        return f'{_rounded(hours)} h'
    days = hours / 24
    return f'{_rounded(days)} days' if days < 365 else f'{_rounded(days / 365)} years'


def _ms(value: float) -> str:
    return _scaled(value, 1e3, ('ms', 's')) if value < 1e6 else f'{_rounded(value / 1e3)} s'


def main() -> int:
    document = DOCUMENT.read_text()
    DOCUMENT.write_text(filled(document, Figures.read()))
    print(f'written to {DOCUMENT.relative_to(ROOT)}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
