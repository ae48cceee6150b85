# Everything runs in .venv; nothing is downloaded but Python packages.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed

.PHONY: install study test test-slow soak browser bench lint clean help

help:  ## show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(INSTALLED)  ## make .venv with everything: the package, its extras, the tools

$(INSTALLED): setup.cfg pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt torch
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[demo,cmaes,postgresql,dev]'
	@touch $@

study: install  ## run the embedded demo study: corpus in, best voice out
	$(BIN)/smart-tuner start study

test: install lint browser  ## run every test that is not marked slow or soak
	$(BIN)/pytest -n 3 --dist worksteal -m 'not slow and not soak'

test-slow: install browser  ## run the tests that take minutes
	$(BIN)/pytest -m slow --timeout 3600

soak: install  ## kill controllers, trainers and databases at random; SEED=7 KILLS=200
	$(BIN)/pytest tests/soak -m soak --timeout 0

browser:  ## install Debian's Chromium for the browser tests, where that is allowed
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
		&& apt-get update -qq >/dev/null \
		&& apt-get install -qq --yes --no-install-recommends chromium >/dev/null; } \
		|| echo "Chromium is not there and can't be installed: the browser tests are skipped"

bench: install  ## measure speed and memory beside the published code; BENCH='--help' for more
	$(BIN)/python -m benchmarks $(BENCH)

lint: install  ## style, types, and who may import whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:  ## remove .venv and caches; studies stay
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
