#!/bin/sh
environment=$(dirname "$0")/../.venv/bin/python
[ -x "$environment" ] || environment=python3  # says what to do where it lacks the packages
exec "${PYTHON:-$environment}" "$(dirname "$0")/download_model.py" "$@"
