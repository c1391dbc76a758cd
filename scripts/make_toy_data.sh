#!/usr/bin/env bash
# Render toy-data/*.mp3 anew. Missing Debian packages are installed when this runs as root.
# Options are passed on: --only ID ..., --out FOLDER, --table. PYTHON chooses the interpreter.
set -euo pipefail

scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
python=${PYTHON:-$scripts/../.venv/bin/python}
[[ -x $python ]] || python=$(command -v "${PYTHON:-python3}") || {
    echo "no Python: set PYTHON, or make .venv at the top of the repository" >&2
    exit 1
}
"$python" -c 'import numpy, scipy, soundfile' || {
    echo "$python lacks numpy, scipy or soundfile" >&2
    exit 1
}

missing=$("$python" "$scripts/make_toy_data.py" --missing)
if [[ -n $missing ]]; then
    if [[ $EUID -ne 0 ]]; then
        echo "missing Debian packages; as root: apt-get install --no-install-recommends $missing" >&2
        exit 1
    fi
    apt-get update -q
    # the list is meant to be split into words
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends $missing
fi
exec "$python" "$scripts/make_toy_data.py" "$@"
