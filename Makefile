# Two commands do all the set-up: `make demo` and `make test`.

VENV := .venv
PYTHON := $(VENV)/bin/python

$(VENV)/ready: pyproject.toml
	@echo "Setting up $(VENV) (one minute)"
	python3 -m venv $(VENV)
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@

.PHONY: test
test: $(VENV)/ready
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(PYTHON) -m pytest -n 2
