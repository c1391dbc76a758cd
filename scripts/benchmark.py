"""Measure a part of the service: print a table and write benchmarks/NAME.json.

python scripts/benchmark.py NAME
"""

import importlib
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from audio_search.environment import use_environment

use_environment()

from scripts.benchmarks import report

MODULES = Path(__file__).parent / 'benchmarks'


def main(arguments: list[str]) -> int:
    known = sorted(path.stem for path in MODULES.glob('[!_]*.py') if path.stem != 'report')
    if len(arguments) != 1 or arguments[0] not in known:
        print(f'Give the name of a benchmark: {", ".join(known)}', file=sys.stderr)
        return 2
    benchmark = importlib.import_module(f'scripts.benchmarks.{arguments[0]}')
    figures = benchmark.run()
    path = report.write(arguments[0], figures)
    benchmark.show(figures)
    report.console.print(f'written to {path.relative_to(ROOT)}')
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
