# Each target does all of its own set-up; a second run starts at once and needs no network.
VENV := .venv
BIN := $(VENV)/bin
export PYTHON
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
TENSORFLOW := .venv-tensorflow
SITE := .venv-docs
WORKERS ?= $(shell n=$$(nproc 2>/dev/null || echo 2); [ $$n -gt 4 ] && n=4; echo $$n)

.PHONY: help demo test test-tensorflow test-slow calibration calibration-full mutants kill reliability lint docs bench clean

help:
	@echo "make demo       fit the wine data; print the verdict, the answers and the path of a figure"
	@echo "make test       the test suite"
	@echo "make test-tensorflow  the tests of networks, on TensorFlow, in an environment of their own"
	@echo "make test-slow  what takes minutes"
	@echo "make calibration  posteriors of six models against 500 simulated truths each (REPLICATES=); calibration-full: all"
	@echo "make mutants    plant bugs in copies of the package, and see which tests find them"
	@echo "make kill       kill -9 at 20 random moments, and go on each time"
	@echo "make reliability  all figures of docs/reliability.md; an hour or two"
	@echo "make lint       style, formatting and the import contracts"
	@echo "make docs       the documentation as a site, in the folder site"
	@echo "make clean      remove the virtual environment and everything made in it"

demo: $(VENV)/installed
	@$(BIN)/python -m bayesord.demo

test: $(VENV)/installed-dev
	$(BIN)/python -m pytest -n $(WORKERS) -m "not slow"

ON_TENSORFLOW := tests/neural

test-tensorflow: $(TENSORFLOW)/installed
	KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 TF_NUM_INTRAOP_THREADS=1 TF_NUM_INTEROP_THREADS=1 \
		$(TENSORFLOW)/bin/python -m pytest -n $(WORKERS) --dist worksteal -m "not slow and not long_on_tensorflow" \
		-o addopts="--strict-markers --strict-config -ra" $(ON_TENSORFLOW)

test-slow: $(VENV)/installed-dev
	$(BIN)/python -m pytest -n $(WORKERS) -m slow

calibration: REPLICATES ?= 500
calibration: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks.reliability calibration --replicates $(REPLICATES)

calibration-full: REPLICATES ?= 2000
calibration-full: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks.reliability calibration --full --replicates $(REPLICATES)

mutants: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks.reliability mutants

kill: $(VENV)/installed-dev
	$(BIN)/python -m pytest tests/test_interruption.py -q -m slow

reliability: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks.reliability

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

docs: $(SITE)/installed
	NO_MKDOCS_2_WARNING=1 $(SITE)/bin/mkdocs build --strict

clean:
	rm -rf $(VENV) $(TENSORFLOW) $(SITE) demo-output site

$(BIN)/python:
	@found=$$(tools/find-python) && echo "Making $(VENV) with $$found" && "$$found" -m venv $(VENV)

$(VENV)/installed: $(BIN)/python pyproject.toml constraints.txt
	@echo "Installing bayesord and what it needs (a minute or two, once)"
	@$(PIP) install -c constraints.txt -e .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed
	@echo "Installing what the tests need"
	@$(PIP) install -c constraints.txt -e ".[dev]"
	@touch $@

# TensorFlow wants an older h5py than the rest, hence its own environment and its own versions.
$(TENSORFLOW)/bin/python:
	@found=$$(tools/find-python) && echo "Making $(TENSORFLOW) with $$found" && "$$found" -m venv $(TENSORFLOW)

$(TENSORFLOW)/installed: $(TENSORFLOW)/bin/python pyproject.toml constraints-tensorflow.txt
	@echo "Installing bayesord with TensorFlow (two minutes, once)"
	@$(TENSORFLOW)/bin/python -m pip --disable-pip-version-check --quiet install -c constraints-tensorflow.txt \
		-e . keras tensorflow-cpu pytest pytest-xdist mpmath
	@touch $@

# The site is built from the sources without importing them, so it needs nothing of bayesord's.
$(SITE)/bin/python:
	@found=$$(tools/find-python) && echo "Making $(SITE) with $$found" && "$$found" -m venv $(SITE)

$(SITE)/installed: $(SITE)/bin/python constraints-docs.txt
	@echo "Installing what builds the documentation (half a minute, once)"
	@$(SITE)/bin/python -m pip --disable-pip-version-check --quiet install -c constraints-docs.txt \
		mkdocs-material "mkdocstrings[python]" mkdocs-jupyter
	@touch $@
