"""What the benchmarks share: the machine, the JSON they write, the tables they print."""

import json
import os
import platform
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

FOLDER = Path(__file__).resolve().parents[2] / 'benchmarks'
PACKAGES = ('jina', 'docarray', 'tensorflow-cpu', 'tensorflow', 'numpy', 'scipy', 'numkong')

console = Console(highlight=False)


def machine() -> dict[str, Any]:
    """Cores, CPU model, memory, and the versions that matter."""
    return {
        'cores': os.cpu_count(),
        'cpu': cpu_model(),
        'memory_gb': round(psutil.virtual_memory().total / 2**30),
        'system': platform.platform(),
        'versions': {'python': platform.python_version(), **versions()},
    }


def cpu_model() -> str:
    """As the system names it; on Linux, family and model too, since virtual machines hide names."""
    try:
        lines = Path('/proc/cpuinfo').read_text().partition('\n\n')[0].splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    fields = {
        key.strip(): value.strip() for key, _, value in (line.partition(':') for line in lines)
    }
    name = fields.get('model name', platform.machine())
    if 'cpu family' in fields:
        name += f' (family {fields["cpu family"]}, model {fields["model"]})'
    return name


def versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def write(name: str, figures: dict[str, Any], folder: Path = FOLDER) -> Path:
    """Keep the figures with machine and date as `folder/name.json`."""
    folder.mkdir(exist_ok=True)
    path = folder / f'{name}.json'
    date = datetime.now(UTC).isoformat(timespec='seconds')
    path.write_text(json.dumps({'date': date, 'machine': machine(), **figures}, indent=2) + '\n')
    return path


def table(title: str, columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """Print a table; all columns but the first are figures."""
    printed = Table(title=title, title_justify='left')
    for number, column in enumerate(columns):
        printed.add_column(column, justify='right' if number else 'left')
    for row in rows:
        printed.add_row(*(str(cell) for cell in row))
    console.print(printed)
