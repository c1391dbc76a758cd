"""Executes the Dockerfile's steps in a clean Debian, and tries the service that they make.

For machines without a container engine. debootstrap unpacks the Debian that the official Python
images stand on, its Python 3.13 takes the place of theirs, and each instruction of the Dockerfile
runs in it by chroot, on the files of the last commit. What is not tried is what only an engine has:
layers, volumes, the published port. Needs root, and the Debian package debootstrap.
"""

import argparse
import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent

MIRROR = 'http://deb.debian.org/debian'
SUITE = 'trixie'  # what python:3.13-slim is made of
PACKAGES = ('python3', 'python3-venv', 'ca-certificates')
START_S = 120
SHARED = ('/proc', '/dev', '/dev/shm')
CERTIFICATES = Path('/etc/ssl/certs/ca-certificates.crt')  # a mirror's may be among this machine's


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--keep', type=Path, help='keep the unpacked Debian here, for the next try')
    arguments = parser.parse_args()
    if os.geteuid() != 0 or not shutil.which('debootstrap'):
        sys.exit('This needs root and debootstrap: apt-get install debootstrap')
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        base = arguments.keep or folder / 'debian'
        if not (base / 'usr').is_dir():
            print(f'{SUITE}: debootstrap …', flush=True)
            run('debootstrap', '--variant=minbase', SUITE, str(base), MIRROR)
        system = System(folder / 'image')
        run('cp', '-a', str(base), str(system.root))
        stack.enter_context(system.mounted())
        system.install_python()
        source = folder / 'source'
        source.mkdir()
        archive = subprocess.run(
            ['git', '-C', str(ROOT), 'archive', 'HEAD'], check=True, stdout=subprocess.PIPE
        ).stdout
        subprocess.run(['tar', '-x', '-C', str(source)], input=archive, check=True)
        for name, value in instructions((source / 'Dockerfile').read_text()):
            print(f'{name} {value[:90]}', flush=True)
            system.execute(name, value, source)
        try_service(system)
    print('The image’s steps ran, and its service indexed and found the toy clips.')


def run(*command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def instructions(text: str) -> Iterator[tuple[str, str]]:
    """The name and the value of each instruction of a Dockerfile, its lines joined."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith('#')]
    for line in '\n'.join(lines).replace('\\\n', ' ').splitlines():
        if line.strip():
            name, _, value = line.strip().partition(' ')
            yield name, ' '.join(value.split())


class System:
    """A Debian below `root` as a container of it would be: the state that instructions change."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = '/'
        self.user = 'root'
        self.command: list[str] = []
        self.check = ''
        # PATH as in the official Python images, and what tells pip where its packages are.
        self.environment = {'PATH': '/usr/local/bin:/usr/bin:/bin:/usr/sbin'} | {
            name: value for name, value in os.environ.items() if name.startswith('PIP_')
        }

    @contextmanager
    def mounted(self) -> Iterator[None]:
        """With the devices, the network's names and pip's configuration of this machine."""
        shared = [Path(path) for path in SHARED] + pip_paths()
        for path in map(Path, ('/etc/resolv.conf', '/etc/hosts', '/etc/pip.conf')):
            if path.exists():
                shutil.copy(path, self.root / path.relative_to('/'))
        mounts = [(path, self.root / path.relative_to('/')) for path in shared if path.is_dir()]
        try:
            for path, place in mounts:
                place.mkdir(parents=True, exist_ok=True)
                run('mount', '--bind', str(path), str(place))
            yield
        finally:
            for _, place in reversed(mounts):
                subprocess.run(['umount', str(place)], check=False)

    def install_python(self) -> None:
        """Python with pip and nothing else in /usr/local, as the official images have it."""
        for line in (
            'apt-get update -qq',
            f'DEBIAN_FRONTEND=noninteractive apt-get install -qq -y {" ".join(PACKAGES)}',
            'python3 -m venv /usr/local',
        ):
            self.shell(line)
        shutil.copy(CERTIFICATES, self.root / CERTIFICATES.relative_to('/'))

    def shell(self, line: str) -> None:
        subprocess.run(
            self._inside(line), env=self._variables(), check=True, stdout=subprocess.DEVNULL
        )

    def start(self, line: str, *, quiet: bool = False) -> subprocess.Popen[bytes]:
        stderr = subprocess.DEVNULL if quiet else None
        return subprocess.Popen(self._inside(line), env=self._variables(), stderr=stderr)

    def _inside(self, line: str) -> list[str]:
        folder = shlex.quote(self.folder)
        enter = ['chroot', f'--userspec={self.user}', str(self.root), 'sh', '-c']
        return [*enter, f'cd {folder} && {line}']

    def _variables(self) -> dict[str, str]:
        home = '/root' if self.user == 'root' else f'/home/{self.user}'
        return {**self.environment, 'HOME': home}

    def execute(self, name: str, value: str, source: Path) -> None:
        if name == 'RUN':
            self.shell(value)
        elif name == 'COPY':
            *names, target = value.split()
            for one in names:
                place = self.root / self.folder.lstrip('/') / target
                if (source / one).is_dir():
                    shutil.copytree(source / one, place, dirs_exist_ok=True)
                else:
                    place.mkdir(parents=True, exist_ok=True)
                    shutil.copy(source / one, place)
        elif name == 'ENV':
            self.environment |= dict(part.split('=', 1) for part in shlex.split(value))
        elif name == 'WORKDIR':
            self.folder = value
            (self.root / value.lstrip('/')).mkdir(parents=True, exist_ok=True)
        elif name == 'USER':
            self.user = value
        elif name == 'CMD':
            self.command = json.loads(value)
        elif name == 'HEALTHCHECK':
            self.check = value.partition(' CMD ')[2]
        elif name not in ('FROM', 'VOLUME', 'EXPOSE'):
            sys.exit(f'{name} is an instruction that this script does not know; add it')


def pip_paths() -> list[Path]:
    """The folders that pip's configuration names on this machine."""
    told = subprocess.run(
        [sys.executable, '-m', 'pip', 'config', 'list'], capture_output=True, text=True, check=True
    ).stdout
    words = told.replace('file://', '').replace("'", ' ').split()
    folders = {Path(word) for word in words if word.startswith('/')}
    places = {path if path.is_dir() else path.parent for path in folders}
    return sorted(place for place in places if 'certs' not in place.parts)


def try_service(system: System) -> None:
    """Start what the image starts, wait until its health check passes, index and search."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port = probe.getsockname()[1]
    system.environment['AUDIO_SEARCH_PORT'] = str(port)
    service = system.start(f'exec {shlex.join(system.command)}')
    try:
        check = system.check.replace('45678', str(port))
        deadline = time.monotonic() + START_S
        while system.start(check, quiet=True).wait():
            if service.poll() is not None or time.monotonic() > deadline:
                sys.exit('The service did not become healthy')
            time.sleep(1)
        clips = sorted((ROOT / 'toy-data').glob('*.mp3'))[:10]
        names = [{'uri': f'toy-data/{clip.name}'} for clip in clips]
        ask(port, 'index', {'data': names})
        answer = ask(port, 'search', {'data': names[:1], 'parameters': {'limit': 1}})
        found = answer['data'][0]['matches'][0]
        if not found['uri'].endswith(clips[0].name):
            sys.exit(f'{clips[0].name} was searched and {found["uri"]} was found')
    finally:
        service.terminate()
        service.wait()


def ask(port: int, endpoint: str, body: dict[str, Any]) -> Any:
    request = urllib.request.Request(
        f'http://127.0.0.1:{port}/{endpoint}',
        json.dumps(body).encode(),
        {'Content-Type': 'application/json'},
    )
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.load(answer)


if __name__ == '__main__':
    main()
