#!/bin/sh
# Prints the path of a Python that runs and is of one of the versions that are named, newest first
# by default: scripts/find_python.sh [3.12 ...]. Exit status 1 where there is none.
[ $# -gt 0 ] || set -- 3.13 3.12 3.11

is_version() {  # a pyenv shim has the right name but fails when pyenv has not chosen that version
    [ "$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" = "$2" ]
}

for version; do
    for candidate in "python$version" python3 "/usr/bin/python$version" \
        "${PYENV_ROOT:-$HOME/.pyenv}/versions/$version".*/bin/python3; do
        if is_version "$candidate" "$version"; then
            command -v "$candidate"
            exit 0
        fi
    done
done
exit 1
