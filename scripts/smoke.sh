#!/usr/bin/env bash
# Tries the service, as a user would, on every supported Python that is here, but for the one of
# .venv, which the tests run on: set up in a fresh checkout, serve, index, search, stop.
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
failed=0
for version; do
    if ! python=$(scripts/find_python.sh "$version"); then
        echo "smoke: Python $version is not here"
        continue
    fi
    begun=$SECONDS
    git clone --quiet . "$folder/$version"
    if (
        cd "$folder/$version"
        PYTHON=$python SETUP=runtime scripts/setup.sh && .venv/bin/python scripts/smoke.py
    ) >"$folder/$version.log" 2>&1; then
        echo "smoke: Python $version works ($((SECONDS - begun)) s)"
    else
        echo "smoke: Python $version fails; the end of what it printed:"
        tail -n 40 "$folder/$version.log"
        failed=1
    fi
    rm -rf "${folder:?}/$version"
done
exit $failed
