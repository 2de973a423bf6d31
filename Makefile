# The project's verbs. All of them set up their own environment and write inside this folder only.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKSPACE ?= workspace/demo
# Where torch's CPU wheel comes from, if not from pip's own index; see README, "Install".
TORCH_INDEX ?=
PYTEST_ARGS ?= -n auto --dist loadfile
# How many inputs `make fuzz` gives every reader.
FUZZ_EXAMPLES ?= 100000

export PYTHONDONTWRITEBYTECODE := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_CACHE_DIR := 1
# Threads that wait sleep: tests run side by side.
export OMP_WAIT_POLICY := PASSIVE
# No dependency reports home.
export DO_NOT_TRACK := 1
export MLFLOW_DISABLE_TELEMETRY := true
export GX_ANALYTICS_ENABLED := false
# pip asks rustc for its version, and rustup then writes its settings.
export RUSTUP_HOME := $(CURDIR)/$(VENV)/rustup
export MPLCONFIGDIR := $(CURDIR)/$(VENV)/matplotlib

# The figures depend on the machine being quiet; they say what its load was.
BENCH_ARGS ?=

.PHONY: demo test test-services fuzz check fix golden bench bench-peers lock clean help

help:
	@echo "make demo           ten synthetic days: train, evaluate, gate, register, report (WORKSPACE=$(WORKSPACE))"
	@echo "make test           the whole test suite"
	@echo "make test-services  the DAG on PostgreSQL, an MLflow server and S3, on loopback"
	@echo "make fuzz           gives every reader $(FUZZ_EXAMPLES) spoiled files (half an hour on 2 cores)"
	@echo "make check          lint, types and import contracts"
	@echo "make fix            formats and mends what the linter can mend"
	@echo "make golden         writes the golden files anew"
	@echo "make bench          measures speed and memory, writes BENCHMARKS.md (BENCH_ARGS=--quick: only runs)"
	@echo "make bench-peers    the same with peers, each in an environment of its own"
	@echo "make lock           resolves the pinned requirements anew"

demo: $(VENV)/installed
	@$(BIN)/lt4rec generate pipelines/configs/demo.toml --target $(WORKSPACE)/logs
	@$(BIN)/lt4rec run pipelines/configs/demo.toml --source $(WORKSPACE)/logs \
		--data-date 2026-01-10 --workspace $(WORKSPACE)

test: $(VENV)/installed
	$(BIN)/python -m pytest $(PYTEST_ARGS)

# Needs PostgreSQL: apt-get install postgresql.
test-services: $(VENV)/installed
	LT4REC_NEED_SERVICES=1 $(BIN)/python -m pytest tests/services

# One reader a worker; each says how many inputs it was given.
fuzz: $(VENV)/installed
	LT4REC_FUZZ_EXAMPLES=$(FUZZ_EXAMPLES) $(BIN)/python -m pytest tests/fuzz -q \
		-n auto --dist load --maxfail 1 --durations 0

check: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: $(VENV)/installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

golden: $(VENV)/installed
	LT4REC_WRITE_GOLDEN=1 $(BIN)/python -m pytest tests/golden

bench: $(VENV)/installed
	$(BIN)/python -m benchmarks $(BENCH_ARGS)

bench-peers: $(VENV)/installed
	$(BIN)/python -m benchmarks --peers $(BENCH_ARGS)

# Reused while the locks and the project file are what they were when it was made.
$(VENV)/installed: requirements.lock requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed, $(PYTHON) is $$($(PYTHON) --version)"; exit 2; }
	@echo "Setting up $(VENV) (once; some minutes) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) \
		"$$(grep '^torch==' requirements.lock)"
	@$(BIN)/python -m pip install --quiet -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

lock:
	rm -rf build/lock && $(PYTHON) -m venv build/lock
	build/lock/bin/pip install --quiet $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) torch==2.13.0
	build/lock/bin/pip install --quiet setuptools '.[server]'
	$(MAKE) --silent freeze > build/runtime.txt
	build/lock/bin/pip install --quiet '.[dev,server]'
	$(MAKE) --silent freeze > build/all.txt
	{ echo '# Everything the project needs to run, pinned. Written by `make lock`.'; \
		cat build/runtime.txt; } > requirements.lock
	{ echo '# What tests and checks need on top, pinned. Written by `make lock`.'; \
		echo '-r requirements.lock'; comm -13 build/runtime.txt build/all.txt; } > requirements-dev.lock

.PHONY: freeze
freeze:
	@build/lock/bin/pip freeze --all | grep -viE '^(pip|wheel|lt4rec)[ =]' | \
		sed 's/^torch==\([0-9.]*\).*/torch==\1/' | LC_ALL=C sort

clean:
	rm -rf $(VENV) build *.egg-info
