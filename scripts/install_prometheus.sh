#!/bin/sh
# Finds Prometheus for the test of the compose file, or unpacks Debian's into .venv/debian: to install
# the package would start a service. Prints its path, and nothing else, on stdout.
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)
unpacked=$here/.venv/debian/usr/bin/prometheus

if command -v prometheus; then exit 0; fi
if [ -x "$unpacked" ]; then echo "$unpacked"; exit 0; fi
if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
    echo 'Prometheus is not here, and this is no Debian to fetch it from: install it for the test of' \
        'the compose file.' >&2
    exit 1
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
echo 'Fetching the Debian package prometheus, for the test of the compose file ...' >&2
cd "$folder"
if [ "$(id -u)" = 0 ]; then apt-get update -qq >&2; fi
apt-get download -qq prometheus >&2
mkdir -p "$here/.venv/debian"
dpkg-deb -x prometheus_*.deb "$here/.venv/debian"
echo "$unpacked"
