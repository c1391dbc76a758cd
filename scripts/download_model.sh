#!/bin/sh
exec "${PYTHON:-$(dirname "$0")/../.venv/bin/python}" "$(dirname "$0")/download_model.py" "$@"
