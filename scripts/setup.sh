#!/usr/bin/env bash
# Makes .venv with everything the service, its tests and benchmarks need. Does nothing twice, and
# goes on where an interrupted run stopped. From the environment:
#   PYTHON          the interpreter to use; otherwise the newest of 3.13, 3.12, 3.11 that is found
#   SETUP=runtime   leaves out what only tests, linters and benchmarks need
set -euo pipefail
cd "$(dirname "$0")/.."

requirements=requirements-dev.txt
if [ "${SETUP:-}" = runtime ]; then requirements=requirements.txt; fi
log=.venv/setup.log

say() { echo "setup: $*"; }
stop() { say "$*" >&2; exit 1; }

is_supported() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null
}

check_platform() {
    case "$(uname -s) $(uname -m)" in
        'Linux x86_64' | 'Linux aarch64' | 'Darwin arm64') ;;
        *) stop "no TensorFlow 2.20 for $(uname -s) on $(uname -m); use Linux (x86-64, arm64)" \
            'or a Mac with an Apple chip' ;;
    esac
}

make_venv() {
    local python uv
    if [ -n "${PYTHON:-}" ]; then
        is_supported "$PYTHON" || stop "PYTHON is $PYTHON, which is no Python 3.11, 3.12 or 3.13"
        python=$PYTHON
    else
        python=$(scripts/find_python.sh || true)
    fi
    if [ -n "$python" ]; then
        say "making .venv with $("$python" --version) ($python)"
        "$python" -c 'import ensurepip, venv' 2>/dev/null || install_venv "$python"
        "$python" -m venv --clear .venv || stop "$python could not make .venv; its error is above"
    elif uv=$(command -v uv); then
        say 'no Python 3.11, 3.12 or 3.13 here; uv fetches Python 3.13'
        "$uv" venv --quiet --clear --seed --python 3.13 .venv 2>.uv.log || {
            rm -f .uv.log
            stop 'uv could not fetch Python 3.13 (no internet?); install Python 3.11, 3.12 or 3.13'
        }
        rm -f .uv.log
    else
        stop 'Python 3.11, 3.12 or 3.13 is needed and was not found; install one, or uv, or set PYTHON'
    fi
}

install_venv() {  # Debian and Ubuntu leave venv out of their Python
    local package
    package=$("$1" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        stop "$1 lacks venv; install the package $package"
    fi
    say "$1 lacks venv; installing the Debian package $package"
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package"; } \
        >/dev/null || stop "apt-get could not install $package; its error is above"
}

# A run that was interrupted while pip unpacked leaves packages that look installed and are not
# whole: INSTALLER is written after everything else. "~" begins what pip had moved aside.
remove_halves() {
    local packages
    packages=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    find "$packages" -maxdepth 1 \( -name '~*' -o -name '*.dist-info' \
        ! -exec test -e '{}/INSTALLER' \; \) -exec rm -r {} +
}

pip() { .venv/bin/python -m pip --disable-pip-version-check --no-input "$@"; }

run() {  # run WHAT PIP-ARGUMENTS ...: runs pip, and its errors end the setup in one sentence
    local what=$1
    shift
    pip "$@" >"$log" 2>&1 || {
        grep '^ *ERROR' "$log" | tail -n 3 >&2
        stop "$what failed; $log has all that pip said"
    }
}

pin() { grep -oE "^$1==[^ ]+" requirements.txt; }

# jina has wheels up to Python 3.11 on x86-64; elsewhere its setup.py runs, writes a block into the
# shell's start files (~/.bashrc, ~/.zshrc) and compiles Go where it finds Go. So it gets a home
# folder that holds nothing but links to pip's settings and cache, and a PATH without programs.
install_jina() {
    local home
    home=$(mktemp -d)
    mkdir "$home/bin"
    for name in .cache .config .pip .netrc Library; do
        if [ -e "$HOME/$name" ]; then ln -s "$HOME/$name" "$home/$name"; fi
    done
    HOME=$home PATH=$home/bin SHELL='' \
        run 'installing jina' install --no-deps --no-build-isolation "$(pin jina)"
    rm -r "$home"
}

progress() {  # progress TOTAL: one line that follows pip's log; without a terminal one per 10 s
    local total=$1 line site told=$SECONDS
    site=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    while sleep 1; do
        if grep -q '^Installing collected' "$log"; then
            # pip removes folders while find walks them; that find complains then is of no consequence
            line=$({ find "$site" -maxdepth 2 -name INSTALLER 2>/dev/null || true; } | wc -l)
            line="unpacked $line of about $total packages"
        else
            line=$(grep -oE '^Collecting [^ ]+' "$log" | tail -n 1 || true)
            line="fetched $(grep -cE '\(from -r' "$log" || true) of $total packages ${line#Collecting }"
        fi
        if [ -t 1 ]; then
            printf '\rsetup: %-70.70s' "$line"
        elif [ $((SECONDS - told)) -ge 10 ]; then
            told=$SECONDS
            say "$line"
        fi
    done
}

install_all() {
    local total watcher failed=''
    total=$(grep -c == "$requirements")
    say "installing $total packages of $requirements (3 GB, a minute or two)"
    : >"$log"
    progress "$total" &
    watcher=$!
    # the number itself: at the exit of a run that was interrupted the local variable is gone
    trap "kill $watcher 2>/dev/null || true" EXIT
    (run "installing $requirements" install --no-build-isolation --requirement "$requirements") ||
        failed=1
    kill "$watcher" 2>/dev/null || true  # what only shows progress fails no setup
    wait "$watcher" 2>/dev/null || true
    trap - EXIT
    if [ -t 1 ]; then printf '\r%-80s\r' ''; fi
    [ -z "$failed" ] || exit 1
}

check_platform
if ! is_supported .venv/bin/python || ! pip --version >/dev/null 2>&1; then make_venv; fi
remove_halves
run 'installing setuptools' install "$(pin setuptools)" "$(pin wheel)"
install_jina
install_all
run 'installing audio-search' install --no-deps --no-build-isolation --editable .
[ "$requirements" = requirements.txt ] || touch .venv/installed
say "done: $(.venv/bin/python --version) in .venv"
