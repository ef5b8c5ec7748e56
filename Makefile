# Two commands for everybody: `make demo` and `make test`. The rest is for those who change the code.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test test-all check format bench clean

demo: $(VENV)/.installed
	@$(BIN)/tlm demo

# A worker that died of a hanging test is not replaced: pytest-xdist would give the next one the same test, without end.
test: $(VENV)/.installed-dev
	@$(BIN)/python -m pytest -n auto --dist loadfile --max-worker-restart 0 -m "not slow and not browser"

test-all: $(VENV)/.installed-dev
	@sh tests/browser/install.sh
	@$(BIN)/python -m pytest

check: $(VENV)/.installed-dev
	@$(BIN)/ruff format --check pipeline tests
	@$(BIN)/ruff check pipeline tests
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(MAKE) --no-print-directory test

format: $(VENV)/.installed-dev
	@$(BIN)/ruff format pipeline tests
	@$(BIN)/ruff check --fix pipeline tests

bench: $(VENV)/.installed-dev
	@$(BIN)/python tests/bench

clean:
	rm -rf $(VENV) demo dist

# The stamp is touched last: an installation that was cut short is made again.
$(VENV)/.installed: requirements.txt pyproject.toml install.sh
	@PYTHON=$(PYTHON) sh install.sh $(VENV) requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements.txt requirements-dev.txt pyproject.toml install.sh
	@PYTHON=$(PYTHON) sh install.sh $(VENV) requirements-dev.txt
	@touch $(VENV)/.installed $@
