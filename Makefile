# Two commands from a fresh clone: `make demo` shows Jobhub, `make test` proves it.
# Needed beforehand: Python 3.11 or newer with venv (Debian: apt install python3-venv) and make.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# More than there are cores: every third test waits for something.
JOBS := 3
# The archive's full traces take minutes and lie beside the repository only here and there.
TRACES := tests/replay/test_replay.py::test_every_job_ends_as_in_the_full_trace \
	tests/figures/test_traces.py::test_figures_equal_the_records_when_a_full_trace_is_replayed
WITHOUT_TRACES := $(addprefix --deselect=,$(TRACES))

.PHONY: help demo test test-quick test-traces test-fuzz check programs bench-throughput bench-size bench-pixel bench-day soak audit clean

help:
	@echo "make demo   start Jobhub with workers and a varied load, and print the dashboard's URL"
	@echo "make test   everything that CI runs: style, types, import rules, all tests"
	@echo "make test-quick  half of the tests: those that start nothing but a Redis"
	@echo "make check  the quick part of it: style, types, import rules"
	@echo "make test-fuzz  the API's document against many more requests"
	@echo "make bench-size  cost of a move and memory of a job, up to a million jobs"
	@echo "make bench-throughput  speed beside Dramatiq, Huey, Celery, SAQ and taskiq"
	@echo "make bench-pixel  from an event to its pixel in Chromium, and frames a second under load"
	@echo "make bench-day  the browser's memory through eight hours of events"
	@echo "make soak   twenty minutes of mixed load with failures: what grows, what stays behind"
	@echo "make audit  known vulnerabilities of what is installed, by pip-audit; needs the network"
	@echo "make clean  remove $(VENV) and caches"

demo: $(VENV)/installed
	@echo "==> Starting Jobhub with demo workers and jobs (Ctrl-C ends it)"
	@exec $(BIN)/jobhub up --demo

test: programs check
	@echo "==> Tests ($(JOBS) at a time; real Redis, sockets and browser)"
	@rm -f .pytest_cache/v/cache/lastfailed
	@$(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(WITHOUT_TRACES) || $(BIN)/python -m tests.support.again

# Those that start no command of ours and no browser.
test-quick: $(VENV)/test-installed
	@$(BIN)/python -m pytest -n $(JOBS) -m "not e2e and not slow"

# Replays the archive's traces from ../shared/data, and compares the figures of all their jobs.
test-traces: $(VENV)/test-installed
	@$(BIN)/python -m pytest $(TRACES)

# Requests that no test run has seen yet, for about ten minutes.
test-fuzz: $(VENV)/test-installed
	@FUZZ_EXAMPLES=500 $(BIN)/python -m pytest tests/contract/test_openapi.py

# A package whose holes are known tells whether the advisory service answers: where it does not, pip-audit itself
# ends with success, which would say that nothing is known.
CANARY := jinja2==2.4.1

audit: $(VENV)/test-installed
	@echo "==> Known vulnerabilities of what is installed"
	@echo "$(CANARY)" > $(VENV)/canary.txt
	@if $(BIN)/pip-audit --progress-spinner off --no-deps --disable-pip -r $(VENV)/canary.txt 2>&1 \
		| grep -qE 'PYSEC-|GHSA-|CVE-'; then \
		$(BIN)/pip-audit --progress-spinner off --skip-editable --local; \
	else \
		echo "==> NOT AUDITED: the advisory service does not answer here ($(CANARY) has holes, and none was told)"; \
	fi

check: $(VENV)/test-installed
	@echo "==> Style"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@echo "==> Security"
	@$(BIN)/bandit --quiet --configfile pyproject.toml --recursive hub dashboard
	@echo "==> Types"
	@$(BIN)/mypy
	@echo "==> Import rules"
	@$(BIN)/lint-imports

# What the tests use beyond Python: installed where that is allowed, named where it is not.
programs:
	@missing=""; \
	for pair in chromium:chromium redis-server:redis-server nginx:nginx-light systemd-analyze:systemd faketime:faketime; do \
		command -v $${pair%%:*} >/dev/null || missing="$$missing $${pair##*:}"; done; \
	[ -e /usr/share/nodejs/ws ] || command -v npm >/dev/null || missing="$$missing node-ws"; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "==> Installing what the tests use:$$missing"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
			apt-get install -qq -y --no-install-recommends $$missing >/dev/null; \
	else \
		echo "==> Not installed:$$missing. Tests that need them are skipped; to run all:"; \
		echo "    sudo apt install$$missing"; \
	fi

$(BIN)/python:
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Jobhub needs Python 3.11 or newer; python3 is $$(python3 -V)"; exit 1; }
	@echo "==> Making a virtual environment in $(VENV)"
	@python3 -m venv $(VENV) \
		|| { echo "python3 has no venv module (Debian: apt install python3-venv)"; exit 1; }

$(VENV)/installed: pyproject.toml | $(BIN)/python
	@echo "==> Installing Jobhub into $(VENV) (about a minute)"
	@$(PIP) install --editable .
	@touch $@

$(VENV)/test-installed: pyproject.toml | $(BIN)/python
	@echo "==> Installing Jobhub and its test tools into $(VENV) (one or two minutes)"
	@$(PIP) install --editable '.[test]'
	@touch $@ $(VENV)/installed

# Speed against other queues, which go into an environment of their own; ten minutes on two quiet cores.
bench-throughput: $(VENV)/installed
	@$(BIN)/python -m bench.throughput
	@$(BIN)/python -m bench.throughput --series

bench-size: $(VENV)/installed
	@$(BIN)/python -m bench.size

# From an event in Redis to its pixel; a minute and a half on two quiet cores.
bench-pixel: $(VENV)/test-installed
	@$(BIN)/python -m bench.pixel

# Eight hours of a steady load, folded by the Live page in two minutes.
bench-day: $(VENV)/test-installed
	@$(BIN)/python -m bench.browser_day

# Twenty minutes of everything at once; two quiet cores.
soak: $(VENV)/test-installed
	@$(BIN)/python -m bench.soak

clean:
	rm -rf $(VENV) .venv-peers build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
