# Two commands for everybody: `make demo` and `make test`. Each sets up what it needs, alone, on a machine with Python ≥ 3.11.
# The system's own Python comes first: distributions compile theirs with optimisation, version managers often do not, and that
# costs the bot a fifth of its speed. `make PYTHON=… test` takes another.
SUITS := import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for each in /usr/bin/python3 python3; do $$each -c '$(SUITS)' 2>/dev/null && break; done; echo $$each)
BIN := .venv/bin
unexport PYTHONDONTWRITEBYTECODE # what was compiled once need not be again

.PHONY: help demo test suite deep lint types floors scripts audit format lock media ear bench clean

help:  ## What can be made.
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

demo: .venv/ready  ## Talk with the bot in your browser. Nothing leaves your machine.
	@$(BIN)/stillhere demo $(ARGS)

test: .venv/ready-test  ## Everything that is checked before a change is taken: about three minutes on two cores.
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory -j3 types scripts suite  # the floors are looked at there, too

deep: .venv/ready-test | var/cache  ## What takes longer: long walks, chaos, soak. At most twenty minutes.
	@$(BIN)/python -m pytest -n auto $(ARGS)

suite: .venv/ready-test | var/cache
	@$(BIN)/python -m pytest -n auto -m "not deep" $(ARGS)

var/cache: | .venv/ready-test  # once, before several processes want the same at the same moment
	@$(BIN)/python -m tests.carried

lint: .venv/ready-test
	@$(BIN)/ruff check -q . && $(BIN)/ruff format -q --check . && echo "lint: fine"

types: .venv/ready-test  # without a cache half a minute, which passes while the suite waits
	@$(BIN)/mypy

floors: .venv/ready-test
	@$(BIN)/lint-imports --no-cache | tail -1

scripts: .venv/ready-test
	@$(BIN)/stillhere dialogs lint

audit: .venv/python  ## Ask for known weaknesses in the locked libraries; skipped where that cannot be asked.
	@$(BIN)/python .ci/audit

format: .venv/ready-test  ## Bring code into shape.
	@$(BIN)/ruff check -q --fix . && $(BIN)/ruff format -q .

media: .venv/ready-test  ## Draw the pictures in dialogs/media anew.
	@$(BIN)/python dialogs/media/draw.py

ear: .venv/ready-test requirements-learn.lock  ## Learn the weights of the safety gate's second ear anew, from tests/safety/corpus.
	@test -x .venv-learn/bin/python || $(PYTHON) -m venv .venv-learn
	@.venv-learn/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock -r requirements-learn.lock
	@PYTHONPATH=. .venv-learn/bin/python tests/safety/learn.py

lock: .venv/ready-test  ## Choose the newest versions of all libraries and write them down with their hashes.
	@$(BIN)/python -m pip install -q uv
	@$(BIN)/uv pip compile -q pyproject.toml --extra build --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -U -o requirements.lock
	@$(BIN)/uv pip compile -q pyproject.toml --extra build --extra test --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -U -o requirements-test.lock
	@echo pip-audit | $(BIN)/uv pip compile -q - --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -U -o requirements-audit.lock
	@echo scikit-learn | $(BIN)/uv pip compile -q - --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -U -o requirements-learn.lock

bench: .venv/ready-test  ## Measure: a turn, and every figure beside telegraf and others. A quarter of an hour; see bench/README.md.
	@for each in engine turns; do echo "-- $$each"; $(BIN)/python bench/$$each.py || exit 1; done
	@$(BIN)/python bench/table.py $(ARGS)

clean:  ## Take away what was made; chats of the demo and keys stay.
	@rm -rf .venv .venv-learn .mypy_cache .ruff_cache .hypothesis dist build var/cache

.venv/python:
	@$(PYTHON) -c '$(SUITS)' 2>/dev/null || { echo "Stillhere needs Python 3.11 or newer, with venv; set PYTHON=…"; exit 1; }
	@$(PYTHON) -m venv .venv && touch $@

.venv/ready: .venv/python requirements.lock pyproject.toml
	@echo "Setting up Stillhere in .venv: half a minute, once."
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/ready-test: .venv/ready requirements-test.lock tests/browser/install.sh
	@echo "Setting up the tests: half a minute, once."
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-test.lock
	@sh tests/browser/install.sh
	@touch $@
