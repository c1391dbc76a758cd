#!/usr/bin/env bash
# Makes .venv with everything the service, its tests and benchmarks need. Does nothing twice.
set -euo pipefail
cd "$(dirname "$0")/.."

is_311() { "$1" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; }

python=''
for candidate in "${PYTHON:-}" python3.11 python3 /usr/bin/python3; do
    if [ -n "$candidate" ] && is_311 "$candidate"; then python=$candidate; break; fi
done
if [ -z "$python" ]; then
    echo 'setup: Python 3.11 is needed and was not found; install it, or set PYTHON to it' >&2
    exit 1
fi

if ! is_311 .venv/bin/python; then
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        # Debian leaves both out of its Python.
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
            apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null
        else
            echo 'setup: this Python lacks venv; install the package python3-venv' >&2
            exit 1
        fi
    fi
    "$python" -m venv --clear .venv
fi
.venv/bin/python -m pip install --quiet --disable-pip-version-check \
    --requirement requirements-dev.txt --constraint constraints.txt
touch .venv/installed
