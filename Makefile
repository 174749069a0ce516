# Every target sets up what it needs. `make help` lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BACKENDS := .venv-backends
PACKAGES := $(VENV)/.packages
PROJECT := $(VENV)/.project
SOURCES := dlspec pipelines
# A module's tests stay together, so that what they share is made once. A worker with TensorFlow
# takes 2 GB.
SPREAD := -q -n auto --maxprocesses 8 --dist loadscope

# TensorFlow's information and warning lines; its errors still show.
export TF_CPP_MIN_LOG_LEVEL ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-all check lint backends bench dev lock python

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

setup: $(PROJECT) ## Create .venv with the packages of requirements.lock (PYTHON=python3.12 chooses another Python)

demo: setup ## Train, check and report specs/digits_lenet5.yaml; prints the report's path last
	@$(BIN)/dlspec run digits_lenet5

test: setup ## Run the tests that take seconds, on all cores
	@$(BIN)/python -m pytest $(SPREAD) -m "not slow"

test-all: test ## Then run those that take longer too: kills, whole applications, the UI
	@$(BIN)/python -m pytest $(SPREAD) -m slow

check: lint test ## Check format, lint, types and the import arrows, then run the tests

lint: setup
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

# Over the packages of .venv, so that only JAX and PyTorch are installed anew.
backends: $(BACKENDS)/.packages ## Compare JAX and PyTorch with TensorFlow, and train on them, in .venv-backends
	@$(BACKENDS)/bin/python -m pytest \
	  tests/backends/test_three_backends.py tests/pipelines/test_training_on_backends.py \
	  tests/pipelines/test_objectives_on_backends.py

bench: setup ## Print the benchmark table
	@$(BIN)/python -m benchmarks

dev: setup ## Open the Dagster UI on loopback and watch specs/
	@$(BIN)/python -m dlspec_pipelines.dev.serve

# A fresh environment, so that the lock holds what the ranges ask for and nothing else.
lock: python ## Resolve the ranges of pyproject.toml again into requirements.lock
	@set -e; \
	work=$$(mktemp -d); trap 'rm -rf "$$work"' EXIT; \
	$(PYTHON) -m venv "$$work/venv"; \
	$(PYTHON) -c 'import tomllib; \
	project = tomllib.load(open("pyproject.toml", "rb"))["project"]; \
	extras = project["optional-dependencies"]; \
	print(*project["dependencies"], *extras["run"], *extras["dev"], sep="\n")' \
	  > "$$work/ranges.txt"; \
	echo "make: resolving the ranges in an empty environment (minutes)"; \
	"$$work/venv/bin/python" -m pip install -qq -r "$$work/ranges.txt"; \
	"$$work/venv/bin/python" -m pip check; \
	"$$work/venv/bin/python" -m pip freeze --all --exclude pip > "$$work/frozen.txt"; \
	if grep -Ev '^[A-Za-z0-9._-]+==[^ ]+$$' "$$work/frozen.txt"; then \
	  echo "make: these lines are not name==version; requirements.lock is unchanged" >&2; exit 1; fi; \
	{ echo '# Made by `make lock` from the ranges of pyproject.toml and its extras run and dev.'; \
	  cat "$$work/frozen.txt"; } > requirements.lock.part; \
	mv requirements.lock.part requirements.lock

# The lock is complete, so pip need not resolve. Bytecode is written afterwards on all cores: without
# it every start of a trainer compiles TensorFlow again, where Python is told to write none.
$(PACKAGES): requirements.lock | python
	@echo "make: installing the packages of requirements.lock into $(VENV) (once, some minutes)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --no-compile --no-deps -r requirements.lock
	@$(BIN)/python -m compileall -q -j 0 -x '/tests/' $(VENV)/lib
	@touch $@

$(PROJECT): pyproject.toml $(PACKAGES)
	@$(BIN)/python -m pip install -qq --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q -j 0 $(SOURCES)
	@touch $@

$(BACKENDS)/.packages: requirements-backends.lock $(PROJECT)
	@echo "make: installing the packages of requirements-backends.lock into $(BACKENDS) (once, some minutes)"
	@$(PYTHON) -m venv $(BACKENDS)
	@packages=$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))'); \
	own=$$($(BACKENDS)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))'); \
	echo "import site; site.addsitedir('$$packages')" > "$$own/packages.pth"
	@$(BACKENDS)/bin/python -m pip install -qq --no-deps -r requirements-backends.lock
	@touch $@

python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "make: Python 3.11 or newer is needed, \`$(PYTHON)\` is not; \`make $(MAKECMDGOALS) PYTHON=python3.12\` names another" >&2; \
	  exit 1; }
