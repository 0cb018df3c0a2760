# Everything here needs Python 3.10 or later and make; `.venv` is made on first use.
PYTHON ?= python3
VENV := .venv
READY := $(VENV)/.installed
OLDEST := .venv-oldest
OLDEST_READY := $(OLDEST)/.installed
OLDEST_TESTS := tests/tracking/test_connection.py tests/tracking/test_convert.py \
                tests/tracking/test_sources.py tests/tracking/test_versions.py

# Each engine and terminal that a test starts would compile all that it imports.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help install install-all demo test test-oldest lint format bench bench-throughput bench-accuracy docs screenshots screens clean

help:
	@echo "make demo     open a sample store with planted faults (without a terminal: analyse it)"
	@echo "make test     run the tests"
	@echo "make test-oldest   reading and analysis with the oldest MLflow, in an environment of its own"
	@echo "make lint     ruff, mypy, import contracts"
	@echo "make format   let ruff rewrite the code"
	@echo "make bench    start-up, keys in a terminal on 100,000 traces, throughput, the catalogue, and accuracy"
	@echo "make bench-throughput   reading and analysing 1,000 to 50,000 traces, against MLflow itself; over servers too;"
	@echo "                        the trace table under a held key (LARGE=1: 100,000 as well)"
	@echo "make bench-accuracy   planted faults found, nothing else found (QUICK=1: a quarter of it)"
	@echo "                      DATA=FOLDER: recorded traces with labels as well"
	@echo "make docs     write the references of hypotheses and keys anew, and the README's table of keys"
	@echo "make screenshots   draw the pictures in the README"
	@echo "make clean    remove $(VENV)"

install: $(READY)

install-all: $(READY) $(OLDEST_READY)

# The stamp is younger than what it was made from, so a second make starts at once.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 10) else "mlflow-tui needs Python 3.10 or later; set PYTHON=/path/to/python3.")'
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install -qq --disable-pip-version-check --upgrade "pip>=25.1"
	$(VENV)/bin/python -m pip install -qq --disable-pip-version-check -c constraints.txt -e . --group dev
	@touch $@

demo: $(READY)
	@$(VENV)/bin/mlflow-tui demo

test: $(READY)
	$(VENV)/bin/python -m pytest -q -n auto --dist worksteal $(TESTS)

$(OLDEST_READY): pyproject.toml constraints-oldest.txt
	$(PYTHON) -m venv $(OLDEST)
	$(OLDEST)/bin/python -m pip install -qq --disable-pip-version-check --upgrade "pip>=25.1"
	$(OLDEST)/bin/python -m pip install -qq --disable-pip-version-check -c constraints-oldest.txt -e . --group oldest
	@touch $@

# Each version also meets a server of the other.
test-oldest: $(READY) $(OLDEST_READY)
	OTHER_PYTHON=$(abspath $(VENV)/bin/python) $(OLDEST)/bin/python -m pytest -q -n 2 $(OLDEST_TESTS)
	OTHER_PYTHON=$(abspath $(OLDEST)/bin/python) $(VENV)/bin/python -m pytest -q tests/tracking/test_versions.py

lint: $(READY)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports --no-cache

format: $(READY)
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

bench: $(READY)
	$(VENV)/bin/python -m benchmarks

bench-throughput: $(READY)
	$(VENV)/bin/python -m benchmarks throughput served table $(if $(LARGE),--large)

bench-accuracy: $(READY)
	$(VENV)/bin/python -m benchmarks.accuracy $(if $(QUICK),--quick)
	$(if $(DATA),$(VENV)/bin/python -m benchmarks labelled --data "$(DATA)")

docs: $(READY)
	$(VENV)/bin/python -m mlflow_analysis.hypotheses.reference > docs/hypotheses.md
	$(VENV)/bin/mlflow-tui keys --markdown --default > docs/keys.md
	$(VENV)/bin/python -m mlflow_tui.command_line.key_table README.md

screenshots screens: $(READY)
	$(VENV)/bin/python docs/screens.py

clean:
	rm -rf $(VENV) $(OLDEST)
