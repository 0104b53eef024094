# Everything a newcomer needs: `make demo`, `make test`. Each target installs what it
# needs into .venv on first use (Python 3.11+, pip and venv only).
PYTHON ?= python3
OUT ?= repalign-demo
BIN := .venv/bin
# The theme's own news are no warnings of ours.
MKDOCS := NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs
PIP := $(BIN)/pip install --disable-pip-version-check --quiet --constraint constraints.txt

.PHONY: demo test test-all check bench calibrate docs reference clean

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "repalign needs Python 3.11 or newer; $(PYTHON) is older. Name another: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "making .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv .venv

.venv/.demo: .venv/bin/python pyproject.toml constraints.txt
	@echo "installing repalign (first use only)"
	@$(PIP) --editable '.[demo]'
	@touch $@

.venv/.test: .venv/.demo
	@echo "installing what the tests need (first use only)"
	@$(PIP) --editable '.[demo,test]'
	@touch $@

.venv/.dev: .venv/.test
	@echo "installing what the checks need (first use only)"
	@$(PIP) --editable '.[demo,test,dev]'
	@touch $@

demo: .venv/.demo
	@$(BIN)/repalign demo --out $(OUT)

test: .venv/.test
	@$(BIN)/python -m pytest tests -n 2

test-all: .venv/.dev
	@$(BIN)/python -m pytest tests -n 2 -m ''

check: .venv/.dev
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/pyright --warnings
	@$(BIN)/python -m pytest tests/test_architecture.py tests/docs -n 0
	@$(MKDOCS) build --strict --quiet

bench: .venv/.test
	@$(BIN)/python -m benchmarks

calibrate: .venv/.test
	@$(BIN)/python -m benchmarks.calibration

docs: .venv/.dev
	@$(BIN)/python -m pytest tests/docs -n 0
	@$(MKDOCS) build --strict --quiet
	@echo "the pages are in site/: open site/index.html (it needs no server and no network)"

# The pages that are written from the code; the checks say when they are stale.
reference: .venv/.test
	@$(BIN)/python scripts/command_reference.py
	@$(BIN)/python scripts/measure_reference.py

clean:
	@rm -rf .venv site build dist .pytest_cache .ruff_cache .hypothesis repalign-demo
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
