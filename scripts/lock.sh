#!/usr/bin/env bash
# Writes requirements*.txt from pyproject.toml: every package with its version, for every supported
# Python and platform. Pins that still fit stay as they are; to raise some, name them:
#   scripts/lock.sh --upgrade-package numpy --upgrade-package scipy      (or --upgrade for all)
set -euo pipefail
cd "$(dirname "$0")/.."
uv=${UV:-.venv/bin/uv}
# The condition of [tool.uv] environments, as uv repeats it on each line; "." for each parenthesis.
platforms="..platform_machine == 'arm64' and sys_platform == 'darwin'. or\
 .platform_machine == 'aarch64' and sys_platform == 'linux'. or\
 .platform_machine == 'x86_64' and sys_platform == 'linux'.."

lock() {  # lock FILE OPTION ...
    local file=$1
    shift
    "$uv" pip compile --quiet --universal --python-version 3.11 --annotation-style line \
        --no-header pyproject.toml --output-file "$file" "$@"
    {
        echo '# Written by `make lock` from pyproject.toml; CONTRIBUTING.md says how to change a version.'
        sed -E -e '/^# Written/d' -e 's/-c requirements.txt, //; s/, -c requirements.txt//' \
            -e "s/ ; python_full_version < '3.14' and $platforms//" -e "s/ and $platforms//" \
            -e "s/ ; python_full_version < '3.14' and / ; /" \
            -e 's/ +# via audio-search \(pyproject.toml\)/  # direct/' \
            -e 's/, audio-search \(pyproject.toml\)/, direct/' -e 's/ +#/  #/' "$file"
    } >"$file.new"
    mv "$file.new" "$file"
    echo "$file: $(grep -c == "$file") packages"
}

lock requirements.txt --extra cpu "$@"
# The others take the versions of the first.
lock requirements-milvus.txt --extra cpu --extra milvus --constraint requirements.txt "$@"
lock requirements-dev.txt --extra cpu --extra milvus --extra dev --constraint requirements.txt "$@"
lock requirements-gpu.txt --extra gpu --constraint requirements.txt "$@"
