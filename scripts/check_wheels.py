"""Checks that every pin of a lock file has a wheel for each platform and Python.

uv resolves the file as if it ran there, wheels only, and reads nothing but the packages' metadata;
pip would download gigabytes. Prints a table. Exit status 1 where a wheel is missing that
SOURCE_ONLY does not explain.
"""

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UV = os.environ.get('UV') or str(Path(sys.executable).with_name('uv'))
PYTHONS = ('3.11', '3.12', '3.13')
PLATFORMS = {  # as uv names them: the oldest system of each kind that is supported
    'Linux x86-64': 'x86_64-manylinux_2_28',
    'Linux arm64': 'aarch64-manylinux_2_28',
    'macOS arm64': 'aarch64-apple-darwin',
}
MIN_MACOS = '14.0'
# Pure Python that is built from its source, so a missing wheel needs no compiler.
SOURCE_ONLY = {
    'jcloud': 'is published without wheels',
    'jina': 'has wheels up to Python 3.11, none for Linux arm64; setup.sh builds it apart',
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('lock', nargs='?', type=Path, default=ROOT / 'requirements.txt')
    lock = parser.parse_args().lock.read_text()
    print(f'{"platform":14}{"Python":8}{"pins":>5}  without a wheel')
    unexplained = 0
    for platform, tag in PLATFORMS.items():
        for python in PYTHONS:
            pins, missing = without_wheel(lock, tag, python)
            unexplained += len(missing - set(SOURCE_ONLY))
            names = ', '.join(sorted(missing)) or 'none'
            print(f'{platform:14}{python:8}{pins:5}  {names}', flush=True)
    for name, reason in SOURCE_ONLY.items():
        print(f'{name} may lack a wheel: it {reason}.')
    return 1 if unexplained else 0


def without_wheel(lock: str, tag: str, python: str) -> tuple[int, set[str]]:
    """How many pins are installed on a platform's Python, and the names of those without a wheel.

    Raises SystemExit with uv's words where it fails for another reason.
    """
    command = [UV, 'pip', 'compile', '-', '--quiet', '--no-deps', '--no-build', '--no-header']
    command += ['--no-annotate', '--python-platform', tag, '--python-version', python]
    environment = {**os.environ, 'MACOSX_DEPLOYMENT_TARGET': MIN_MACOS}
    missing: set[str] = set()
    while True:  # uv names one package at a time; ask again without it
        pins = '\n'.join(
            line for line in lock.splitlines() if line.partition('==')[0] not in missing
        )
        ended = subprocess.run(
            command, input=pins, capture_output=True, text=True, env=environment, cwd='/'
        )
        if ended.returncode == 0:
            return ended.stdout.count('==') + len(missing), missing
        named = re.search(r'\b([\w.-]+)==\S+ has no (usable )?wheels', ended.stderr)
        if not named or named[1] in missing:
            raise SystemExit(f'check_wheels: uv failed for {tag}, {python}: {ended.stderr.strip()}')
        missing.add(named[1])


if __name__ == '__main__':
    sys.exit(main())
