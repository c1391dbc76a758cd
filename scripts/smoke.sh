#!/usr/bin/env bash
# Tries the service, as a user would, on every supported Python that is here, but for the one of
# .venv, which the tests run on: set up in a fresh checkout, serve, index, search, stop. All at the
# same time, since pip installs on one core.
# scripts/smoke.sh [VERSION ...] tries these. Prints one line per Python; fails if one fails.
set -euo pipefail
cd "$(dirname "$0")/.."

version_of() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])'; }

if [ $# = 0 ]; then
    tested=$(version_of .venv/bin/python)
    for version in 3.11 3.12 3.13; do
        [ "$version" = "$tested" ] || set -- "$@" "$version"
    done
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

try() {  # try VERSION PYTHON
    local begun=$SECONDS failed=0
    git clone --quiet . "$folder/$1"
    if (
        cd "$folder/$1"
        PYTHON=$2 SETUP=runtime scripts/setup.sh && .venv/bin/python scripts/smoke.py
    ) >"$folder/$1.log" 2>&1; then
        echo "smoke: Python $1 works ($((SECONDS - begun)) s)"
    else
        echo "smoke: Python $1 fails; the end of what it printed:"
        tail -n 40 "$folder/$1.log"
        failed=1
    fi
    rm -rf "${folder:?}/$1"
    return $failed
}

tries=()
for version; do
    if python=$(scripts/find_python.sh "$version"); then
        try "$version" "$python" &
        tries+=($!)
    else
        echo "smoke: Python $version is not here"
    fi
done
failed=0
for process in ${tries[@]+"${tries[@]}"}; do
    wait "$process" || failed=1
done
exit $failed
