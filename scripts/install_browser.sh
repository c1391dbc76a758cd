#!/bin/sh
# Finds a browser for the tests of the page, or installs one. Prints its path, and nothing else, on
# stdout. Does nothing where there is one.
set -eu

here=$(dirname "$0")
python=${PYTHON:-"$here/../.venv/bin/python"}
[ -x "$python" ] || python=python3

# A name is not enough: Ubuntu's package is a stub, and Playwright's browser may lack libraries.
runs() {
    [ -n "$1" ] && command -v "$1" >/dev/null && "$1" --version >/dev/null 2>&1
}

find_browser() {
    # AUDIO_SEARCH_BROWSER comes first, for a browser in a place of its own.
    for name in "${AUDIO_SEARCH_BROWSER:-}" chromium chromium-browser google-chrome \
        google-chrome-stable chrome \
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" \
        "/Applications/Chromium.app/Contents/MacOS/Chromium" \
        "${playwright_browser:-}"; do
        runs "$name" && command -v "$name" && return 0
    done
    return 1
}

find_playwright_browser() {
    "$python" -c '
from playwright.sync_api import sync_playwright

with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)
' 2>/dev/null || true
}

install_from_debian() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    echo 'Installing the Debian package chromium, which the tests of the page drive ...' >&3
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
        -o DPkg::Lock::Timeout=300 --no-install-recommends chromium
}

find_browser && exit 0
playwright_browser=$(find_playwright_browser)
find_browser && exit 0

log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo 'No browser found for the tests of the page.' >&2
install_from_debian 3>&2 >"$log" 2>&1 && find_browser && exit 0
echo "Installing Playwright's Chromium ..." >&2
with_libraries=
[ "$(id -u)" = 0 ] && with_libraries=--with-deps
"$python" -m playwright install $with_libraries chromium >>"$log" 2>&1 && find_browser && exit 0
tail -n 5 "$log" >&2
echo 'No browser could be installed for the tests of the page: install Chromium or Google Chrome,' \
    'or set AUDIO_SEARCH_BROWSER to one.' >&2
exit 1
