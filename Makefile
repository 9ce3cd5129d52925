# Two commands do everything: `make run` and `make test`. PORT and PUSHGATE_HOME move the first.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
export PUSHGATE_HOME ?= $(CURDIR)/var
export PORT ?= 8080
# honcho gives each process a PORT of its own, so the address is settled here.
export PUSHGATE_URL ?= http://127.0.0.1:$(PORT)
# Processes write to pipes here, and what they say should be seen at once.
export PYTHONUNBUFFERED := 1

.PHONY: run check test test-codex bench clean

run: $(VENV)/.runtime
	@$(VENV)/bin/python -m gate migrate
	@$(VENV)/bin/python -m gate demo
	@$(VENV)/bin/honcho start || [ $$? -eq 130 ] # Ctrl-C is how it ends

check: $(VENV)/.tools
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	MYPYPATH=hooks $(VENV)/bin/mypy --package pushgate_hook
	$(VENV)/bin/lint-imports

test: $(VENV)/.tools
	@tests/prepare
	@$(VENV)/bin/python -m pytest -n 2 --dist worksteal

# The real Codex CLI is 400 MB, so `make test` leaves it out (.ci/README.md).
test-codex: $(VENV)/.tools
	@tests/prepare
	@tests/codex_cli/prepare
	@$(VENV)/bin/python -m pytest -m codex tests/codex_cli

bench: $(VENV)/.tools
	@bench/prepare
	$(VENV)/bin/python -m bench

clean:
	rm -rf $(VENV) .codex-cli .mypy_cache .ruff_cache .pytest_cache

# Debian's Python comes without the package that makes virtual environments.
$(VENV)/bin/python:
	@$(PYTHON) -c "import ensurepip" 2>/dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -qq \
	  && apt-get install -y -qq python3-venv; } \
	  || { echo "$(PYTHON) cannot make a virtual environment. As root: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: $(VENV)/bin/python requirements.txt constraints.txt
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.tools: $(VENV)/.runtime requirements-dev.txt
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@
