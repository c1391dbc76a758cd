"""Checks that each pin of a lock file can be installed without a compiler on every platform.

For each platform and Python pip is asked what it would install, wheels only; nothing is
downloaded but the packages' metadata. Prints a table; exit status 1 where a wheel is missing that
SOURCE_ONLY does not explain.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
PYTHONS = ('3.11', '3.12', '3.13')
# What `packaging` calls the machine, and the platform tags of the oldest system that is supported.
# A wheel for an older system fits a newer one, but pip takes only the tags that it is told.
GLIBC = ('2_28', '2_27', '2_26', '2_24', '2_17', '2_12', '2_5')
LEGACY = ('manylinux2014', 'manylinux2010', 'manylinux1')
PLATFORMS = {
    'Linux x86-64': (
        {'sys_platform': 'linux', 'platform_machine': 'x86_64'},
        [*(f'manylinux_{version}_x86_64' for version in GLIBC), *(f'{n}_x86_64' for n in LEGACY)],
    ),
    'Linux arm64': (
        {'sys_platform': 'linux', 'platform_machine': 'aarch64'},
        [*(f'manylinux_{version}_aarch64' for version in GLIBC), 'manylinux2014_aarch64'],
    ),
    'macOS arm64': (
        {'sys_platform': 'darwin', 'platform_machine': 'arm64'},
        [
            f'macosx_{major}_0_{arch}'
            for major in (14, 13, 12, 11)
            for arch in ('arm64', 'universal2')
        ]
        + [f'macosx_10_{minor}_universal2' for minor in range(16, 8, -1)],
    ),
}
# Pure Python that setup builds from its source, so a missing wheel needs no compiler.
SOURCE_ONLY = {
    'jcloud': 'its maker publishes no wheel',
    'jina': 'has wheels for x86-64 up to Python 3.11; scripts/setup.sh builds it apart',
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('lock', nargs='?', type=Path, default=ROOT / 'requirements.txt')
    lines = parser.parse_args().lock.read_text().splitlines()
    pins = [Requirement(pin) for pin in (line.partition('#')[0].strip() for line in lines) if pin]
    targets = [(platform, python) for platform in PLATFORMS for python in PYTHONS]
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda target: without_wheel(pins, *target), targets))
    print(f'{"platform":14}{"Python":8}{"pins":>5}  without a wheel')
    unexplained = 0
    for (platform, python), (asked, missing) in zip(targets, results, strict=True):
        unexplained += len(missing - set(SOURCE_ONLY))
        print(f'{platform:14}{python:8}{asked:5}  {", ".join(sorted(missing)) or "none"}')
    for name, reason in SOURCE_ONLY.items():
        print(f'{name} is built from its source where it has no wheel: {reason}.')
    return 1 if unexplained else 0


def without_wheel(pins: list[Requirement], platform: str, python: str) -> tuple[int, set[str]]:
    """How many of the pins a platform's Python installs, and the names of those without a wheel."""
    machine, tags = PLATFORMS[platform]
    environment = {
        **machine,
        'python_version': python,
        'python_full_version': f'{python}.0',
        'implementation_name': 'cpython',
        'platform_python_implementation': 'CPython',
    }
    wanted = [pin for pin in pins if pin.marker is None or pin.marker.evaluate(environment)]
    missing: set[str] = set()
    # Nearly always one question answers for all; only where it fails is each pin asked about.
    rest = [pin for pin in wanted if pin.name not in SOURCE_ONLY]
    for pin in [pin for pin in wanted if pin.name in SOURCE_ONLY]:
        if not has_wheels([pin], tags, python):
            missing.add(pin.name)
    if not has_wheels(rest, tags, python):
        missing.update(pin.name for pin in rest if not has_wheels([pin], tags, python))
    return len(wanted), missing


def has_wheels(pins: list[Requirement], tags: list[str], python: str) -> bool:
    # As name==version: pip would evaluate the markers for the machine it runs on.
    wanted = [f'{pin.name}{pin.specifier}' for pin in pins]
    platforms = [option for tag in tags for option in ('--platform', tag)]
    with tempfile.TemporaryDirectory() as nowhere:
        command = [sys.executable, '-m', 'pip', 'install', '--dry-run', '--quiet', '--no-deps']
        command += ['--ignore-installed', '--only-binary=:all:', '--python-version', python]
        command += ['--implementation', 'cp', *platforms, '--target', nowhere, *wanted]
        ended = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ))
    if ended.returncode and 'No matching distribution' not in ended.stderr:
        raise SystemExit(f'check_wheels: pip failed: {ended.stderr.strip()[-500:]}')
    return ended.returncode == 0


if __name__ == '__main__':
    sys.exit(main())
