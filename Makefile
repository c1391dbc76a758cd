PYTHON_FILES = app.py audio_search executors scripts tests

.PHONY: help setup serve test test-kill test-milvus-kill smoke lint format lock k8s try-image check-wheels verify-model toy-data \
	screenshots

help:  ## what can be made
	@grep -hE '^[a-z%-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: .venv/installed  ## install everything into .venv; nothing is done twice

.venv/installed: requirements-dev.txt pyproject.toml
	scripts/setup.sh

serve: setup  ## index the toy clips, search a few, serve on :45678
	.venv/bin/python app.py

test: setup  ## run the tests
	scripts/install_browser.sh
	scripts/install_prometheus.sh
	.venv/bin/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

test-kill: setup  ## kill the index 30 times while it writes
	KILL_ROUNDS=30 .venv/bin/python -m pytest tests/store/sqlite/test_kill.py

test-milvus-kill: setup  ## kill Milvus and the indexer 10 times while clips are stored
	KILL_ROUNDS=10 .venv/bin/python -m pytest tests/end_to_end/test_milvus.py

smoke: setup  ## try the service on each other supported Python that is here
	scripts/smoke.sh

lint: setup  ## check style and types
	.venv/bin/ruff check $(PYTHON_FILES)
	.venv/bin/ruff format --check $(PYTHON_FILES)
	.venv/bin/mypy app.py audio_search executors scripts
	.venv/bin/lint-imports --no-cache

format: setup  ## put the code into its form
	.venv/bin/ruff check --fix $(PYTHON_FILES)
	.venv/bin/ruff format $(PYTHON_FILES)

lock: setup  ## write requirements*.txt from pyproject.toml
	scripts/lock.sh

try-image: setup  ## execute the Dockerfile in a clean Debian (as root, by debootstrap) and try it
	.venv/bin/python scripts/try_image.py

k8s: setup  ## write deploy/kubernetes from flow.yml
	.venv/bin/python scripts/make_kubernetes.py

check-wheels: setup  ## check that every pin has wheels for every platform and Python
	.venv/bin/python scripts/check_wheels.py

bench-%: setup  ## measure: bench-encode, -events, -http, -index, -ingest, -judged, -milvus, -recordings, -replicas, -search
	.venv/bin/python scripts/benchmark.py $*

verify-model: setup  ## run the published smoke test on the official weights
	.venv/bin/python scripts/verify_model.py

toy-data: setup  ## make the toy clips anew
	scripts/make_toy_data.sh

screenshots: setup  ## photograph the page for the README
	.venv/bin/python scripts/take_screenshots.py
