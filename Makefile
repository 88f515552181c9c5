# `make` alone prints what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
RUN_STAMP := $(VENV)/.installed-run

.DEFAULT_GOAL := help
.PHONY: help setup run test test-long bench check demo-reset

help: ## Print this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  make %-12s %s\n", $$1, $$2}'

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; set PYTHON=python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(RUN_STAMP): requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(STAMP): requirements.txt requirements-dev.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@ $(RUN_STAMP)

setup: $(STAMP) ## Make the virtual environment with everything pinned

run: $(RUN_STAMP) ## Start the tower (database, migrations and demo data included)
	@$(BIN)/python app.py

test: $(STAMP) ## Lint, types, import contracts and all tests but the long ones
	@$(MAKE) --no-print-directory check
	$(BIN)/python -m pytest -n $${WORKERS:-2} -m "not long"

test-long: $(STAMP) ## The long programmes
	$(BIN)/python -m pytest -m long

check: $(STAMP) ## Ruff, mypy and the import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMP) ## Measure: make bench [BENCH=name] [LINES=n]
	@$(BIN)/python -m tests.benchmarks $(if $(BENCH),--only $(BENCH)) $(if $(LINES),--lines $(LINES))

demo-reset: $(RUN_STAMP) ## Empty the demo database and build it anew, dated around today
	$(BIN)/python -m seed demo --reset
