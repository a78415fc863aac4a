# `make serve` and `make test` each work alone on a fresh machine with Python 3.11+.
#
#   make serve            install into .venv and serve http://127.0.0.1:9200 from ./data
#   make test             install what the tests need and run them
#   make lint types       style, import rules; static types
#   make clients          drive real client programs against a real server
#   make faults           the slow lane: kill -9 and other faults, minutes to hours
#   make docs             build the documentation site into build/docs
#   make bench            measure; see benchmarks/
#   make dist             wheel, source archive and bill of materials in dist/
#
# PYTHON=python3.12 chooses the interpreter, VENV=dir another environment, PORT and
# DATA where `make serve` listens and keeps its data, TESTS what the tests run, BENCH
# which of the benchmarks, with options if need be: BENCH="small-puts --rounds 3".

VENV   ?= .venv
PORT   ?= 9200
DATA   ?= ./data
TESTS  ?=
BENCH  ?=
JOBS   ?= auto

BIN     = $(VENV)/bin
RUN     = $(VENV)/.stamp-run
DEV     = $(VENV)/.stamp-dev
DOCS    = $(VENV)/.stamp-docs
CLIENTS = $(VENV)/.stamp-clients
DIST    = $(VENV)/.stamp-dist
BENCHED = $(VENV)/.stamp-bench
PEERS   = benchmarks/node/node_modules/.package-lock.json
NODE    = tests/clients/node/node_modules/.package-lock.json
PIP     = $(BIN)/python -m pip --disable-pip-version-check --quiet install --retries 5

.PHONY: dist serve test lint types format clients faults docs bench install clean
.DEFAULT_GOAL := help

.PHONY: help
help:
	@awk '!/^#/ {exit} {sub(/^# ?/, ""); print}' Makefile

serve: $(RUN)
	@exec $(BIN)/ocsync serve --data $(DATA) --port $(PORT)

test: $(DEV)
	$(BIN)/python -m pytest -n $(JOBS) -m "not slow" --ignore tests/clients $(TESTS)

lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(CLIENTS)
	$(BIN)/mypy

format: $(DEV)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clients: $(CLIENTS) $(NODE)
	$(BIN)/python -m pytest -m clients tests/clients $(TESTS)

faults: $(DEV)
	$(BIN)/python -m pytest -m slow --ignore tests/clients --timeout 3600 $(TESTS)

docs: $(DOCS)
	$(BIN)/python -m sphinx -W --keep-going -n -q -b html docs build/docs
	@echo build/docs/index.html

bench: $(BENCHED) $(PEERS)
	$(BIN)/python -m benchmarks $(BENCH)

dist: $(DIST)
	$(BIN)/python release/make_dist.py dist

install: $(RUN)

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache

# One environment in three sizes; each is renewed when the package's metadata change.
$(RUN): setup.cfg pyproject.toml $(BIN)/python
	$(PIP) --editable .
	@touch $@

$(DEV): setup.cfg pyproject.toml $(BIN)/python
	$(PIP) --editable '.[dev]'
	@touch $@ $(RUN)

$(DOCS): setup.cfg pyproject.toml $(BIN)/python
	$(PIP) --editable '.[dev,docs]'
	@touch $@ $(DEV) $(RUN)

$(CLIENTS): setup.cfg pyproject.toml $(BIN)/python
	$(PIP) --editable '.[dev,clients]'
	@touch $@ $(DEV) $(RUN)

$(DIST): setup.cfg pyproject.toml $(BIN)/python
	$(PIP) --editable '.[dist]'
	@touch $@ $(RUN)

$(BENCHED): setup.cfg pyproject.toml $(BIN)/python
	$(PIP) --editable '.[dev,bench]'
	@touch $@ $(DEV) $(RUN)

# Clients that run in Node; without npm their tests are skipped.
$(NODE): $(wildcard tests/clients/node/package*.json)
	@if command -v npm >/dev/null; then \
	    npm --prefix tests/clients/node ci --no-audit --no-fund && touch $@; \
	fi

# Servers in Node that are measured; without npm they are left out.
$(PEERS): $(wildcard benchmarks/node/package*.json)
	@if command -v npm >/dev/null; then \
	    npm --prefix benchmarks/node ci --no-audit --no-fund && touch $@; \
	fi

# The first of these that is new enough, unless PYTHON says which.
$(BIN)/python:
	@for python in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
	    if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	        2>/dev/null; then \
	        echo "making $(VENV) with $$python"; \
	        exec "$$python" -m venv $(VENV); \
	    fi; \
	done; \
	echo "Python 3.11 or newer is needed; name it with PYTHON=..." >&2; exit 1
